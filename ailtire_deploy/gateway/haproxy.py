"""HAProxy as a child process: a master that keeps the ports while its workers are replaced.

Tried with HAProxy 2.6: a reload (SIGUSR2) hands the listening sockets to a new worker; the old one ends its
requests first. A configuration that passes the check and yet cannot be served leaves the old worker at work,
and the master says nothing: hence the look at which configuration is live.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
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

    def __init__(self, arguments: Sequence[str], stats: Path, states: Path) -> None:
        self.stats, self.states = stats, states
        self.master = states.with_name("master")  # its socket leads to workers that were replaced
        states.touch()
        self.told: int | None = None
        command = [PROGRAM, "-W", "-db", "-S", f"{self.master},mode,600", *arguments]
        self.process = subprocess.Popen(command)

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

    def tell(self, number: int, grace: float = 0.0) -> None:
        """Pass a signal on, ``grace`` seconds later: SIGUSR1 lets requests end, SIGTERM does not wait.

        Not HAProxy's own ``grace``: that holds for reloads too, and old routes would be served on.
        """
        if grace and self.told is None:
            timer = threading.Timer(grace, self.tell, [number])
            timer.daemon = True
            timer.start()
        else:
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

    def serving(self, question: str) -> str:
        """What the worker that serves answers. Raises OSError."""
        return ask(self.stats, question)

    def finishing(self) -> dict[int, Callable[[str], str]]:
        """The workers that only finish what they began, by process id, each as one that can be asked."""
        return {process: partial(self._through_master, process) for process in self._old()}

    def _through_master(self, process: int, question: str) -> str:
        return ask(self.master, f"@!{process};{question}", last=True)

    def _old(self) -> list[int]:
        return children(self.process.pid)[:-1]

    def retire(self, most: int) -> None:
        """End the oldest workers beyond ``most`` that only finish what they began."""
        old = self._old()
        for process in old[: max(0, len(old) - most)]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)


def children(master: int) -> list[int]:
    """The process ids of a process's children, the oldest first."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = each.read_text().rpartition(")")[2].split()
            if int(fields[1]) == master:
                found.append((int(fields[19]), int(each.parent.name)))  # when it started, in ticks
    return [process for _, process in sorted(found)]


def ask(place: Path, question: str, last: bool = False) -> str:
    """What HAProxy answers on one of its sockets. A master wants to know that a question is the ``last``.

    Raises OSError.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(SAYS)
        line.connect(str(place))
        line.sendall(f"{question}\n".encode())
        if last:
            line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b"")).decode(errors="replace")
