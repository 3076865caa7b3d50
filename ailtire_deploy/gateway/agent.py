"""The agent: the proxy's first configuration is the one of its container, every later one its controller's.

A configuration that HAProxy refuses changes nothing: the last good one stays in force, and the controller
hears what HAProxy said. Without a controller the proxy serves on.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ailtire_deploy import traffic
from ailtire_deploy.errors import AiltireError, Failed
from ailtire_deploy.gateway.counting import Counting
from ailtire_deploy.gateway.haproxy import Haproxy, check
from ailtire_deploy.gateway.line import Line
from ailtire_deploy.gateway.versions import Versions
from ailtire_deploy.names import GATEWAY
from ailtire_deploy.proxies import Offer

BOOTSTRAP = Path("/etc/ailtire")
FOLDER = Path("/tmp/ailtire")  # the container's only writable place
STATS = Path("/tmp/haproxy.sock")
KEY = Path("/run/secrets/ailtire.key")
WAIT = 20.0  # seconds the controller may take at most to say that there is nothing new
BACK_OFF = (0.1, 0.3, 1.0)  # seconds before it is asked again after it failed to answer
FIRST_LOOK = 0.05  # seconds between two looks at whether the proxy has come up
OLD_WORKERS = 3
GRACE = 6.0  # seconds a gateway that shall end serves on: it has left the DNS, but is not forgotten at once
LINGER = 1.5  # seconds a closed port answers that it is closed: an address that is gone says nothing at all
SIGNALS = (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


@dataclass
class Agent:
    """Keeps one HAProxy at what its controller offers. ``line`` None: the first configuration is the only."""

    proxy: Haproxy
    versions: Versions
    line: Line | None
    live: str = ""  # read back from the proxy, never supposed
    refused: dict[str, str] = field(default_factory=dict)
    counting: Counting = field(init=False)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.counting = Counting(self.proxy.serving, self.proxy.finishing)

    def follow(self) -> None:
        """Ask, take, ask again, until the proxy ends."""
        failures = 0
        while not self.live and not self.ended.wait(FIRST_LOOK):
            self.live = self.proxy.live()
        while self.line and not self.ended.is_set():
            try:
                offered = self.line.ask(self.said(), WAIT)
                failures = 0
                if offered is not None:
                    self.take(offered)
            except (AiltireError, OSError, ValueError) as error:
                failures += 1
                if failures == len(BACK_OFF):
                    log.warning("no word from the controller: %s", error)
                self.ended.wait(BACK_OFF[min(failures, len(BACK_OFF)) - 1])

    def said(self) -> dict[str, object]:
        """What the controller hears: who this is, what is live, what could not be served and why, and what
        went through.
        """
        counted = traffic.as_json(self.counting.read())
        who = socket.gethostname()
        return {"agent": who, "live": self.live, "refused": self.refused, "traffic": counted}

    def take(self, offer: Offer) -> None:
        """Serve that from now on, or say why not and stay as it was."""
        name = self.versions.store(offer)
        if name == self.live:
            return
        before = self.live
        try:
            check(self.versions.arguments(name))
            self.versions.use(name)
            self.counting.read()
            self.proxy.retire(OLD_WORKERS - 1)
            self.proxy.reload(name)
        except Failed as error:
            self.versions.use(before)
            self.refused = {name: str(error)}
            log.error("%s stays in force: %s", before, error)
            return
        self.live, self.refused = name, {}
        log.info("%s is in force", name)


def serve(bootstrap: Path = BOOTSTRAP, folder: Path = FOLDER, stats: Path = STATS, key: Path = KEY) -> int:
    """Serve until a signal comes; returns HAProxy's exit code. Raises Failed when nothing can be served."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    versions = Versions(folder / "versions")
    first = versions.store(Offer(_read(bootstrap)))
    check(versions.arguments(first))
    versions.use(first)
    proxy = Haproxy(versions.arguments(), stats, folder / "servers")
    grace = GRACE if os.environ.get("AILTIRE_SERVICENAME") == GATEWAY else 0.0
    for number in SIGNALS:
        signal.signal(number, lambda given, _: proxy.tell(given, grace if given == signal.SIGUSR1 else 0.0))
    agent = Agent(proxy, versions, line(os.environ, key))
    threading.Thread(target=agent.follow, daemon=True).start()
    code = proxy.wait()
    agent.ended.set()
    if proxy.told == signal.SIGUSR1:
        time.sleep(LINGER)
    return code


def _read(folder: Path) -> dict[str, str]:
    try:
        return {each.name: each.read_text() for each in sorted(folder.iterdir()) if each.is_file()}
    except OSError as error:
        raise Failed(f"{folder}: {error.strerror}") from None


def line(environment: Mapping[str, str], key: Path) -> Line | None:
    """The way to the controller, where the container was given one."""
    address, service = environment.get("AILTIRE_CONTROLLER"), environment.get("AILTIRE_SERVICENAME", "")
    return Line(address, service, key.read_bytes()) if address and key.exists() else None
