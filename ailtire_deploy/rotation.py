"""Another key for a tree, and the one before it for as long as both are good.

A rotation is a higher *generation*: the secrets of that generation have names of their own, so whatever
mounts one is replaced, from the root downwards. A controller proves itself with the newest key, and believes
the one before until the overlap has ended, by the clock: nothing has to be written for it to end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ailtire_deploy import identity, names
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan.holding import references
from ailtire_deploy.state import CAUSE, Need, Resource, State

OVERLAP = 24 * 3600.0  # seconds, unless something else is asked for
LONGEST = 30 * 24 * 3600.0
RAW = 32  # bytes of a key that was never rotated, which stands in its secret as it is


@dataclass(frozen=True, slots=True)
class Former:
    """The key before the newest one: believed until ``until`` (seconds since 1970).

    ``generation`` is that of the newest one; the first has no former key.
    """

    key: bytes = field(default=b"", repr=False)
    until: int = 0
    generation: int = 1

    def believed(self, now: float) -> tuple[bytes, ...]:
        """The former key while it is good, else nothing."""
        return (self.key,) if self.key and now < self.until else ()

    def derived(self, child: str) -> Former:
        """The same of the child that a stack calls ``child``."""
        return replace(self, key=identity.derive(self.key, child)) if self.key else self

    def as_json(self) -> dict[str, Any]:
        """Nothing, where nothing was ever rotated."""
        said = {"former": self.key.hex(), "until": self.until, "generation": self.generation}
        return said if self.key else {}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Former:
        """What ``as_json`` gave. Raises ValueError, KeyError and TypeError for anything else."""
        if "former" not in said:
            return NEVER
        return cls(bytes.fromhex(said["former"]), int(said["until"]), int(said["generation"]))


NEVER = Former()


def encode(key: bytes, former: Former) -> bytes:
    """What stands in the secret that a controller mounts."""
    return json.dumps({"key": key.hex(), **former.as_json()}).encode() if former.key else key


def decode(data: bytes) -> tuple[bytes, Former]:
    """The newest key and the one before. Raises ValueError for what is none."""
    if len(data) == RAW:
        return data, NEVER
    try:
        said = json.loads(data)
        return bytes.fromhex(said["key"]), Former.from_json(said)
    except (ValueError, KeyError, TypeError):
        raise ValueError("this is no key of a controller") from None


def cause(generation: int) -> dict[str, str]:
    """Why a key is made, for the plan; nothing where none was ever rotated."""
    return {CAUSE: f"generation {generation} of the keys"} if generation > 1 else {}


def running(observed: State, root: StackPath) -> Resource | None:
    """The newest key secret of a root."""
    mine = (each for each in observed if each.kind == "secret" and each.path == root)
    numbered = ((names.key_generation(root, each.name), each) for each in mine)
    found = {number: each for number, each in numbered if number}
    return found[max(found)] if found else None


def leftovers(observed: State, owner: StackPath, generation: int) -> Iterator[Resource]:
    """Key secrets of other generations that ``owner`` has made, on their way out.

    Each stays until its user has let go of it and does well: until then the engine may have to go back.
    """
    for each in observed.owned_by(owner):
        found = names.key_of(each.path, each.name) if each.kind == "secret" else None
        if found and found[1] != generation:
            user = names.in_stack(each.path, found[0])
            there = observed.get("service", user) is not None
            facts = {**each.facts, CAUSE: "there is a newer key"}
            needs = (Need("service", user, "healthy"),) if there else ()
            yield replace(each, absent=True, needs=needs, facts=facts)


def lagging(observed: State, root: StackPath, generation: int) -> list[StackPath]:
    """The stacks whose controller still has a key of another generation."""
    found = []
    for each in observed:
        if each.kind == "service" and each.service == names.ADMIN and root.covers(each.path):
            mounted = {key.name for key in references(each.spec) if key.kind == "secret"}
            if names.key_secret(each.path, generation) not in mounted:
                found.append(each.path)
    return sorted(found)
