"""The engine on this machine, over its socket, with the standard library alone: it is loaded at once."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse

from ailtire_deploy.engine.transport import CONNECT_TIMEOUT, POOL, Answer

PIECE = 64 * 1024  # bytes


class Local:
    """A transport to the socket at ``path``."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._idle: list[_Connection] = []

    def send(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        silence: float | None,
    ) -> Answer:
        connection = self._kept() or _Connection(self._path)
        try:
            if connection.sock is None:
                connection.connect()
            connection.live.settimeout(silence)
            with suppress(BrokenPipeError):  # who does not want all of it may have answered already
                connection.request(method, target, body, dict(headers))
            return _Answer(connection, connection.getresponse(), self._idle)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _kept(self) -> _Connection | None:
        """A connection that was kept and is still open."""
        while self._idle:
            with suppress(IndexError):  # another thread took it
                connection = self._idle.pop()
                if connection.is_quiet():
                    return connection
                connection.close()
        return None


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
    """An answer over one connection, which goes back to ``idle`` when it was read to its end."""

    def __init__(self, connection: _Connection, response: HTTPResponse, idle: list[_Connection]) -> None:
        self._connection = connection
        self._response = response
        self._idle = idle
        self._closed = False
        self.status = response.status

    def read(self) -> bytes:
        try:
            return self._response.read()
        finally:
            self.close()

    def pieces(self) -> Iterator[bytes]:
        if self._response.chunked:
            return iter(lambda: self._response.read1(PIECE), b"")
        return filter(None, [self.read()])  # of these ``read1`` does not say when they break off

    def cut(self) -> None:
        with suppress(OSError):  # it has ended already
            self._connection.live.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._closed:
            return  # the connection may carry another answer by now
        self._closed = True
        connection, whole = self._connection, self._response.isclosed()
        self._response.close()
        if whole and connection.sock is not None and len(self._idle) < POOL:
            self._idle.append(connection)
        else:
            connection.close()
