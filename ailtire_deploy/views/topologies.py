"""What the view draws: the stacks of a tree with their interfaces, and the networks with who stands on them.

Networks and members are what the swarm has, not what a definition wishes for; interfaces and parameters are
those of the newest revision that can be read. A service goes by the name it has in ``status``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, TypedDict

from ailtire_deploy import definition, names, revisions
from ailtire_deploy.definition import parameters
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.model import Child, Route, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Resource, State

NetworkKind = Literal["sibling", "family", "edge", "egress"]
FACTS = ("type", "description", "default", "minimum", "maximum", "enum")


class Mount(TypedDict):
    """One line of an interface; ``port`` is None where a child answers."""

    host: str
    prefix: str
    service: str
    type: Literal["Stack", "Service"]
    port: int | None
    path: str
    methods: list[str]


class Drawn(TypedDict):
    """One stack: ``publishes`` are the ports of its edge, ``parameters`` as declared, with their values."""

    path: str
    version: str
    publishes: list[int]
    interface: list[Mount]
    parameters: list[dict[str, Any]]


class DrawnNetwork(TypedDict):
    """One network, of the stack at ``stack``; a family network is that of the child."""

    name: str
    stack: str
    kind: NetworkKind
    subnets: list[str]
    internal: bool
    members: list[str]


class Topology(TypedDict):
    """The stack at ``stack`` and all below it, in order."""

    stack: str
    stacks: list[Drawn]
    networks: list[DrawnNetwork]


def as_json(observed: State, path: StackPath) -> Topology:
    """The stack at ``path`` and what is below it; nothing of what stands above."""
    stacks = sorted(revisions.stacks(observed, path))
    services = [each for each in observed if each.kind == "service" and path.covers(each.path)]
    networks = [each for each in observed if each.kind == "network" and path.covers(each.path)]
    return {
        "stack": str(path),
        "stacks": [_stack(observed, each) for each in stacks],
        "networks": [_network(each, services) for each in networks],
    }


def _network(network: Resource, services: Iterable[Resource]) -> DrawnNetwork:
    members = [each for each in services if network.name in _seats(each)]
    keys = (each.service for each in services if each.path == network.path)
    return {
        "name": network.name,
        "stack": str(network.path),
        "kind": _kind(network.path, network.name, keys),
        "subnets": list(network.facts.get("subnets", ())),
        "internal": bool(network.spec.get("Internal", False)),
        "members": sorted(f"{each.path}/{each.service}" for each in members),
    }


def _seats(service: Resource) -> set[str]:
    return {each.get("Target", "") for each in service.spec.get("TaskTemplate", {}).get("Networks") or ()}


def _kind(path: StackPath, name: str, services: Iterable[str]) -> NetworkKind:
    if name == names.family_network(path):
        return "family"
    if name == names.in_stack(path, names.EDGE):
        return "edge"
    ways_out = {names.in_stack(path, f"{each}_egress") for each in services}
    return "egress" if name in ways_out else "sibling"


def _stack(observed: State, path: StackPath) -> Drawn:
    for each in revisions.history(observed, path):
        found = _declared(path, each.name, each.found.data or b"")
        if found:
            return found
    return {"path": str(path), "version": "", "publishes": [], "interface": [], "parameters": []}


@lru_cache(maxsize=256)  # asked for again and again, and a revision never changes
def _declared(path: StackPath, name: str, data: bytes) -> Drawn | None:
    """What a revision says of its stack; None for one that says nothing, or cannot be read."""
    try:
        body = revisions.decode(data, name)
        if body.get("state") == "absent":
            return None
        stack = definition.fill(body, path)
    except InvalidInput:
        return None
    return {
        "path": str(path),
        "version": stack.version,
        "publishes": [each.port for each in stack.gateway.publish] if not path.parent else [],
        "interface": list(_interface(stack)),
        "parameters": list(_parameters(body)),
    }


def _interface(stack: Stack) -> Iterator[Mount]:
    children = {each.key for each in stack.children}
    holders: list[Service | Child] = [*stack.services, *stack.children]
    routes = [route for each in holders for route in each.routes]
    for route in sorted(routes, key=lambda each: (each.host, each.prefix)):
        yield _mount(route, "Stack" if route.service in children else "Service")


def _mount(route: Route, kind: Literal["Stack", "Service"]) -> Mount:
    return {
        "host": route.host,
        "prefix": route.prefix,
        "service": route.service,
        "type": kind,
        "port": route.port,
        "path": route.path,
        "methods": list(route.limits.methods),
    }


def _parameters(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    declared = body["definition"].get("parameters", {})
    values = parameters.resolve(body["definition"], body.get("context", ""), body["parameters"]).values
    for name, each in sorted(declared.items()):
        facts = {key: each[key] for key in FACTS if key in each}
        yield {"name": name, **facts, "value": values.get(name)}
