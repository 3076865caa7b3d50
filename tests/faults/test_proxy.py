"""The fault proxy itself, before a server that remembers what it heard."""

from __future__ import annotations

import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.faults import mishaps
from tests.faults.proxy import FaultProxy, at, at_read, at_write, never, proxied


class Engine(socketserver.ThreadingUnixStreamServer):
    """Answers each call with how many it has heard; /events is a stream, /attach is taken over."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, place: str) -> None:
        super().__init__(place, Answers)
        self.heard: list[str] = []


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Engine

    def address_string(self) -> str:
        return "socket"

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        if self.path.startswith("/v1.41/events"):
            return self.stream()
        return self.count()

    def do_POST(self) -> None:
        if self.path.startswith("/v1.41/attach"):
            return self.take_over()
        return self.count()

    def count(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.heard.append(f"{self.command} {self.path} {sent.decode()}".strip())
        body = json.dumps(len(self.server.heard)).rjust(100).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(50):
            text = f"event {number}\n"
            self.wfile.write(f"{len(text):x}\r\n{text}\r\n".encode())
            self.wfile.flush()
            time.sleep(0.1)

    def take_over(self) -> None:
        self.wfile.write(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        while heard := self.rfile.readline():
            self.wfile.write(heard.upper())
        self.close_connection = True


class Client(HTTPConnection):
    """One call to a socket."""

    def __init__(self, place: str) -> None:
        super().__init__("docker", timeout=5)
        self.place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.place)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(str(tmp_path / "engine.sock")) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(engine: Engine, tmp_path: Path) -> Iterator[FaultProxy]:
    with proxied(str(tmp_path / "engine.sock"), tmp_path) as found:
        yield found


def ask(proxy: FaultProxy, method: str = "GET", path: str = "/v1.41/tasks", body: str = "") -> object:
    client = Client(proxy.socket)
    try:
        client.request(method, path, body or None)
        answer = client.getresponse()
        return json.loads(answer.read()) if answer.status == 200 else answer.status
    finally:
        client.close()


def test_what_is_asked_and_answered_passes_and_is_numbered(proxy: FaultProxy, engine: Engine) -> None:
    assert [ask(proxy), ask(proxy, "POST", "/v1.41/services/create?x=1", "long" * 50000), ask(proxy)] == [
        1,
        2,
        3,
    ]
    assert [str(call) for call in proxy.calls] == [
        "read 1 (GET /tasks)",
        "write 1 (POST /services/create)",
        "read 2 (GET /tasks)",
    ]
    assert [call.number for call in proxy.calls] == [1, 2, 3]
    assert {call.peer for call in proxy.calls} == {os.getpid()}
    assert engine.heard[1].endswith("long" * 50000)
    proxy.begin()
    assert (proxy.reads, proxy.writes) == (0, 0)


@pytest.mark.parametrize(("mishap", "delivered"), [(mishaps.refuse, 0), (mishaps.lose, 1)])
def test_a_call_or_its_answer_is_lost(
    proxy: FaultProxy, engine: Engine, mishap: mishaps.Mishap, delivered: int
) -> None:
    proxy.begin(at(2, mishap))
    ask(proxy)
    with pytest.raises((HTTPException, OSError)):
        ask(proxy, "POST")
    assert len(engine.heard) == 1 + delivered
    assert ask(proxy) == 2 + delivered


@pytest.mark.parametrize(("mishap", "delivered"), [(mishaps.crash_before, 0), (mishaps.crash_after, 1)])
def test_whoever_asks_is_killed_before_or_after(
    proxy: FaultProxy, engine: Engine, mishap: mishaps.Mishap, delivered: int
) -> None:
    proxy.begin(at_write(1, mishap))
    script = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.sendall(b'POST /v1.41/x HTTP/1.1\\r\\nHost: d\\r\\nContent-Length: 0\\r\\n\\r\\n'); s.recv(9)"
        "; import time; time.sleep(20)"
    )
    with subprocess.Popen([sys.executable, "-c", script, proxy.socket]) as process:
        assert process.wait(10) == -signal.SIGKILL
        assert [call.peer for call in proxy.killed] == [process.pid]
    assert len(engine.heard) == delivered


def test_a_request_arrives_twice(proxy: FaultProxy, engine: Engine) -> None:
    proxy.begin(at_write(1, mishaps.twice))
    assert ask(proxy, "POST", body="once") == 2
    assert engine.heard == ["POST /v1.41/tasks once"] * 2


def test_an_answer_is_cut_short(proxy: FaultProxy) -> None:
    proxy.begin(at_read(1, mishaps.cut))
    with pytest.raises(HTTPException):
        ask(proxy)


def test_a_call_fails_hangs_or_is_late(proxy: FaultProxy, engine: Engine) -> None:
    proxy.begin(at(1, mishaps.fail(503)))
    assert (ask(proxy), ask(proxy)) == (503, 1)
    proxy.begin(at(1, mishaps.late(0.4)))
    begun = time.monotonic()
    assert ask(proxy) == 2
    assert time.monotonic() - begun > 0.4
    proxy.begin(at(1, mishaps.hang))
    client = Client(proxy.socket)
    client.timeout = 0.3
    client.request("GET", "/v1.41/tasks")
    with pytest.raises(TimeoutError):
        client.getresponse()
    client.close()
    assert len(engine.heard) == 2


def test_an_answer_is_that_of_an_earlier_moment(proxy: FaultProxy) -> None:
    old = mishaps.stale()
    proxy.begin(lambda call: old)
    assert [ask(proxy), ask(proxy), ask(proxy, path="/v1.41/nodes")] == [1, 1, 2]
    proxy.begin()
    assert ask(proxy) == 3


def test_a_stream_comes_piece_by_piece_or_without_any_event(proxy: FaultProxy) -> None:
    for rule, expected in ((never, True), (mishaps.without_events, False)):
        proxy.begin(rule)
        client = Client(proxy.socket)
        client.timeout = 0.7
        client.request("GET", "/v1.41/events")
        answer = client.getresponse()
        assert answer.status == 200
        if expected:
            assert answer.readline() == b"event 0\n", "long before the stream ends"
        else:
            with pytest.raises(TimeoutError):
                answer.readline()
        client.close()
        answer.close()
    assert proxy.calls == [], "a stream bears no number"


def test_a_connection_that_is_taken_over_speaks_both_ways(proxy: FaultProxy) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(proxy.socket)
        head = "POST /v1.41/attach HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        client.sendall(head.encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 101")
        for word in (b"one\n", b"two\n"):
            client.sendall(word)
            assert client.recv(4096) == word.upper()
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""


def test_a_share_of_the_calls_goes_wrong(proxy: FaultProxy) -> None:
    draws = iter([0.1, 0.9, 0.5, 0.2, 0.0])
    proxy.begin(mishaps.some(lambda: next(draws), 0.3, [mishaps.fail(500), mishaps.fail(503)]))
    assert [ask(proxy), ask(proxy), ask(proxy)] == [503, 1, 500]
