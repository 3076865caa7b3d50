"""Which keys a root stack has: those on the swarm, as the key file knows them, else new ones.

A rotation stands in the key file before anything of it is on the swarm. One that broke off there is finished
by the next apply, whoever runs it with that file.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from ailtire_deploy import identity, names, rotation
from ailtire_deploy.errors import Failed
from ailtire_deploy.keyring import Keyring, Keys
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Resource, State

SALT = 16  # bytes


@dataclass(slots=True)
class Custody:
    """The keys of the roots of one swarm. What it draws by chance is the same as long as it lives.

    ``overlap`` asks for a rotation, and says for how many seconds the key before stays good.
    """

    keyring: Keyring
    cluster: str
    now: Callable[[], float]
    overlap: float | None = None
    _fresh: dict[str, tuple[Keys, bytes]] = field(default_factory=dict)
    _rotated: dict[str, tuple[Keys, Keys]] = field(default_factory=dict)  # before and after

    def keys(self, root: StackPath, observed: State, *, keep: bool) -> tuple[Keys, bytes]:
        """The root's keys and salt. ``keep`` writes what is new into the key file.

        Raises Failed when the stack that runs has a key that the file does not know.
        """
        fresh, drawn = self._fresh.setdefault(str(root), (Keys.fresh(), secrets.token_bytes(SALT)))
        salt = observed.get("config", names.salt_config(root))
        running = rotation.running(observed, root)
        keys = self.keyring.get(self.cluster, str(root))
        if running is None:
            keys = keys or (self.keyring.make(self.cluster, str(root), fresh) if keep else fresh)
        elif keys is not None:
            keys = self._rotate(root, keys, running, keep=keep)
        if keys is None or (running is not None and running.hash not in _ids(keys)):
            raise Failed(
                f"{root}: the key of the running stack is not in {self.keyring.path}; "
                "copy the key file of whoever made the stack here, or name it in AILTIRE_KEY_FILE"
            )
        return keys, (salt.data if salt and salt.data else drawn)

    def _rotate(self, root: StackPath, keys: Keys, running: Resource, *, keep: bool) -> Keys:
        """New keys, if that is asked for, and was not begun before."""
        if self.overlap is None or running.hash != identity.key_id(keys.key):
            return keys
        made = keys, keys.rotated(self.now() + self.overlap)
        before, after = self._rotated.setdefault(str(root), made)
        if keys != before:
            return keys
        return self.keyring.rotate(self.cluster, str(root), before, after) if keep else after


def _ids(keys: Keys) -> set[str]:
    """What the running key may be called: the newest, or the one before where a rotation broke off."""
    return {identity.key_id(each) for each in (keys.key, keys.former.key) if each}
