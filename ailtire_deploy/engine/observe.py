"""The engine's lists as one observed state. Six calls, whatever the size of the tree.

The list of networks swallows the swarm's errors and answers with local copies only. It is read between two
reads that cannot do so (services before, configs after): when those succeed, a network that is not listed is
not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ailtire_deploy.engine.reading import Found, exactly, is_ours, read
from ailtire_deploy.engine.tasks import Places, task
from ailtire_deploy.engine.wire import Wire
from ailtire_deploy.names import LABEL_ROOT, StackPath
from ailtire_deploy.state import Key, Resource, State, Task

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen once: the state, and the ids behind its names, which never leave this package.

    ``exact`` finds the id of a resource as it was read; ``ids`` that of a name, strangers' included;
    ``services`` the name of a service id, of services that are gone already too if an earlier sight knew
    them; ``known`` the services by id and version: what did not change reads the same.
    """

    state: State = field(default_factory=State)
    ids: dict[Key, str] = field(default_factory=dict)
    exact: dict[tuple[Key, int, float], str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    known: dict[tuple[str, int], Found] = field(default_factory=dict)


def look(wire: Wire, root: StackPath, before: Sight) -> Sight:
    """Read everything once. Raises Unreachable rather than leaving something out."""
    ours = {"label": [f"{LABEL_ROOT}={root}" if root else LABEL_ROOT]}
    services = wire.get("/services")
    networks = read("network", wire.get("/networks", filters={"scope": ["swarm"]}))
    secrets = read("secret", wire.get("/secrets"))
    configs = read("config", wire.get("/configs", filters=ours))
    listed = wire.get("/tasks", filters=ours)
    nodes = wire.get("/nodes")
    known = _remembered(before.services, services, listed)
    places = Places(
        known, _hosts(nodes), _down(nodes), {each["ID"]: each["Spec"]["TaskTemplate"] for each in services}
    )
    tasks = tuple(task(each, places) for each in listed)
    network_names = {each.id: each.resource.name for each in networks}
    read_services = _read_services(services, network_names, before.known)
    found = [*networks, *configs, *secrets, *read_services.values()]
    return Sight(
        replace(_state(found, tasks, root), nodes=max(1, len(nodes))),
        {each.resource.key: each.id for each in found},
        {exactly(each.resource): each.id for each in found},
        known,
        read_services,
    )


def _read_services(
    listed: Iterable[Raw], networks: Mapping[str, str], before: Mapping[tuple[str, int], Found]
) -> dict[tuple[str, int], Found]:
    """Each service once a version; again while one of its networks has no name yet."""
    found = {}
    for raw in listed:
        place = raw["ID"], raw["Version"]["Index"]
        seats = raw["Spec"]["TaskTemplate"].get("Networks") or ()
        named = all(each["Target"] in networks for each in seats)
        found[place] = (before.get(place) if named else None) or read("service", [raw], networks)[0]
    return found


def _state(found: Iterable[Found], tasks: tuple[Task, ...], root: StackPath) -> State:
    ours = [each.resource for each in found if is_ours(each.resource, root)]
    strangers = frozenset(each.resource.key for each in found if not is_ours(each.resource, root))
    taken = {
        each.resource.name: each.resource.facts["subnets"]
        for each in found
        if each.resource.kind == "network" and each.resource.key in strangers
    }
    return State.of((_counted(each, tasks) for each in ours), tasks=tasks, foreign=strangers, taken=taken)


def _hosts(nodes: Iterable[Raw]) -> dict[str, str]:
    return {each["ID"]: str((each.get("Description") or {}).get("Hostname", each["ID"])) for each in nodes}


def _down(nodes: Iterable[Raw]) -> frozenset[str]:
    return frozenset(each["ID"] for each in nodes if (each.get("Status") or {}).get("State") == "down")


def _counted(resource: Resource, tasks: Iterable[Task]) -> Resource:
    """A global service wants as many tasks as the swarm wants of it, once it has made up its mind."""
    if "Global" not in resource.spec.get("Mode", {}):
        return resource
    own = {
        each.slot for each in tasks if each.service == resource.name and each.desired in ("running", "ready")
    }
    return replace(resource, facts={**resource.facts, "wanted": max(1, len(own))})


def _remembered(before: Mapping[str, str], services: Iterable[Raw], tasks: Iterable[Raw]) -> dict[str, str]:
    """Names by service id; of services that are gone, as long as tasks of theirs are left."""
    left = {each.get("ServiceID") for each in tasks}
    gone = {id: name for id, name in before.items() if id in left}
    return gone | {each["ID"]: each["Spec"]["Name"] for each in services}
