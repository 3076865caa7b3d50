"""The pure steps in order: from the newest revision of a stack, and what is there, to what shall be there.

The same function serves every level. The command line is the controller of ``-``, whose only child is the
root.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ailtire_deploy import (
    definition,
    handing,
    identity,
    jobs,
    names,
    proxies,
    registries,
    revisions,
    rotation,
    specs,
    topology,
)
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.model import Child, Service, Site, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import ABSENT, COMMAND_LINE, PARENT, Revision
from ailtire_deploy.rotation import NEVER, Former
from ailtire_deploy.staging import Staging
from ailtire_deploy.state import Key, Need, Resource, State


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wishes: what a controller knows beside the definition.

    ``key`` is the stack's own (the root's for the command line), ``origin`` the root revision its wishes come
    from, ``revision`` the name of the stack's own, ``back`` whether that is a way back, ``lost`` the children
    whose controllers will not come up any more, ``wished`` when the revision was written (an update that the
    engine gave up before that is tried again), ``registries`` the secrets it logs in with, by host, ``now``
    what time it is for what is under way, ``former`` the key before.
    """

    site: Site
    key: bytes
    origin: str = ""
    author: str = ""
    lost: frozenset[StackPath] = frozenset()
    wished: float = 0.0
    revision: str = ""
    back: bool = False
    registries: Mapping[str, str] = field(default_factory=dict)
    now: float = 0.0
    former: Former = NEVER


def present(stack: Stack, observed: State, writer: Writer) -> State:
    """What the controller of ``stack`` wants, what it launches for its children included."""
    gone = leaving(stack, observed)
    left = tuple(c for c in stack.children if stack.path / c.key not in gone)
    stays = replace(stack, children=left, generation=writer.former.generation)
    stays = registries.equipped(stays, writer.registries, writer.site)
    wishes = child_revisions(stays, observed, writer)
    named = {key: wish.name for key, wish in wishes.items()}
    staged = Staging(stays, observed, writer.site, named, writer.revision, writer.back, filled)
    made = proxies.settled(staged.resources(), observed, stays.path)
    made = [replace(each, facts={**each.facts, "wished": writer.wished}) for each in made]
    made = staged.released(made, writer.now)
    return State.of(
        [
            *jobs.asked_for(made, observed, writer.revision, writer.back),
            *wishes.values(),
            *proxies.key_secrets(stays.path, topology.decide(stays).proxies, writer.key, stays.generation),
            *rotation.leftovers(observed, stays.path, stays.generation),
            *(child_key(stays, child, writer) for child in stays.children),
            *(
                kept
                for key, wish in wishes.items()
                for kept in older_revisions(stays.path / key, wish, observed)
            ),
            *secrets_in_use(stays, observed),
            *(each for child in sorted(gone) for each in departure(child, observed, writer)),
        ]
    )


def leaving(stack: Stack, observed: State) -> frozenset[StackPath]:
    """Children that have to go first: no longer in the definition, or on their way out already."""
    wanted = {stack.path / child.key for child in stack.children}
    there = {
        each.path for each in observed.owned_by(stack.path) if each.path.parent == stack.path and each.path
    }
    newest = {child: revisions.newest(observed, child) for child in there}
    return frozenset(c for c in there if c not in wanted or ((last := newest[c]) is not None and last.absent))


def child_revisions(stack: Stack, observed: State, writer: Writer) -> dict[str, Resource]:
    """What the children shall be, by key; a change of one waits for what the child depends on."""
    wishes = {child.key: child_revision(stack, child, observed, writer) for child in stack.children}
    named = {key: wish.name for key, wish in wishes.items()}
    waiting = {
        child.key: replace(wishes[child.key], needs=tuple(specs.needs(stack, child.depends_on, named)))
        for child in stack.children
    }
    return handing.after_controllers(waiting, stack, observed)


def child_revision(stack: Stack, child: Child, observed: State, writer: Writer) -> Resource:
    return revisions.wish(
        observed,
        stack.path / child.key,
        revisions.child_body(stack, child),
        cause=cause_of(stack.path),
        origin=writer.origin,
        author=writer.author,
    )


def cause_of(writer: StackPath) -> str:
    """What a revision says about who wrote it, when the launcher did."""
    return PARENT if writer else COMMAND_LINE


def child_key(stack: Stack, child: Child, writer: Writer) -> Resource:
    """The secret with which a child's controller proves itself; the root's own key comes from the command
    line.
    """
    path = stack.path / child.key
    key, former = writer.key, writer.former
    if stack.path:
        key, former = identity.derive(key, child.key), former.derived(child.key)
    labels = {**revisions.labels_of(stack.path, path), names.LABEL_HASH: identity.key_id(key)}
    name = names.key_secret(path, former.generation)
    data = rotation.encode(key, former)
    return Resource(Key("secret", name), labels=labels, data=data, facts=rotation.cause(former.generation))


def older_revisions(path: StackPath, wish: Resource, observed: State) -> tuple[Resource, ...]:
    """The revisions that stay beside the wished one, for history and rollback."""
    return tuple(each.found for each in revisions.staying(observed, path, wish))


def secrets_in_use(stack: Stack, observed: State) -> Iterable[Resource]:
    """Those of the definition, and those that a rollback to a kept revision would need."""
    wished = {each.key: each for each in own_secrets(stack, observed)}
    old = {
        Key("secret", name)
        for revision in revisions.kept(observed, stack.path)
        for name in revisions.secret_names(revision)
    }
    kept = (found for key in sorted(old - wished.keys()) if (found := observed.resources.get(key)))
    return [*wished.values(), *(replace(each, adopt_only=True) for each in kept)]


def own_secrets(stack: Stack, observed: State) -> Iterable[Resource]:
    """Secrets of the definition: only their source knows the value, so the command line made them before."""
    for secret in stack.secrets.values():
        key = Key("secret", secret.name)
        found = observed.resources.get(key)
        yield replace(found, adopt_only=True) if found else Resource(key, adopt_only=True)


def departure(
    child: StackPath, observed: State, writer: Writer, first: tuple[Need, ...] = ()
) -> tuple[Resource, ...]:
    """A child on its way out: told to go, its controller removed after all it owns, then the rest.

    ``first`` is what it has to outlast.

    A controller that is lost goes first, so that whoever does its work is the only one who writes; a sweeper
    removes itself.
    """
    mine = [each for each in observed.owned_by(child.parent) if each.path == child]
    last = revisions.newest(observed, child)
    farewells = (farewell(last, observed, writer),) if last is not None and not last.absent else ()
    told = (replace(each, needs=first) for each in farewells)
    empty = () if child in writer.lost else (Need("owner", str(child), "gone"),)
    after = (Need("service", names.admin_service(child), "gone"), Need("owner", str(child), "gone"))
    needs = {names.SWEEP: None, names.ADMIN: empty}
    return (
        *told,
        *(each if (wait := needs.get(each.service, after)) is None else absent(each, *wait) for each in mine),
    )


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


def shutdown(path: StackPath, observed: State, before: Stack | None, writer: Writer) -> State:
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


def filled(revision: Revision) -> Stack:
    """The stack a revision means. Raises InvalidInput when it means none."""
    return _filled(revision.path, revision.name, revision.found.data or b"")


@lru_cache(maxsize=8)  # a controller asks in every round, and a revision never changes
def _filled(path: StackPath, name: str, data: bytes) -> Stack:
    return definition.fill(revisions.decode(data, name), path)


def before(observed: State, path: StackPath) -> Stack | None:
    """The stack as it is, or was before it was told to go, by the newest revision that means one.

    What cannot be read is passed over: a revision that failed for that must not keep a stack from going.
    """
    for each in revisions.history(observed, path):
        with suppress(InvalidInput):
            if not each.absent:
                return filled(each)
    return None


def towards(revision: Revision, observed: State, writer: Writer) -> State:
    """What the controller of a stack wants according to its newest revision. Raises InvalidInput."""
    if revision.absent:
        return shutdown(revision.path, observed, before(observed, revision.path), writer)
    return present(filled(revision), observed, writer)
