"""Row 10 of the table "control": programs that write without measure, and readers who are slow or leave.

Small in every run, longer with `make prove`. The programs wait for a sign, and end by themselves after it.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.proof import Proof
from tests.swarm import Swarm, eventually
from tests.system.small import cleaned, write

TABLE = "control"
PORT = 8107
MEBIBYTE = 1 << 20
SECONDS = 6
MORE = 24 * MEBIBYTE  # what a flood and its readers may add to the controller's memory at most
FREED = 5.0  # seconds
PROGRAM = (Path(__file__).parent / "flooding.py").read_text()
KEPT = {"driver": "json-file", "options": {"max-size": "20m", "max-file": "2"}}


def writing(size: int) -> dict[str, Any]:
    """A service that writes lines of a size, once it is told for how long."""
    command = ["python3", "-u", "-c", PROGRAM, str(size)]
    return {"image": "ailtire-demo/echo", "command": command, "logging": KEPT, "stop_grace_period": "1s"}


@dataclass(frozen=True)
class Flooded:
    """The stack, from outside and from inside of its controller."""

    swarm: Swarm
    token: str

    def flood(self, service: str, seconds: int) -> None:
        self.swarm.inside(f"flood_{service}").check_output(
            f"echo {seconds} > /tmp/wait && mv /tmp/wait /tmp/go"
        )

    def rate(self, service: str) -> float:
        """How many megabytes a second the engine took in the last flood."""
        return float(self.swarm.inside(f"flood_{service}").check_output("cat /tmp/rate")) / 1e6

    def get(self, path: str) -> Any:
        return self.swarm.http("GET", f"/_admin/{path}", port=PORT, token=self.token, timeout=20)

    def streams(self) -> int:
        found = re.search(r"^ailtire_streams\{[^}]*\} ([0-9.]+)$", self.get("metrics").text, re.M)
        assert found
        return int(float(found[1]))

    def memory(self) -> tuple[int, int]:
        """The bytes that the controller's process holds, and the most that it ever held."""
        said = self.swarm.inside("flood_admin").check_output("cat /proc/[0-9]*/status")
        now, most = (re.findall(rf"{name}:\s+([0-9]+) kB", said) for name in ("VmRSS", "VmHWM"))
        return max(map(int, now)) * 1024, max(map(int, most)) * 1024

    @contextmanager
    def follower(self, query: str, pause: float) -> Iterator[socket.socket]:
        """Somebody who follows a log, and takes a little of it each ``pause`` seconds."""
        with socket.create_connection((self.swarm.address, PORT), 0.5) as line, _reading(line, pause):
            head = f"GET /_admin/log?follow=true&{query} HTTP/1.1\r\nHost: flood\r\n"
            line.sendall(f"{head}Authorization: Bearer {self.token}\r\n\r\n".encode())
            yield line


@contextmanager
def _reading(line: socket.socket, pause: float) -> Iterator[None]:
    end = threading.Event()

    def read() -> None:
        while not end.wait(pause):
            try:
                line.recv(65536 if not pause else 512)
            except TimeoutError:
                continue
            except OSError:
                return

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        end.set()
        line.close()
        reader.join()


@dataclass
class Times:
    """How long answers took, by as many callers at once."""

    call: Callable[[], Any]
    callers: int = 4
    taken: list[float] = field(default_factory=list)
    wrong: int = 0

    @contextmanager
    def measured(self) -> Iterator[None]:
        end = threading.Event()
        with ThreadPoolExecutor(self.callers) as pool:
            for _ in range(self.callers):
                pool.submit(self._ask, end)
            try:
                yield
            finally:
                end.set()

    def _ask(self, end: threading.Event) -> None:
        while not end.wait(0.02):
            begun = time.monotonic()
            self.wrong += self.call().status_code != 200
            self.taken.append(time.monotonic() - begun)

    @property
    def p99(self) -> float:
        return sorted(self.taken)[int(len(self.taken) * 0.99)]


@pytest.fixture(scope="module")
def flooded(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flooded]:
    services = {"flood": writing(100), "wide": writing(10**7)}
    file = write(tmp_path_factory.mktemp("flood"), "flood", services, PORT)
    with cleaned(swarm, "flood"):
        swarm.cli("apply", file, code=0)
        yield Flooded(swarm, swarm.cli("token", "flood", code=0).out.strip())


def measure(
    flooded: Flooded, service: str, seconds: int, readers: int, most_of_p99: float
) -> dict[str, bool]:
    """One flood, with readers who are fast, slow, and who leave; what of it was as it should be."""
    eventually(lambda: flooded.streams() == 0, 40)
    before, _ = flooded.memory()
    alone = Times(lambda: flooded.get("status"))
    with alone.measured():
        time.sleep(2)
    times = Times(lambda: flooded.get("status"))
    flooded.flood(service, seconds)
    time.sleep(1)
    with ExitStack() as staying:
        for number in range(readers):
            staying.enter_context(flooded.follower(f"service={service}", 0.5 if number % 2 else 0))
        with times.measured():
            until = time.monotonic() + seconds - 2
            while time.monotonic() < until:
                with flooded.follower("tail=10000&format=json", 0):
                    time.sleep(0.7)
        begun = flooded.streams()
    left = time.monotonic()
    eventually(lambda: flooded.streams() == 0, 60, pause=0.2)
    freed = time.monotonic() - left
    after, most = flooded.memory()
    print(
        f"{service}, {flooded.rate(service):.0f} MB/s: {len(times.taken)} answers, p99 {times.p99:.2f} s, "
        f"{times.wrong} wrong; alone p99 {alone.p99:.2f} s; "
        f"{begun} followed, freed after {freed:.1f} s; "
        f"{before / MEBIBYTE:.0f} MiB before, {after / MEBIBYTE:.0f} after, {most / MEBIBYTE:.0f} at most"
    )
    return {
        "status": times.p99 <= most_of_p99 and not times.wrong and len(times.taken) > 10,
        "memory": most - before <= MORE,
        "freed": freed <= FREED and begun >= readers,
    }


def count(
    flooded: Flooded, prove_report: Proof, rounds: int, seconds: int, readers: int, most_of_p99: float
) -> None:
    found = [
        (service, what, good)
        for _ in range(rounds)
        for service in ("flood", "wide")
        for what, good in measure(flooded, service, seconds, readers, most_of_p99).items()
    ]
    missed = [each for each in found if not each[2]]
    what = f"floods of {seconds} s with {readers} readers: status, memory, and who left"
    prove_report(10, len(found) - len(missed), len(found), what, TABLE)
    assert missed == []


@pytest.mark.small
def test_a_flood_and_endless_lines_harm_nobody(flooded: Flooded, prove_report: Proof) -> None:
    """On whatever machine, in whatever company: the second of the table is for the long rounds."""
    count(flooded, prove_report, 1, SECONDS, 4, 10.0)


@pytest.mark.prove
def test_floods_again_and_again_harm_nobody(flooded: Flooded, prove_report: Proof) -> None:
    count(flooded, prove_report, 3, 15, 12, 1.0)
