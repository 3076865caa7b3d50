"""The way out of a stack, from its leaves to its root: what shall go, and what has to be gone before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ailtire_deploy import names, revisions
from ailtire_deploy.model import Child, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import ABSENT, Revision
from ailtire_deploy.state import Need, Resource, State
from ailtire_deploy.writer import Writer, cause_of

STOPPED = {"Replicated": {"Replicas": 0}}


def departure(
    child: StackPath, observed: State, writer: Writer, first: tuple[Need, ...] = ()
) -> tuple[Resource, ...]:
    """A child on its way out: told to go, its controller removed after all it owns, then the rest.

    ``first`` is what it has to outlast.

    A controller that is lost is stopped first, so that whoever does its work is the only one who writes; a
    sweeper removes itself.
    """
    mine = [each for each in observed.owned_by(child.parent) if each.path == child]
    last = revisions.newest(observed, child)
    farewells = (farewell(last, observed, writer),) if last is not None and not last.absent else ()
    told = (replace(each, needs=first) for each in farewells)
    empty = Need("owner", str(child), "gone")
    after = (Need("service", names.admin_service(child), "gone"), empty)
    lost = child in writer.lost

    def fate(each: Resource) -> Resource:
        if each.service == names.SWEEP:
            return each
        if each.service != names.ADMIN:
            return absent(each, *after)
        return stopped(each) if lost and not is_stopped(each) else absent(each, empty)

    return (*told, *map(fate, mine))


def is_stopped(service: Resource) -> bool:
    """Whether a service shall have no task: it stays as a mark of what has not gone yet."""
    return service.spec.get("Mode") == STOPPED


def stopped(service: Resource) -> Resource:
    return replace(service, spec={**service.spec, "Mode": STOPPED})


def farewell(last: Revision, observed: State, writer: Writer) -> Resource:
    """The revision that tells a stack to shut down."""
    return revisions.make(
        observed,
        last.path,
        ABSENT,
        cause=cause_of(last.path.parent),
        origin=writer.origin,
        author=writer.author,
    )


def absent(found: Resource, *needs: Need) -> Resource:
    return replace(found, absent=True, needs=needs)


def whole(path: StackPath, observed: State, before: Stack | None, writer: Writer) -> State:
    """The way out of a whole stack: children, services, gateway, edge, and then what they stood on.

    ``before`` is the stack as it last was, for the order among its services; without it they go at once.
    """
    mine = observed.owned_by(path)
    children = sorted({each.path for each in mine if each.path != path})
    below = tuple(Need("owner", str(child), "gone") for child in children)
    graph = dependants(before)
    controllers = tuple(Need("service", names.admin_service(child), "gone") for child in children)
    own = [each for each in mine if each.path == path]
    order = _Order({each.service: each.name for each in own if each.kind == "service"}, graph)
    out = (absent(each, *below, *controllers, *order(each)) for each in own)
    going = (departure(child, observed, writer, still_used(child, children, graph)) for child in children)
    return State.of([*out, *(each for child in going for each in child)])


def dependants(stack: Stack | None) -> Mapping[str, list[str]]:
    """Who depends on each service or child of a stack."""
    found: dict[str, list[str]] = {}
    parts: list[Service | Child] = [*stack.services, *stack.children] if stack else []
    for each in parts:
        for dependency in each.depends_on:
            found.setdefault(dependency.service, []).append(each.key)
    return found


def still_used(
    child: StackPath, children: Iterable[StackPath], graph: Mapping[str, list[str]]
) -> tuple[Need, ...]:
    """A child goes when the children that depend on it have gone, be it by way of something else."""
    found, left = set[str](), [child.key]
    while left:
        left = [each for key in left for each in graph.get(key, ()) if each not in found]
        found |= set(left)
    return tuple(Need("owner", str(each), "gone") for each in children if each.key in found)


@dataclass(frozen=True, slots=True)
class _Order:
    """What has to be gone before a resource of a stack may go."""

    services: Mapping[str, str]
    dependants: Mapping[str, list[str]]

    def __call__(self, each: Resource) -> tuple[Need, ...]:
        return tuple(
            Need("service", self.services[key], "gone") for key in self.first(each) if key in self.services
        )

    def first(self, each: Resource) -> list[str]:
        if each.kind != "service":
            return list(self.services)
        if each.service == names.EDGE:
            return [key for key in self.services if key != names.EDGE]
        if each.service == names.GATEWAY:
            return [key for key in self.services if key not in (names.GATEWAY, names.EDGE)]
        return self.dependants.get(each.service, [])
