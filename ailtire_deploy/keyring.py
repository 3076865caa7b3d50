"""The key file of whoever applies: the keys of root stacks, by swarm and name.

A root's ``key`` is what its controllers and tokens prove themselves with; ``seed`` is what generated secrets
are made from, kept after a shutdown for the volumes that outlive it. After a rotation the key before stands
beside it. The file is readable by its owner only.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.rotation import NEVER, Former

BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """What a root stack's identity and generated secrets come from."""

    key: bytes = field(repr=False)
    seed: bytes = field(repr=False)
    former: Former = NEVER

    @classmethod
    def fresh(cls) -> Keys:
        return cls(secrets.token_bytes(BYTES), secrets.token_bytes(BYTES))

    def rotated(self, until: float) -> Keys:
        """The same seed with a new key; the one of now is good ``until`` then."""
        former = Former(self.key, int(until), self.former.generation + 1)
        return Keys(secrets.token_bytes(BYTES), self.seed, former)

    def as_json(self) -> dict[str, Any]:
        return {"key": self.key.hex(), "seed": self.seed.hex(), **self.former.as_json()}


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key file. It is read when it is asked for, and written by ``make`` and ``rotate`` alone."""

    path: Path

    def get(self, cluster: str, root: str) -> Keys | None:
        """The keys of a root stack on a swarm, if this user has them.

        Raises InvalidInput for a broken file.
        """
        found = self._read().get(f"{cluster}/{root}")
        if found is None:
            return None
        try:
            key, seed = bytes.fromhex(found["key"]), bytes.fromhex(found["seed"])
            return Keys(key, seed, Former.from_json(found))
        except (KeyError, TypeError, ValueError):
            raise self._broken() from None

    def make(self, cluster: str, root: str, fresh: Keys) -> Keys:
        """The keys of a root stack: those in the file, else ``fresh`` ones, written into it in one step.

        A lock makes two applies that start at once agree on the same keys. Raises InvalidInput when the file
        cannot be written.
        """
        return self._exchange(cluster, root, None, fresh)

    def rotate(self, cluster: str, root: str, before: Keys, after: Keys) -> Keys:
        """Put ``after`` in the place of ``before``. Returns what is in the file then, be it another's.

        Raises InvalidInput when the file cannot be written.
        """
        return self._exchange(cluster, root, before, after)

    def _exchange(self, cluster: str, root: str, before: Keys | None, after: Keys) -> Keys:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self.path.with_name(f"{self.path.name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                found = self.get(cluster, root)
                if found == before:
                    self._write({**self._read(), f"{cluster}/{root}": after.as_json()})
                return after if found == before or found is None else found
        except OSError as error:
            why = f"this key file cannot be written: {error.strerror}"
            raise InvalidInput(
                [Problem(str(self.path), 0, 0, "", why, "name another in AILTIRE_KEY_FILE")]
            ) from None

    def _write(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(entries, file, indent=1, sort_keys=True)
        draft.replace(self.path)

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            entries = json.loads(self._text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            raise self._broken() from None
        if not isinstance(entries, dict):
            raise self._broken()
        return entries

    def _text(self) -> str:
        """The content of a plain file; opening never waits, as it would for a named pipe."""
        with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise self._broken()
            return file.read()

    def _broken(self) -> InvalidInput:
        return InvalidInput(
            [Problem(str(self.path), 0, 0, "", "this key file cannot be read", "restore a copy of it")]
        )


def default_path(environment: Mapping[str, str]) -> Path:
    """``AILTIRE_KEY_FILE``, else ``ailtire-deploy/keys.json`` in the user's configuration folder."""
    named = environment.get("AILTIRE_KEY_FILE")
    if named:
        return Path(named)
    base = environment.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return Path(base) / "ailtire-deploy" / "keys.json"
