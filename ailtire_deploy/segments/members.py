"""Who stands on which networks of a tree, under which names, and at which ports it listens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ailtire_deploy import names, topology
from ailtire_deploy.model import Child, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.topology import Topology

Kind = Literal["service", "gateway", "controller", "edge"]


@dataclass(frozen=True, slots=True)
class Member:
    """One service of a tree, called as in ``status``: ``shop/web``.

    ``service`` is its engine name, ``seats`` its short names on each network by that one's engine name,
    ``ports`` where it is known to listen.
    """

    path: StackPath
    key: str
    service: str
    kind: Kind
    seats: Mapping[str, tuple[str, ...]]
    ports: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.path}/{self.key}"

    def names_on(self, network: str) -> tuple[str, ...]:
        """All names it has on a network, none where it does not stand."""
        if network not in self.seats:
            return ()
        return (*self.seats[network], self.service, names.tasks_of(self.service))


def of_tree(stacks: Iterable[Stack]) -> tuple[Member, ...]:
    """The members of all stacks of a tree, by name; the root's controller is among them."""
    found = list(stacks)
    roots = sorted({each.path.root for each in found})
    outermost = [Stack(StackPath(), children=(Child(each.key, {}),)) for each in roots]
    listed = (member for each in (*outermost, *found) for member in of_stack(each))
    return tuple(sorted(listed, key=lambda each: (each.path, each.key)))


def of_stack(stack: Stack) -> Iterator[Member]:
    """The services that a stack's controller makes; the children's controllers are among them."""
    decided = topology.decide(stack)
    engine = {each.key: each.name for each in decided.networks}
    children = {topology.admin_of(each.key): each for each in stack.children}
    services = {each.key: each for each in stack.services}
    for key, seats in decided.seats.items():
        places = {engine[each.network]: each.aliases for each in seats}
        if key in children:
            path = stack.path / children[key].key
            service = names.admin_service(path)
            yield Member(path, names.ADMIN, service, "controller", places, (names.ADMIN_PORT,))
        else:
            kind, ports = _listening(stack, decided, services.get(key), key)
            yield Member(stack.path, key, names.in_stack(stack.path, key), kind, places, ports)


def _listening(
    stack: Stack, decided: Topology, service: Service | None, key: str
) -> tuple[Kind, tuple[int, ...]]:
    if service:
        return "service", _ports_of(stack, service)
    if key == names.EDGE:
        plain = (names.EDGE_PORTS[each.serves] for each in stack.gateway.publish if each.tcp is None)
        return "edge", _ordered((*plain, *(each.port for each in decided.passed)))
    listened = (each.port for face in decided.faces for each in face.listeners)
    return "gateway", _ordered((names.GATEWAY_PORT, *listened))


def _ports_of(stack: Stack, service: Service) -> tuple[int, ...]:
    """Those that routes lead to, also the routes of what children use."""
    granted = (use.port for child in stack.children for use in child.uses if use.service == service.key)
    offered = (*(each.port for each in service.routes), *(each.port for each in service.tcp))
    return _ordered(port for port in (*offered, *granted) if port is not None)


def _ordered(ports: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(ports)))
