"""HAProxy as a child process: a master that keeps the ports while its workers are replaced.

Tried with HAProxy 2.6: a reload (SIGUSR2) hands the listening sockets to a new worker; the old one ends its
requests first. A configuration that passes the check and yet cannot be served leaves the old worker at work,
and the master says nothing: hence the look at which configuration is live.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ailtire_deploy.errors import Failed
from ailtire_deploy.gateway.versions import VARIABLE

PROGRAM = "haproxy"
SAYS = 1.0  # seconds HAProxy may take to answer a question
PATIENCE = 30.0  # seconds for a check
TURNS, TURN = 3, 3.0  # how often, and for how many seconds each, a new worker is waited for
AGAIN = 0.5  # seconds after which a signal is repeated: a master that just started forgets it
LOOK = 0.02  # seconds between two looks at which configuration is live


def check(arguments: Sequence[str]) -> None:
    """Raises Failed with what HAProxy says against a configuration."""
    try:
        found = subprocess.run(
            [PROGRAM, "-c", *arguments], capture_output=True, text=True, errors="replace", timeout=PATIENCE
        )
    except FileNotFoundError:
        raise Failed(f"{PROGRAM} is not installed here") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{PROGRAM} did not finish its check in {PATIENCE:.0f} s") from None
    if found.returncode:
        said = "\n".join(part.strip() for part in (found.stderr, found.stdout) if part.strip())
        raise Failed(f"{PROGRAM} does not accept its configuration:\n{said}")


class Haproxy:
    """One running HAProxy. ``stats`` is its runtime socket, ``states`` where it reads its servers from."""

    def __init__(self, arguments: Sequence[str], stats: Path, states: Path, master: Path) -> None:
        self.stats, self.states, self.master = stats, states, master
        states.touch()
        self.told: int | None = None
        self.process = subprocess.Popen([PROGRAM, "-W", "-db", "-S", str(master), *arguments])

    def wait(self) -> int:
        """Its exit code, when it ends, as a shell has it."""
        repeats = 3
        while True:
            with suppress(subprocess.TimeoutExpired):
                code = self.process.wait(AGAIN)
                return 128 - code if code < 0 else code
            if self.told is not None and repeats:
                repeats -= 1
                self.process.send_signal(self.told)

    def tell(self, number: int) -> None:
        """Pass a signal on: SIGUSR1 lets running requests end, SIGTERM does not wait."""
        self.told = number
        self.process.send_signal(number)

    def reload(self, name: str) -> None:
        """Have a new worker serve configuration ``name``. Raises Failed when none comes to it in time."""
        self.states.write_text(ask(self.stats, "show servers state"))
        for _ in range(TURNS):
            self.process.send_signal(signal.SIGUSR2)
            until = time.monotonic() + TURN
            while time.monotonic() < until:
                if self.live() == name:
                    return
                time.sleep(LOOK)
        raise Failed(f"{PROGRAM} did not come to serve {name} in {TURNS * TURN:.0f} s")

    def live(self) -> str:
        """Which configuration is served; "" while nobody says."""
        try:
            said = ask(self.stats, f"show env {VARIABLE}")
        except OSError:
            return ""
        return said.strip().removeprefix(f"{VARIABLE}=") if said.startswith(VARIABLE) else ""

    def retire(self, most: int) -> None:
        """End the oldest workers beyond ``most`` that only finish what they began.

        A master that is just coming back from a reload does not answer; the next time does.
        """
        with suppress(OSError):
            old = old_workers(ask(self.master, "show proc"))
            for pid in old[: max(0, len(old) - most)]:
                os.kill(pid, signal.SIGTERM)


def old_workers(said: str) -> list[int]:
    """The process ids of those that ``show proc`` lists as old, the oldest first."""
    _, _, old = said.partition("# old workers")
    old = old.partition("# programs")[0]
    found = re.findall(r"^([0-9]+)\s+worker\s+([0-9]+)", old, re.M)
    return [int(pid) for pid, _ in sorted(found, key=lambda each: -int(each[1]))]


def ask(place: Path, question: str) -> str:
    """What HAProxy answers on one of its sockets. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(SAYS)
        line.connect(str(place))
        line.sendall(f"{question}\n".encode())
        return b"".join(iter(lambda: line.recv(65536), b"")).decode(errors="replace")
