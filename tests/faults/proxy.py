"""A proxy before an engine's socket: it numbers every call, and lets the one go wrong that a rule names.

A rule is asked of each call, under a lock, what shall become of it; the answer is one of
``tests.faults.mishaps``. Streams (events, logs) and connections that are taken over (attach, exec) pass
through byte by byte; the rule is asked of them as well, but they bear no number, since when they begin is
nobody's decision.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STREAM = re.compile(r"/events$|/logs$|/attach$|/exec/[^/]+/start$")
LONGEST_HEAD = 65536


@dataclass(frozen=True)
class Call:
    """One request. ``number`` counts all calls from 1, ``turn`` reads and writes apart; a stream has neither.

    ``path`` bears no version and no query; ``peer`` is the process that asked.
    """

    method: str
    path: str
    query: str
    peer: int
    number: int = 0
    turn: int = 0

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD")

    @property
    def streams(self) -> bool:
        return STREAM.search(self.path) is not None

    def __str__(self) -> str:
        return f"{'write' if self.writes else 'read'} {self.turn} ({self.method} {self.path})"


@dataclass
class Exchange:
    """One call and its answer: what a mishap works with. The connection ends with it."""

    call: Call
    request: bytes
    client: socket.socket
    engine: str
    stopped: threading.Event
    killed: list[Call]

    def relay(self, sieve: Callable[[bytes], bytes] = bytes) -> None:
        """Pass everything on in both directions, as it comes, until the engine has said all."""
        with self._sent() as engine, selectors.DefaultSelector() as ears:
            ears.register(self.client, selectors.EVENT_READ)
            ears.register(engine, selectors.EVENT_READ)
            while not self.stopped.is_set():
                for key, _ in ears.select(0.5):
                    heard = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    if key.fileobj is engine:
                        if not heard:
                            return
                        self.client.sendall(sieve(heard))
                    elif heard:
                        engine.sendall(heard)
                    else:  # no more questions; the answer may still be under way
                        ears.unregister(self.client)
                        engine.shutdown(socket.SHUT_WR)

    def deliver(self) -> bytes:
        """Let the engine have the request; its whole answer."""
        with self._sent() as engine:
            return b"".join(iter(lambda: engine.recv(65536), b""))

    def answer(self, data: bytes) -> None:
        """Let the client have an answer, or a part of one."""
        self.client.sendall(data)

    def kill(self) -> None:
        """End whoever asked, as a power failure would."""
        self.killed.append(self.call)
        with suppress(ProcessLookupError):
            os.kill(self.call.peer, signal.SIGKILL)

    def _sent(self) -> socket.socket:
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(self.engine)
        engine.sendall(self.request)
        return engine


Mishap = Callable[[Exchange], None]
Rule = Callable[[Call], Mishap]


def nothing(exchange: Exchange) -> None:
    """The call goes through as if nobody stood between."""
    exchange.relay()


def never(call: Call) -> Mishap:
    """The rule by which nothing goes wrong."""
    return nothing


@dataclass
class FaultProxy:
    """A proxy: ``socket`` is where to call, ``calls`` what was asked, ``killed`` which of them were fatal."""

    engine: str
    socket: str
    rule: Rule = never
    calls: list[Call] = field(default_factory=list)
    killed: list[Call] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        """The address as DOCKER_HOST takes it."""
        return f"unix://{self.socket}"

    @property
    def reads(self) -> int:
        return sum(not call.writes for call in self.calls)

    @property
    def writes(self) -> int:
        return sum(call.writes for call in self.calls)

    def begin(self, rule: Rule = never) -> None:
        """Count from 1 again, under a new rule."""
        with self._lock:
            self.rule = rule
            self.calls.clear()
            self.killed.clear()

    def note(self, call: Call) -> tuple[Call, Mishap]:
        """Give a call its numbers, and ask the rule about it."""
        with self._lock:
            if not call.streams:
                turn = 1 + sum(each.writes == call.writes for each in self.calls)
                call = Call(call.method, call.path, call.query, call.peer, len(self.calls) + 1, turn)
                self.calls.append(call)
            return call, self.rule(call)


class _Server(socketserver.ThreadingUnixStreamServer):
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False
    proxy: FaultProxy


class _Handler(socketserver.BaseRequestHandler):
    """One connection, one call: the engine is asked to close, and so the client is told."""

    server: _Server

    def handle(self) -> None:
        proxy = self.server.proxy
        with suppress(OSError):
            taken = _taken(self.request)
            if taken is None:
                return
            call, mishap = proxy.note(taken[0])
            mishap(Exchange(call, taken[1], self.request, proxy.engine, proxy.stopped, proxy.killed))


def _taken(client: socket.socket) -> tuple[Call, bytes] | None:
    """The request that a client sends, whole; None when it only knocked."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        more = client.recv(65536)
        if not more or len(heard) > LONGEST_HEAD:
            return None
        heard += more
    head, _, rest = heard.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    upgrades = "upgrade" in headers.get("connection", "").lower()
    if not upgrades:
        lines = [line for line in lines if not line.lower().startswith("connection:")] + ["Connection: close"]
    body = _body(client, rest, headers)
    path, _, query = re.sub(r"^/v\d+\.\d+", "", target).partition("?")
    peer = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    return Call(method, path, query, peer), "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _body(client: socket.socket, heard: bytes, headers: dict[str, str]) -> bytes:
    """What follows the head: so many bytes, or chunks to the last one."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while not heard.endswith(b"0\r\n\r\n"):
            heard += _more(client)
    length = int(headers.get("content-length", 0))
    while len(heard) < length:
        heard += _more(client)
    return heard


def _more(client: socket.socket) -> bytes:
    heard = client.recv(65536)
    if not heard:
        raise ConnectionError("the request ends in the middle")
    return heard


@contextmanager
def proxied(engine: str, folder: Path, name: str = "faults.sock") -> Iterator[FaultProxy]:
    """A proxy before an engine's socket for as long as the block runs, on a socket in a folder."""
    place = folder / name
    with _Server(str(place), _Handler) as server:
        server.proxy = proxy = FaultProxy(engine, str(place))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.stopped.set()
            server.shutdown()
            thread.join()
            place.unlink()


def only(matches: Callable[[Call], Any], mishap: Mishap, times: int = 1) -> Rule:
    """A rule that strikes the first so many calls that match."""
    struck: list[Call] = []

    def rule(call: Call) -> Mishap:
        if len(struck) >= times or not matches(call):
            return nothing
        struck.append(call)
        return mishap

    return rule


def at(number: int, mishap: Mishap) -> Rule:
    """A rule that strikes call ``number``, counted over reads and writes."""
    return only(lambda call: call.number == number, mishap)


def at_write(turn: int, mishap: Mishap) -> Rule:
    """A rule that strikes one write."""
    return only(lambda call: call.writes and call.turn == turn, mishap)


def at_read(turn: int, mishap: Mishap) -> Rule:
    """A rule that strikes one read."""
    return only(lambda call: not call.writes and call.turn == turn, mishap)
