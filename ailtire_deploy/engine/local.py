"""The engine on this machine, over its socket, with the standard library alone: it is loaded at once."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse

from ailtire_deploy.engine.transport import CONNECT_TIMEOUT, POOL, Answer, Request

PIECE = 64 * 1024  # bytes


class Local:
    """A transport to the socket at ``path``."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._idle: list[_Connection] = []
        self._closed = False

    def send(self, request: Request) -> Answer:
        connection = self._kept() or _Connection(self._path)
        try:
            if connection.sock is None:
                connection.connect()
            connection.live.settimeout(request.silence)
            with suppress(BrokenPipeError):  # who does not want all of it may have answered already
                connection.request(request.method, request.target, request.body, dict(request.headers))
            response = connection.getresponse()
            if response.status < 200:
                raise HTTPException(f"an answer with the status {response.status} was not asked for")
            return _Answer(connection, response, self._keep)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        self._closed = True
        while connection := self._kept():
            connection.close()

    def _kept(self) -> _Connection | None:
        """A connection that was kept and is still open."""
        while self._idle:
            with suppress(IndexError):  # another thread took it
                connection = self._idle.pop()
                if connection.is_quiet():
                    return connection
                connection.close()
        return None

    def _keep(self, connection: _Connection) -> None:
        if self._closed or len(self._idle) >= POOL:
            connection.close()
        else:
            self._idle.append(connection)


class _Connection(HTTPConnection):
    """One to a socket of this machine; ``live`` is that socket, also when an answer is its last."""

    live: socket.socket

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = self.live = socket.socket(socket.AF_UNIX)
        self.live.settimeout(CONNECT_TIMEOUT)
        self.live.connect(self._path)

    def is_quiet(self) -> bool:
        """Whether nothing came since the last answer; what comes then is the end."""
        poll = select.poll()
        poll.register(self.live, select.POLLIN)
        return not poll.poll(0)


class _Answer:
    """An answer over one connection, which is kept when all of it was read."""

    def __init__(
        self, connection: _Connection, response: HTTPResponse, keep: Callable[[_Connection], None]
    ) -> None:
        self._connection = connection
        self._response = response
        self._keep = keep
        self._lock = threading.Lock()
        self._whole = self._closed = False
        self.status = response.status

    def read(self) -> bytes:
        try:
            found = self._response.read()
            self._whole = True
            return found
        finally:
            self.close()

    def pieces(self) -> Iterator[bytes]:
        if not self._response.chunked:  # of these ``read1`` does not say when they break off
            yield from filter(None, [self.read()])
            return
        while piece := self._response.read1(PIECE):
            yield piece
        self._whole = True

    def cut(self) -> None:
        with self._lock, suppress(OSError):  # it has ended already
            if not self._closed:
                self._connection.live.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return  # the connection may carry another answer by now
            self._closed = True
        self._response.close()
        if self._whole and self._connection.sock is not None:
            self._keep(self._connection)
        else:
            self._connection.close()
