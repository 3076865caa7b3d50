"""The real objects: an engine, the facts of its site, and the launcher that stands on both."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.ports import EngineInfo

if TYPE_CHECKING:
    from ailtire_deploy.engine import SwarmEngine
    from ailtire_deploy.engine.credentials import Logins
    from ailtire_deploy.keyring import Keyring
    from ailtire_deploy.launcher import Launcher
    from ailtire_deploy.loading import Entry, Play, Playbook
    from ailtire_deploy.sealing import Read

NOBODY = "unknown"
BREATH = 0.1  # seconds
VERDICTS = ("config", "network", "node")  # a verdict is written on a revision; networks go last


@dataclass(slots=True)
class Swarm:
    """A swarm that answered. Its one launcher remembers what it has seen and drawn by chance.

    With ``resolve`` it asks for every tag anew, with ``overlap`` it rotates keys (``Custody.overlap``).
    """

    engine: SwarmEngine
    info: EngineInfo
    logins: Logins | None = None
    resolve: bool = False
    overlap: float | None = None
    _launcher: Launcher | None = None

    def __str__(self) -> str:
        nodes = f"{self.info.nodes} node{'s' * (self.info.nodes != 1)}"
        return f"{self.info.address} (swarm {self.info.cluster[:12]}, engine {self.info.version}, {nodes})"

    def launcher(self) -> Launcher:
        """Plans, applies and shuts down on this swarm."""
        from ailtire_deploy import sites
        from ailtire_deploy.launcher import Launcher
        from ailtire_deploy.resolution import nobody

        if self._launcher is None:
            labels = self.engine.image_labels(sites.image(os.environ))
            site = sites.of_engine(self.info, os.environ, labels)
            self._launcher = Launcher(
                *(self.engine, site, keyring(), sources, author()),
                sleep=self.rest,
                credentials=self.logins or nobody,
                again=self.resolve,
                overlap=self.overlap,
            )
        return self._launcher

    def rest(self, seconds: float) -> None:
        """Wait for so long, or until something was written, and a moment at least."""
        breath = min(seconds, BREATH)
        time.sleep(breath)
        self.engine.wait(seconds - breath)


@contextmanager
def connected(target: str | None) -> Iterator[Swarm]:
    """The swarm of an engine, closed at the end. Raises Unreachable, InvalidInput for an unknown context."""
    from ailtire_deploy.engine import SwarmEngine
    from ailtire_deploy.engine.credentials import Logins

    logins = Logins(os.environ)
    engine = SwarmEngine(target, logins, VERDICTS)
    try:
        yield Swarm(engine, engine.info(), logins)
    finally:
        engine.close()


def entries_on(
    playbook: Playbook, asked: str | None, announce: Callable[[Play, Swarm], None] = lambda play, swarm: None
) -> Iterator[tuple[Swarm, Entry]]:
    """Every root stack of a playbook with the swarm it is for, one connection a play. Raises InvalidInput."""
    check_sources(playbook)
    for play in playbook.plays:
        with connected(target_of(play, asked)) as swarm:
            announce(play, swarm)
            for entry in play.entries:
                yield swarm, entry


def target_of(play: Play, asked: str | None) -> str | None:
    """Which engine a play is for: as the command line says, else the play, else as the docker command."""
    named = play.engine
    if asked or named is None:
        return asked
    if named.url:
        hint = "name a docker context or a host"
        raise InvalidInput([Problem(play.name, 0, 0, "engine.url", "not in this version", hint)])
    return named.context or named.host or None


def sources(entry: Entry, seed: bytes) -> Read:
    """Reads the secrets of an entry: variables of this environment, files beside it, and its seed."""
    from ailtire_deploy import secrets_source

    return secrets_source.reader(entry.folders, os.environ, seed)


def check_sources(playbook: Playbook) -> None:
    """Raises InvalidInput for secrets whose source cannot be read, and for certificates that cannot serve,
    before anything is contacted.
    """
    from ailtire_deploy import secrets_source

    for play in playbook.plays:
        for entry in play.entries:
            secrets_source.check(entry.stacks, entry.folders, os.environ)
            certificate_notes(entry)


def certificate_notes(entry: Entry) -> list[str]:
    """What has to be said of a root's certificates. Raises InvalidInput for those that cannot serve."""
    from ailtire_deploy import secrets_source

    root = entry.stacks.get(entry.path)  # none, where it shall be absent
    return secrets_source.certificates(root, entry.folders, os.environ, time.time()) if root else []


def keyring() -> Keyring:
    """The user's key file."""
    from ailtire_deploy.keyring import Keyring, default_path

    return Keyring(default_path(os.environ))


def author() -> str:
    """Who is at work, for the history."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return NOBODY
