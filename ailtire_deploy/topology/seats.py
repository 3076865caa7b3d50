"""Who sits on which network, and under which names.

====================  ===========================  =====================================================
network               member                       aliases
====================  ===========================  =====================================================
``sibling``           each plain service           its key
..                    gateway                      the key of each child that offers something, and the
..                                                 name of what the parent grants
``SERVICE_egress``    that service alone           none
``family``            gateway; the edge of a root  none
``CHILD_family``      gateway                      ``admin``: the way up for the child's controller
..                    the child's controller       none (the child's gateway joins from its own stack)
``edge``              the edge alone               none
====================  ===========================  =====================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from ailtire_deploy import names
from ailtire_deploy.documents import digest
from ailtire_deploy.model import Child, Stack
from ailtire_deploy.names import ADMIN, EDGE, FAMILY, GATEWAY, SIBLING, UP_ALIAS
from ailtire_deploy.topology.shape import Network, Seat


def family_of(child: str) -> str:
    """The compose key of a child's family network."""
    return f"{child}_{FAMILY}"


def admin_of(child: str) -> str:
    """The compose key of a child's controller."""
    return f"{child}_{ADMIN}"


def egress_of(service: str) -> str:
    """The compose key of a service's private way out."""
    return f"{service}_egress"


def sibling_of(stack: Stack) -> str:
    """The engine name of a stack's own network: no network can change, so other options are another name."""
    given = {name: value for name, value in asdict(stack.network).items() if value}
    return names.sibling_network(stack.path, digest(given) if given else "")


def publishes(stack: Stack) -> bool:
    """Whether the stack has an edge: only a root can."""
    return len(stack.path.parts) == 1 and bool(stack.gateway.publish)


def networks(stack: Stack) -> Iterator[Network]:
    """The networks of a stack and of its children's families, by the table above."""
    if stack.path:
        yield Network(SIBLING, sibling_of(stack), options=stack.network)
        yield Network(FAMILY, names.family_network(stack.path), external=True)
    if publishes(stack):
        yield _network(stack, EDGE, internal=False)
    for child in stack.children:
        yield _network(stack, family_of(child.key))
    for service in stack.services:
        if service.egress:
            yield _network(stack, egress_of(service.key), internal=False)


def _network(stack: Stack, key: str, internal: bool = True) -> Network:
    return Network(key, names.in_stack(stack.path, key), internal)


def seats(stack: Stack) -> Iterator[tuple[str, tuple[Seat, ...]]]:
    """Every service of the stack's compose file with its seats, by the table above."""
    for service in stack.services:
        out = (Seat(egress_of(service.key)),) if service.egress else ()
        yield service.key, (Seat(SIBLING, (service.key,)), *out)
    if stack.path:
        yield GATEWAY, tuple(_gateway(stack))
    if publishes(stack):
        yield EDGE, (Seat(EDGE), Seat(FAMILY))
    for child in stack.children:
        yield admin_of(child.key), (Seat(family_of(child.key)),)


def _gateway(stack: Stack) -> Iterator[Seat]:
    offered = tuple(child.key for child in stack.children if offers(child))
    yield Seat(SIBLING, (*offered, *(use.name for use in stack.uses)))
    yield Seat(FAMILY)
    for child in stack.children:
        yield Seat(family_of(child.key), (UP_ALIAS,))


def offers(child: Child) -> bool:
    """Whether a child has an interface, so that the services beside it may call it by its key."""
    return bool(child.routes or child.tcp)
