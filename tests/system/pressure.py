"""Load on a published port, by ``wrk``, within the networks of the test: bounded, and counted."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.swarm import Swarm
from tests.system.small import PORT

LONGEST = 900  # seconds
SITE = """global
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend site
    bind *:8080
    http-request return status {status} content-type text/plain string "{says}"
"""


@dataclass
class Load:
    """What one ``wrk`` did: its requests, the errors on its sockets, and answers that were not good."""

    process: subprocess.Popen[str]
    requests: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    bad: int = 0

    def end(self) -> None:
        """Stop it and read what it says."""
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=20)
        self.requests = _number(r"([0-9]+) requests in", said)
        kinds = ("connect", "read", "write", "timeout")
        self.errors = {kind: _number(rf"{kind} ([0-9]+)", said) for kind in kinds}
        self.bad = _number(r"Non-2xx or 3xx responses: ([0-9]+)", said)

    @property
    def failed(self) -> int:
        return self.bad + sum(self.errors.values())

    def __str__(self) -> str:
        errors = {kind: count for kind, count in self.errors.items() if count}
        return f"{self.requests} requests, {self.bad} answered badly, socket errors {errors or 'none'}"


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


@contextmanager
def load(
    swarm: Swarm, path: str = "/", callers: int = 4, keep: bool = True, door: str = f"http://{{}}:{PORT}"
) -> Iterator[Load]:
    """Requests without a pause while the block runs, on kept connections or on a new one each.

    ``door`` is where, with ``{}`` for the swarm's address.
    """
    header = [] if keep else ["-H", "Connection: close"]
    command = ["wrk", "-t1", f"-c{callers}", f"-d{LONGEST}", *header, f"{door.format(swarm.address)}{path}"]
    found = Load(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    try:
        yield found
    finally:
        found.end()


@contextmanager
def both(swarm: Swarm, path: str = "/", callers: int = 4) -> Iterator[tuple[Load, Load]]:
    """Load on kept connections and on new ones."""
    with ExitStack() as stack:
        kept = stack.enter_context(load(swarm, path, callers))
        yield kept, stack.enter_context(load(swarm, path, callers, keep=False))


def site(prefix: str = "/", **rest: Any) -> dict[str, Any]:
    """A service that answers fast and always the same; it ends at once when it is told to."""
    return {
        "image": "ailtire-demo/echo",
        "command": ["haproxy", "-W", "-db", "-f", "/site.cfg"],
        "configs": [{"source": "site", "target": "/site.cfg"}],
        "interface": {prefix: {"port": 8080}},
        **rest,
    }


def sites(says: str = "good", status: str = "200") -> dict[str, Any]:
    """The config of a stack whose service is a ``site``."""
    return {"site": {"content": SITE.format(says=says, status=status)}}
