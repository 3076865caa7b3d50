"""Tokens that are taken back before they end.

Tokens that were given out are written down nowhere; those taken back are, until they would have ended, as a
label of one config of the root (only labels of a config can change). Every controller of the tree sees the
whole tree in each round, and so this list, within seconds of the engine's event.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ailtire_deploy import identity, moments, names, revisions
from ailtire_deploy.errors import InvalidInput, Problem, Refused
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Key, Resource, State

LIMIT = 4000  # ids, of which a label holds some 150 KiB
ID = re.compile(r"([0-9a-f]{1,12})-[0-9a-f]{16}", re.A)
DATA = b"tokens that were taken back: see the label\n"


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells a token from others: its id, when it was made (0: unknown), and when it ends."""

    id: str
    issued: int
    expires: int


@dataclass(frozen=True, slots=True)
class Revoked:
    """All that is taken back: ids with their ends, and every token made up to ``before``."""

    ids: Mapping[str, int] = field(default_factory=dict)
    before: int = -1

    def covers(self, token: Mark) -> bool:
        """Whether a token is among them; one that does not say when it was made is older than any other."""
        return token.id in self.ids or token.issued <= self.before

    def with_ids(self, now: float, *marks: Mark) -> Revoked:
        """The same and more, less what has ended by itself. Raises Refused when it would be too much."""
        ids = {**self.ids, **{each.id: each.expires for each in marks}}
        left = {id: end for id, end in sorted(ids.items()) if end > now}
        if len(left) > LIMIT:
            raise Refused(
                f"{LIMIT} tokens are taken back one by one already: take all of them back with --all"
            )
        return Revoked(left, self.before)

    def with_all(self, now: float) -> Revoked:
        """Every token that was made until now, whatever its id."""
        return Revoked({}, int(now))

    @property
    def text(self) -> str:
        return json.dumps({"before": self.before, "ids": dict(self.ids)}, separators=(",", ":"))


NOTHING = Revoked()


def new_id(exp: int, chance: bytes) -> str:
    """The id of a token; its end stands in it, so that who takes it back need not know more."""
    return f"{exp:x}-{chance.hex()[:16]}"


def mark(token: str) -> Mark:
    """What tells a token from others; one without an id goes by a hash. Raises Denied for no token."""
    claims = identity.claims(token)
    hashed = hashlib.sha256(token.partition(".")[0].encode()).hexdigest()[:16]
    exp = int(claims["exp"])
    return Mark(str(claims.get("id") or new_id(exp, bytes.fromhex(hashed))), int(claims.get("iat", 0)), exp)


def by_id(id: str) -> Mark:
    """A token by its id. Raises InvalidInput for what is none."""
    found = ID.fullmatch(id)
    if found is None or int(found[1], 16) > moments.LAST:
        hint = "`token` tells it on standard error; a whole token will do as well"
        raise InvalidInput([Problem("tokens", 0, 0, "", "that is not the id of a token", hint)])
    return Mark(id, 0, int(found[1], 16))


def held(observed: State, path: StackPath) -> Revoked:
    """What is taken back in the tree that a stack belongs to."""
    found = observed.get("config", names.revoked_config(path.root))
    return _read(found.labels.get(names.LABEL_REVOKED, "")) if found else NOTHING


@lru_cache(maxsize=4)  # asked for each request
def _read(label: str) -> Revoked:
    """A list that cannot be read takes everything back: better no way in than a wrong one."""
    try:
        said = json.loads(label)
        return Revoked({str(id): int(end) for id, end in said["ids"].items()}, int(said["before"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Revoked({}, 1 << 60)


def config(root: StackPath, revoked: Revoked) -> Resource:
    """The config of a root that says so; the command line makes it, and it goes with the root."""
    labels = {**revisions.labels_of(StackPath(), root), names.LABEL_REVOKED: revoked.text}
    return Resource(Key("config", names.revoked_config(root)), labels=labels, data=DATA)
