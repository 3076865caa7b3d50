"""The same request twice is done once: its key stands, with its answer, on the revision that it made.

So it holds for as long as that revision is kept, over a controller's restart, and whoever of two is quicker.
Nothing of the key or the request can be read from the label: both are keyed hashes, since a body may hold the
value of a secret.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy import identity, names, revisions
from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Accepted
from ailtire_deploy.state import Resource, State

LIMIT = 16 * 1024  # characters of a label; an answer whose plan is longer comes back without it
UNPACKED_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Once:
    """A key, and the request that came with it, as keyed hashes."""

    key: str
    request: str


def once(secret: bytes, key: str, *request: str) -> Once:
    """What to remember of a request with a key; ``secret`` is the stack's own key."""
    return Once(identity.mark(secret, "key", key), identity.mark(secret, "request", *request))


def marked(revision: Resource, asked: Once | None, plan: Mapping[str, Any]) -> Resource:
    """The revision that a request makes, with what is needed to answer it again."""
    if asked is None:
        return revision
    said = {"key": asked.key, "request": asked.request}
    packed = base64.b64encode(zlib.compress(json.dumps(plan).encode(), 9)).decode()
    if len(packed) <= LIMIT:
        said["plan"] = packed
    return revision.with_labels(**{names.LABEL_ONCE: json.dumps(said)})


def answered(observed: State, path: StackPath, asked: Once | None) -> Accepted | None:
    """What was answered before to the same key. Raises InvalidInput when that was another request."""
    for each in revisions.history(observed, path) if asked else ():
        said = _read(each.found.labels.get(names.LABEL_ONCE, ""))
        if asked and said.get("key") == asked.key:
            if said.get("request") != asked.request:
                raise InvalidInput([Problem("request", 0, 0, "Idempotency-Key", *TAKEN)])
            return Accepted(each.name, _plan(said), again=True)
    return None


TAKEN = ("came before, with another request", "take a new key for each new request")


def _read(label: str) -> dict[str, Any]:
    try:
        said = json.loads(label or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _plan(said: Mapping[str, Any]) -> dict[str, Any]:
    try:
        packed = base64.b64decode(said["plan"])
        found = json.loads(zlib.decompressobj().decompress(packed, UNPACKED_LIMIT))
    except (KeyError, TypeError, ValueError, zlib.error):
        found = None
    return found if isinstance(found, dict) else {"verdict": "changes", "stacks": {}}
