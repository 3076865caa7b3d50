"""How gateways look after tasks: what follows from a definition, and what a real HAProxy makes of it."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import topology
from ailtire_deploy.gateway.haproxy import ask
from ailtire_deploy.model import Route, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import proxy
from ailtire_deploy.topology import LISTENS, Watch
from tests.definitions import service
from tests.proxies import DNS, HAPROXY, Proxy, free_port, running, upstream
from tests.swarm import eventually

FAMILY = "127.0.0.2"


def watched(text: str) -> Watch:
    found = service(text)
    (target,) = {rule.target for rule in rules(Stack(StackPath(("shop",)), services=(found,)))}
    assert target
    return target.watch


def rules(stack: Stack) -> list[topology.Rule]:
    (family,) = (face for face in topology.decide(stack).faces if face.name == "family")
    return [rule for rule in family.rules if rule.target and not rule.target.label.startswith("_")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("interface: {/: 80}", LISTENS),
        ("interface: {/: 80}\nhealthcheck: {test: [CMD, run], interval: 30s}", LISTENS),
        ("interface: {/: {port: 80, slow_start: 10s}}", Watch(slow_start=10_000)),
        ("interface: {/: {port: 80, check: {path: /health}}}", Watch("/health", 2000, 2000, 3)),
        (
            "interface: {/: {port: 80, check: {path: /health}, slow_start: 1500ms}}\n"
            "healthcheck: {test: [CMD, run], interval: 5s, timeout: 1s, retries: 2}",
            Watch("/health", 5000, 1000, 2, 1500),
        ),
        (
            "interface: {/: {port: 80, check: {path: /health}}}\n"
            "healthcheck: {test: [CMD, run], interval: 10m, timeout: 5m, retries: 40}",
            Watch("/health", 10_000, 10_000, 10),
        ),
        (
            "interface: {/: {port: 80, check: {path: /health}}}\n"
            "healthcheck: {test: [CMD, run], interval: 10ms, timeout: 10ms}",
            Watch("/health", 500, 500, 3),
        ),
    ],
)
def test_a_health_check_gives_the_times_and_a_route_the_path(text: str, expected: Watch) -> None:
    assert watched(text) == expected


def inn(**route: Any) -> Stack:
    check = {"test": ["CMD", "true"], "interval": "500ms", "timeout": "500ms", "retries": 2}
    bar = Service(
        "bar", "bar", routes=(Route("bar", "/", "/", port=80, **route),), options={"healthcheck": check}
    )
    return Stack(StackPath(("inn",)), services=(bar,))


def configured(folder: Path, port: int, stack: Stack) -> bytes:
    shape = topology.decide(stack)
    (folder / "faces.map").write_bytes(proxy.faces_map(shape, {"inn_family": (f"{FAMILY}/32",)}))
    (folder / "routes.map").write_bytes(proxy.routes_map(shape))
    return proxy.gateway(shape, proxy.Place(f"*:{port}", socket=str(folder / "socket")))


def test_a_task_is_asked_for_its_path_and_left_alone_while_it_is_not_well(tmp_path: Path) -> None:
    port = free_port()
    with running(configured(tmp_path, port, inn(check="/health")), port, tmp_path) as gateway:
        bar = gateway.upstreams["inn_bar"]
        eventually(lambda: "GET /health" in bar.seen, 5, "its path is asked for", 0.05)
        assert gateway.ask("/", FAMILY).status == 200
        bar.rude = True
        eventually(lambda: status(gateway) == 503, 5, "nobody is asked any more", 0.05)
        bar.rude = False
        eventually(lambda: status(gateway) == 200, 5, "it is asked again", 0.05)


def status(gateway: Proxy) -> int:
    return gateway.ask("/", FAMILY, method="POST").status


TWO = re.compile(r"server-template (\S+) 1-\d+ tasks\.inn_bar:80(.*)")


@contextmanager
def two_tasks(folder: Path, stack: Stack) -> Iterator[tuple[Proxy, Path]]:
    """A gateway with two tasks of one service on the loopback; gives its socket, too."""
    port = free_port()
    with upstream("one") as one, upstream("two") as two:
        ports = enumerate((one.port, two.port))
        servers = "\n    ".join(rf"server \g<1>{number} 127.0.0.1:{at}\2" for number, at in ports)
        text = TWO.sub(servers, configured(folder, port, stack).decode())
        (folder / "proxy.cfg").write_text(text.replace(DNS, "").replace(" tasks.inn_admin:", " 127.0.0.1:"))
        log, socket = folder / "log", folder / "socket"
        with subprocess.Popen(
            [HAPROXY, "-db", "-f", folder / "proxy.cfg"], stdout=subprocess.DEVNULL
        ) as made:
            try:
                eventually(socket.exists, 10, "it listens", 0.05)
                yield Proxy(port, {"one": one, "two": two}, log), socket
            finally:
                made.terminate()


def share(gateway: Proxy) -> float:
    """How much of 40 requests the second task gets."""
    return sum(gateway.ask("/", FAMILY).by == "two" for _ in range(40)) / 40


@pytest.mark.parametrize("slow", [0.0, 3.0], ids=["at once", "slowly"])
def test_a_task_that_comes_gets_its_share_at_once_or_slowly_if_asked(tmp_path: Path, slow: float) -> None:
    with two_tasks(tmp_path, inn(slow_start=slow)) as (gateway, socket):
        ask(socket, "set server bar/bar1 state maint")
        assert share(gateway) == 0.0
        ask(socket, "set server bar/bar1 state ready")
        begun = time.monotonic()
        eventually(lambda: gateway.ask("/", FAMILY).by == "two", 2, "it is asked after one good look", 0.01)
        first = share(gateway)
        assert first <= 0.3 if slow else first == 0.5
        time.sleep(max(0.0, begun + slow + 0.5 - time.monotonic()))
        assert share(gateway) == 0.5


class Names:
    """A DNS that knows one name and counts what it is asked, in place of the engine's."""

    def __init__(self, known: str) -> None:
        self.known, self.asked = known, Counter[str]()
        self.line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.line.bind(("127.0.0.1", 0))
        self.port = self.line.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            question, caller = self.line.recvfrom(9999)
            self.line.sendto(self.answer(question), caller)

    def answer(self, question: bytes) -> bytes:
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += question[at] + 1
        name, kind = ".".join(labels), question[at + 2]
        self.asked[name] += 1
        asked = question[12 : at + 5]
        if name != self.known or kind != 1:
            return question[:2] + struct.pack(">5H", 0x8183, 1, 0, 0, 0) + asked
        address = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + bytes([127, 0, 0, 1])
        return question[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0) + asked + address


def test_no_name_is_asked_for_more_than_about_twice_a_second(tmp_path: Path) -> None:
    """Each missing name is two questions, as both kinds of address are asked for."""
    names, seconds = Names("tasks.inn_bar"), 8.0
    text = (
        configured(tmp_path, free_port(), inn()).decode().replace("127.0.0.11:53", f"127.0.0.1:{names.port}")
    )
    (tmp_path / "proxy.cfg").write_text(text)
    with subprocess.Popen([HAPROXY, "-db", "-f", tmp_path / "proxy.cfg"], stdout=subprocess.DEVNULL) as made:
        try:
            eventually(lambda: names.asked["tasks.inn_bar"] > 4, 10, "it asks", 0.05)
            names.asked.clear()
            time.sleep(seconds)
            asked = {name: count / seconds for name, count in names.asked.items()}
        finally:
            made.terminate()
    print(asked)
    assert 1.0 <= asked["tasks.inn_bar"] <= 2.2
    assert 1.0 <= asked["tasks.inn_admin"] <= 2.3
