"""The server against hostile clients, on loopback: honest callers notice nothing, nobody stays for ever."""

from __future__ import annotations

import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from ailtire_deploy.ports import LogLine, Stop
from ailtire_deploy.rest import app, server
from tests.rest.client import NOW, Remembering, bearer

HEADERS = {"Authorization": bearer()}


class Endless(Remembering):
    """A log that goes on until somebody says stop; ``readers`` counts those who read it."""

    readers = 0
    text = "x" * 1000

    def log(self, *arguments: Any, **options: Any) -> Iterator[LogLine | None]:
        return self._lines(arguments[-1], arguments[0].follow)

    def _lines(self, stop: Stop, follow: bool) -> Iterator[LogLine | None]:
        self.readers += 1
        try:
            yield LogLine("shop/web.1", "stdout", "", "first")
            while not stop.is_set():
                yield LogLine("shop/web.1", "stdout", "", self.text) if not follow else None
                if follow:
                    time.sleep(0.02)
        finally:
            self.readers -= 1


@dataclass
class Served:
    port: int
    controller: Endless
    stop: threading.Event
    thread: threading.Thread

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", headers=HEADERS, timeout=5, **options)

    def connect(self, sent: bytes) -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # who does not read shall be noticed soon
        made.settimeout(5)
        made.connect(("127.0.0.1", self.port))
        made.sendall(sent)
        return made

    def says(self, sent: bytes) -> bytes:
        """Everything that comes back until the server ends the connection."""
        with self.connect(sent) as connection:
            received = b""
            while piece := connection.recv(65536):
                received += piece
        return received


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(server, "WHOLE", 1.5)
    controller, stop = Endless(), threading.Event()
    made = server.make(app(controller, stop=stop, now=lambda: NOW), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=(made, stop))
    thread.start()
    try:
        yield Served(int(made.effective_port), controller, stop, thread)
    finally:
        stop.set()
        thread.join()


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """As soon as it is true; a busy machine may take its time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.02)


def test_an_honest_caller_is_served(served: Served) -> None:
    found = served.get("/_admin/status")
    assert (found.status_code, found.json()["name"]) == (200, "shop")
    assert "Server" not in found.headers
    assert requests.head(f"http://127.0.0.1:{served.port}/_admin/health", timeout=5).status_code == 200


SLOW = {
    "headers that never end": b"GET /_admin/status HTTP/1.1\r\nHost: a\r\nX-Slow: ",
    "a body that never comes": b"POST /_admin/update HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{",
    "chunks that never end": b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "nothing at all": b"",
}


@pytest.mark.parametrize("slow", SLOW)
def test_beside_a_hundred_slow_callers_an_honest_one_waits_for_nothing(served: Served, slow: str) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(served.connect(SLOW[slow]))
        times = []
        for _ in range(20):
            started = time.monotonic()
            assert served.get("/_admin/status").status_code == 200
            times.append(time.monotonic() - started)
    assert max(times) < 10


def test_a_caller_who_sends_a_byte_now_and_then_is_cut_off(served: Served) -> None:
    with served.connect(SLOW["headers that never end"]) as connection:
        started = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - started < 10:
                connection.sendall(b"x")
                time.sleep(0.1)
        assert time.monotonic() - started < 10


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


FLOODS = {
    "one huge body": (b"Content-Length: 1000000000\r\n\r\n", b"x" * 65536),
    "endless chunks": (b"Transfer-Encoding: chunked\r\n\r\n", b"4000\r\n" + b"x" * 0x4000 + b"\r\n"),
    "endless small chunks": (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 4096),
    "endless headers": (b"", b"X-A: " + b"x" * 8000 + b"\r\n"),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_cut_off_and_takes_no_memory(served: Served, flood: str) -> None:
    """The callers send 64 MiB each, as far as they are let."""
    head, piece = FLOODS[flood]
    started, before = time.monotonic(), resident()
    for _ in range(4):
        with served.connect(b"POST /_admin/update HTTP/1.1\r\nHost: a\r\n" + head) as connection:
            sent = 0
            with suppress(OSError):
                while sent < 64 << 20:
                    sent += connection.send(piece)
            assert sent < 32 << 20, "nobody said stop"
    assert resident() - before < 32 << 20
    assert time.monotonic() - started < 20
    assert served.get("/_admin/status").status_code == 200


def test_a_hundred_readers_who_do_not_read_are_cut_off(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = (
        f"GET /_admin/log HTTP/1.1\r\nHost: a\r\nAuthorization: {HEADERS['Authorization']}\r\n\r\n".encode()
    )
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(served.connect(request))
        wait_until(lambda: served.controller.readers == 100)
        assert served.get("/_admin/log").status_code == 503
        assert served.get("/_admin/status").status_code == 200
        monkeypatch.setattr(server, "UNREAD", 0.5)
        wait_until(lambda: served.controller.readers == 0)


def test_a_reader_who_hangs_up_is_noticed(served: Served) -> None:
    with served.get("/_admin/log?follow=true", stream=True) as found:
        assert next(found.iter_lines()) == b"shop/web.1 | first"
        assert served.controller.readers == 1
    wait_until(lambda: served.controller.readers == 0)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /_admin/health HTTP/1.1\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", 431),
        (b"POST /_admin/update HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
        (
            b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + (b"FFFF\r\n" + b"x" * 65535 + b"\r\n") * 8,
            413,
        ),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n{", 400),
        (b"GET /_admin/health HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET /_admin/health HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_gets_a_problem_and_the_door(served: Served, sent: bytes, status: int) -> None:
    head, _, body = served.says(sent).partition(b"\r\n\r\n")
    assert head.split()[1] == str(status).encode()
    assert b"application/problem+json" in head
    assert b"no-store" in head
    assert json.loads(body)["status"] == status


def test_serving_ends_when_it_shall_and_so_do_its_streams(served: Served) -> None:
    with served.get("/_admin/log?follow=true", stream=True) as found:
        lines = found.iter_lines()
        assert next(lines)
        started = time.monotonic()
        served.stop.set()
        assert list(lines) == []
        served.thread.join(timeout=30)
    assert not served.thread.is_alive()
    assert time.monotonic() - started < 30
    with pytest.raises(requests.ConnectionError):
        served.get("/_admin/health")
