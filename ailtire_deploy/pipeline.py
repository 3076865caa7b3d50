"""The pure steps in order: from the newest revision of a stack, and what is there, to what shall be there.

The same function serves every level. The command line is the controller of ``-``, whose only child is the
root.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
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
    shutdown,
    specs,
    topology,
)
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.model import Child, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import Revision
from ailtire_deploy.staging import Staging
from ailtire_deploy.state import Key, Resource, State
from ailtire_deploy.writer import Writer, cause_of


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
            *(each for child in sorted(gone) for each in shutdown.departure(child, observed, writer)),
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
        return shutdown.whole(revision.path, observed, before(observed, revision.path), writer)
    return present(filled(revision), observed, writer)
