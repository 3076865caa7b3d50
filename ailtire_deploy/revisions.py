"""Revisions: immutable, numbered, complete definitions of one stack, stored in Swarm as configs.

A parent writes the revisions of its children; an update posted to a child stands beside them, with cause
``local``, until the root is applied again. Creating number N is the claim to it: who loses the race reads
again.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ailtire_deploy import images, maintenance, names
from ailtire_deploy.definition import uses
from ailtire_deploy.documents import canonical, digest
from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.model import Child, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Key, Resource, State

FORMAT = 1
SIZE_LIMIT = 256 * 1024  # bytes in the config; the engine takes 1,000 KiB, a raft transaction 1.5 MiB
UNPACKED_LIMIT = 8 * 1024 * 1024
KEPT = 10
LOCAL = "local"
PARENT = "parent"
COMMAND_LINE = "command line"
ROLLBACK = "rollback"
BESIDE = frozenset({LOCAL, ROLLBACK})
"""Causes of revisions that stand beside what the launcher wishes, until the root is applied again."""
ABSENT: Mapping[str, Any] = {"format": FORMAT, "state": "absent"}


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision as found on the swarm."""

    path: StackPath
    number: int
    found: Resource

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def outcome(self) -> str:
        return self.found.labels.get(names.LABEL_OUTCOME, "pending")

    @property
    def cause(self) -> str:
        return self.found.labels.get(names.LABEL_CAUSE, "")

    @property
    def origin(self) -> str:
        """The root revision it comes from."""
        return self.found.labels.get(names.LABEL_ORIGIN, self.name)

    @property
    def undoes(self) -> str:
        """Of a rollback that a controller made by itself: the name of the revision that failed."""
        return self.found.labels.get(names.LABEL_UNDOES, "")

    @property
    def restores(self) -> str:
        """Of a rollback: the name of the revision that is back."""
        return self.found.labels.get(names.LABEL_RESTORES, "")

    def is_before(self, root: int | None) -> bool:
        """Whether it comes from before the root's revision of that number; None is after all of them."""
        own = names.revision_number(self.path.root, self.origin)
        return root is None or own is None or own < root

    @property
    def report(self) -> dict[str, Any]:
        """What the controller said about it: ``{"stacks": {PATH: [ok, changed, waiting, failed]}, "reasons":
        []}``.
        """
        try:
            said = json.loads(self.found.labels.get(names.LABEL_REPORT, "{}"))
        except ValueError:
            said = {}
        return said if isinstance(said, dict) else {}

    @property
    def body(self) -> dict[str, Any]:
        return decode(self.found.data or b"", self.name)

    @property
    def readable(self) -> dict[str, Any]:
        """The same, or nothing of one that cannot be read."""
        try:
            return self.body
        except InvalidInput:
            return {}

    @property
    def asks(self) -> str:
        """The name of the revision whose wish it is: of one that only changes maintenance, an older one's."""
        return self.found.labels.get(names.LABEL_CARRIES, self.name)

    @property
    def absent(self) -> bool:
        """Whether it says that the stack shall not be."""
        return self.body.get("state") == "absent"


def encode(body: Mapping[str, Any]) -> bytes:
    """The config's content: canonical JSON, compressed. Raises InvalidInput when it is too large."""
    text = canonical(body).encode()
    if len(text) > UNPACKED_LIMIT:
        said = f"is longer than {UNPACKED_LIMIT // 1024} KiB, most of it repeated"
        raise InvalidInput([Problem("definition", 0, 0, "", said, "say once what is the same for many")])
    packed = zlib.compress(text, 9)
    if len(packed) > SIZE_LIMIT:
        said = f"takes {len(packed) // 1024} KiB compressed; a revision holds {SIZE_LIMIT // 1024}"
        raise InvalidInput([Problem("definition", 0, 0, "", said, "move large files into an image")])
    return packed


def decode(data: bytes, name: str) -> dict[str, Any]:
    """Read a revision's content. Raises InvalidInput when it is not one of ours."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, UNPACKED_LIMIT)
        body = json.loads(text)
    except (zlib.error, ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or body.get("format") != FORMAT or not is_whole(body):
        said = "this revision cannot be read by this version"
        raise InvalidInput([Problem(name, 0, 0, "", said, "written by a newer version?")])
    return body


def is_whole(body: Mapping[str, Any]) -> bool:
    """Whether all is there that readers count on: a definition with its values, or the word that ends it."""
    values = (body.get(key) for key in ("definition", "parameters", "environment"))
    whole = all(isinstance(value, dict) for value in values) and images.are_whole(body)
    return body.get("state") == "absent" or (whole and maintenance.is_whole(body))


def secret_names(revision: Revision, *, deep: bool = False) -> frozenset[str]:
    """The secrets that a revision's stack has, and with ``deep`` those of all stacks below."""
    return _secret_names(revision.name, revision.found.data or b"", deep)


@lru_cache(maxsize=64)  # asked for every revision that is kept, in every round
def _secret_names(name: str, data: bytes, deep: bool) -> frozenset[str]:
    try:
        body = decode(data, name)
    except InvalidInput:
        return frozenset()
    return frozenset(_named_secrets(body.get("definition"), deep))


def _named_secrets(definition: Any, deep: bool) -> Iterator[str]:
    if not isinstance(definition, Mapping):
        return
    for each in _values(definition.get("secrets")):
        if isinstance(each, Mapping) and isinstance(each.get("name"), str):
            yield each["name"]
    for each in _values(definition.get("services")) if deep else ():
        if isinstance(each, Mapping):
            yield from _named_secrets(each.get("definition"), deep)


def _values(section: Any) -> Iterable[Any]:
    return section.values() if isinstance(section, Mapping) else ()


def history(observed: State, path: StackPath) -> tuple[Revision, ...]:
    """All revisions of a stack that are there, newest first."""
    found = []
    for each in observed:
        number = names.revision_number(path, each.name) if each.kind == "config" else None
        if number is not None:
            found.append(Revision(path, number, each))
    return tuple(sorted(found, key=lambda revision: -revision.number))


def brings_back(observed: State, revision: Revision) -> bool:
    """Whether a revision, or the one of the root that it comes from, returns to one that had converged."""
    asked = revision
    if revision.cause != ROLLBACK:
        root = history(observed, revision.path.root)
        asked = next((each for each in root if each.name == revision.origin), revision)
    restored = (each for each in history(observed, asked.path) if each.name == asked.restores)
    return asked.cause == ROLLBACK and any(each.outcome == "converged" for each in restored)


def kept(observed: State, path: StackPath) -> tuple[Revision, ...]:
    """The newest ten, and the last that converged, however long ago that was."""
    found = history(observed, path)
    converged = (each for each in found[KEPT:] if each.outcome == "converged")
    last = next(converged, None) if all(each.outcome != "converged" for each in found[:KEPT]) else None
    return found[:KEPT] + ((last,) if last else ())


def staying(observed: State, path: StackPath, wish: Resource) -> tuple[Revision, ...]:
    """Those that stay beside the wished one.

    Old ones are collected when a new one is written, and at no other time: nothing to do is nothing done.
    """
    return kept(observed, path) if wish.key not in observed.resources else history(observed, path)


def newest(observed: State, path: StackPath) -> Revision | None:
    return next(iter(history(observed, path)), None)


def wished(observed: State, revision: Revision) -> float:
    """When what it wishes for was wished for first, in seconds since 1970."""
    asked = (each for each in history(observed, revision.path) if each.name == revision.asks)
    return next(asked, revision).found.created


def stacks(observed: State, below: StackPath) -> tuple[StackPath, ...]:
    """The stacks at and below a path that anything on the swarm is about."""
    return tuple(sorted({each.path for each in observed if below.covers(each.path)}))


def overridden(observed: State, path: StackPath, origin: str) -> tuple[StackPath, ...]:
    """Stacks at or below ``path`` that run a revision of their own from before root revision ``origin``.

    Without an origin, which is how the command line asks, every such one is from before.
    """
    since = names.revision_number(path.root, origin) if origin else None
    found = ((each, newest(observed, each)) for each in stacks(observed, path))
    return tuple(each for each, last in found if last and last.cause in BESIDE and last.is_before(since))


def child_body(stack: Stack, child: Child) -> dict[str, Any]:
    """The complete definition a parent wishes its child to have."""
    return {
        "format": FORMAT,
        "name": child.key,
        "context": stack.context,
        "parameters": dict(child.parameters),
        "environment": {},
        "definition": dict(child.definition),
        **uses.in_body({use.name: use for use in child.uses}),
        **images.in_body(images.recorded({"below": stack.below}, stack.path), stack.path / child.key),
    }


def make(
    observed: State, path: StackPath, body: Mapping[str, Any], *, cause: str, origin: str, author: str
) -> Resource:
    """The next revision of a stack, which goes on with the maintenance of the newest one.

    ``origin`` "" means that it is a root's, and so its own.
    """
    latest = newest(observed, path)
    name = names.revision_name(path, latest.number + 1 if latest else 1)
    labels = {
        **labels_of(path.parent, path),
        names.LABEL_HASH: digest(maintenance.bare(body)),
        names.LABEL_OUTCOME: "pending",
        names.LABEL_CAUSE: cause,
        names.LABEL_ORIGIN: origin or name,
        names.LABEL_AUTHOR: author,
    }
    return stored(name, maintenance.carried(body, latest.readable if latest else {}), labels)


def stored(name: str, body: Mapping[str, Any], labels: Mapping[str, str]) -> Resource:
    """A revision as the config it becomes. Raises InvalidInput when it is too large."""
    return Resource(Key("config", name), labels=dict(labels), data=encode(body))


def wish(
    observed: State, path: StackPath, body: Mapping[str, Any], *, cause: str, origin: str, author: str
) -> Resource:
    """The revision a parent wishes for: the newest it wrote, if that is still what it wants.

    It writes anew when a local one stands in the way or the last one failed, but only once for each root
    revision.
    """
    own = next((each for each in history(observed, path) if each.cause == cause), None)
    again = own and own.outcome == "failed" and own.origin != origin
    if own and own.found.hash == digest(body) and not again and not overridden(observed, path, origin):
        return own.found
    return make(observed, path, body, cause=cause, origin=origin, author=author)


def labels_of(owner: StackPath, about: StackPath) -> dict[str, str]:
    """The labels that say whose a resource is and what it is about."""
    return {
        names.LABEL_ROOT: str(about.root),
        names.LABEL_OWNER: str(owner),
        names.LABEL_PATH: str(about),
        names.LABEL_NAMESPACE: (owner or about.root).engine,
    }
