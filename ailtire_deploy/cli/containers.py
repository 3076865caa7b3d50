"""What runs in our containers: the controller with its REST surface, and the sweeper."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ailtire_deploy import rest, rotation, sites
from ailtire_deploy.children import HttpChildren
from ailtire_deploy.cli.swarms import Swarm
from ailtire_deploy.controller import Controller, Loop, Offers
from ailtire_deploy.engine import SwarmEngine
from ailtire_deploy.errors import AiltireError, Failed, Usage
from ailtire_deploy.launcher import Launcher
from ailtire_deploy.names import (
    ADMIN_PORT,
    SWEEP,
    StackPath,
    in_stack,
    is_certificate_secret,
    is_registry_secret,
)
from ailtire_deploy.ports import Children
from ailtire_deploy.registries import Login
from ailtire_deploy.rotation import Former
from ailtire_deploy.state import Resource, State
from ailtire_deploy.views import plain

KEY = Path("/run/secrets/ailtire.key")
EVENTS = 30.0  # seconds for one wait on the engine's events
REGISTER = 30.0  # seconds between two registrations
RETRY = 3.0
PAUSE = 1.0  # seconds between two rounds of sweeping
BUDGET = 5.0  # seconds for one registration
TURN = 0.001  # seconds until another thread may compute: readers of large logs must not hold up a status

log = logging.getLogger(__name__)


class PlainLines(logging.Formatter):
    """One harmless line a record; a traceback only when it was asked for."""

    def format(self, record: logging.LogRecord) -> str:
        if not os.environ.get("AILTIRE_DEBUG"):
            record.exc_info = None
        return "\n".join(plain.lines(super().format(record)))


def log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(PlainLines("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def read_key(file: Path) -> tuple[bytes, Former]:
    """The stack's key, and the one before. Raises Usage where there is none: apply starts controllers."""
    try:
        return rotation.decode(file.read_bytes())
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise Usage(f"{file}: {said}; controllers are started by apply, not by hand") from None


def read_logins(folder: Path) -> dict[str, tuple[str, Login]]:
    """What the launcher mounted to log in with at registries: host and credentials, by the secret's name."""
    found = {}
    for file in folder.glob("*"):
        if is_registry_secret(file.name):
            said = json.loads(file.read_bytes())
            found[file.name] = (str(said["host"]), said["login"])
    return found


def read_certificates(folder: Path) -> dict[str, str]:
    """The certificates that the launcher mounted for the edge, by the secret's name."""
    return {each.name: each.read_text() for each in folder.glob("*") if is_certificate_secret(each.name)}


def path_of(environment: Mapping[str, str]) -> StackPath:
    """Whose controller this is. Raises Usage."""
    try:
        return StackPath.parse(environment.get("AILTIRE_STACKNAME", ""))
    except ValueError as error:
        raise Usage(f"AILTIRE_STACKNAME: {error}") from None


def parent_of(environment: Mapping[str, str]) -> str:
    """Host and port of the parent's gateway; a root has none."""
    host = environment.get("AILTIRE_PARENTHOST", "")
    return f"{host}:{environment.get('AILTIRE_PARENTPORT', '80')}" if host else ""


@dataclass(slots=True)
class Container:
    """A controller's threads: the loop, the engine's events, the registration; REST has the main one."""

    loop: Loop
    children: Children
    stop: threading.Event = field(default_factory=threading.Event)
    failure: BaseException | None = None

    def run(self, port: int) -> None:
        """Serve until SIGTERM; the stack is left running. Raises what ended the loop."""
        signal.signal(signal.SIGTERM, lambda *_: self.end())
        signal.signal(signal.SIGINT, lambda *_: self.end())
        for task in (self.listen, self.register):
            threading.Thread(target=self.carry, args=(task,), daemon=True).start()
        worker = threading.Thread(target=self.carry, args=(self.work,))
        worker.start()
        try:
            rest.serve(rest.app(Controller(self.loop, self.children), stop=self.stop), port, self.stop)
        except OSError as error:
            raise Failed(f"port {port} cannot be served: {error.strerror}") from error
        finally:
            self.end()
            worker.join()
        if self.failure:
            raise self.failure

    def end(self) -> None:
        """Let the loop finish its round, then end."""
        self.stop.set()
        self.loop.wake.set()

    def carry(self, task: Callable[[], None]) -> None:
        """A thread's work; what breaks it ends the container, and the swarm starts another."""
        try:
            task()
        except Exception as error:
            self.failure = self.failure or error
            self.end()

    def work(self) -> None:
        """The loop; its end is that of the container."""
        self.loop.run(self.stop)
        self.end()

    def listen(self) -> None:
        """Events only wake the loop."""
        while not self.stop.is_set():
            self.loop.engine.wait(EVENTS)
            self.loop.wake.set()

    def register(self) -> None:
        """Tell the parent again and again that this stack is alive; a parent that is away is survived."""
        said = ""
        while self.loop.path.parent and not self.stop.is_set():
            now = self.told_parent()
            if now != said:
                log.info("registration with the parent: %s", now)
                said = now
            self.stop.wait(REGISTER if now == "accepted" else RETRY)

    def told_parent(self) -> str:
        try:
            reply = self.children.register(BUDGET)
        except AiltireError as error:
            return str(error)
        return "accepted" if reply.status < 300 else f"refused with {reply.status}"


def serve(environment: Mapping[str, str], key_file: Path = KEY) -> None:
    """Run the controller that the environment describes, until it is told to end."""
    log_to_stderr()
    sys.setswitchinterval(TURN)
    path, site = path_of(environment), sites.of_environment(environment)
    key, former = read_key(key_file)
    logins = read_logins(key_file.parent)
    engine = SwarmEngine(credentials=dict(logins.values()).get)
    children = HttpChildren(path, key, parent_of(environment), former=former)
    certificates = read_certificates(key_file.parent)
    offers = Offers(certificates=certificates)
    loop = Loop(
        path, engine, site, key, offers=offers, handed=frozenset({*logins, *certificates}), former=former
    )
    try:
        Container(loop, children).run(int(environment.get("AILTIRE_STACKADMINPORT", ADMIN_PORT)))
    finally:
        engine.close()


def sweep(
    root: StackPath, environment: Mapping[str, str], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Remove what is left of a root, and at last the service this runs in.

    Raises Failed on another swarm than the one it was started on.
    """
    log_to_stderr()
    engine = SwarmEngine()
    try:
        info = engine.info()
        if info.cluster != environment.get("AILTIRE_CLUSTER"):
            raise Failed(f"this engine belongs to another swarm than {root}: nothing is removed")
        sweep_until_clean(Swarm(engine, info).launcher(), root, sleep)
    finally:
        engine.close()


def sweep_until_clean(launcher: Launcher, root: StackPath, sleep: Callable[[float], None]) -> None:
    """Round after round until only the sweeper is left, then the sweeper itself."""
    sweeper = in_stack(root, SWEEP)
    while others_left(observed := launcher.engine.observe(root), sweeper):
        for entry in launcher.sweep_once(root, observed):
            log.info("%s", entry)
        sleep(PAUSE)
    own = observed.get("service", sweeper)
    if own is not None:
        log.info("%s is gone", root)
        launcher.engine.remove(own)


def others_left(observed: State, sweeper: str) -> bool:
    """Whether anything but the sweeper, or a container of something but the sweeper, is left."""
    resources: list[Resource] = [each for each in observed if each.name != sweeper]
    return bool(resources) or any(task.live and task.service != sweeper for task in observed.tasks)
