"""An HTTP connection with one deadline for all it does: finding the address, connecting, sending, reading.

A socket's own timeout starts again with every byte, so somebody who sends one now and then would hold a
caller for ever. Here every wait is for what is left of the time.
"""

from __future__ import annotations

import socket
import threading
import time
from http.client import HTTPConnection
from queue import Empty, SimpleQueue
from typing import Any


class _Socket(socket.socket):
    """A socket whose every wait ends at ``until`` (of the monotonic clock)."""

    until = 0.0

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        self.wait_no_longer()
        return super().recv_into(*arguments, **options)

    def sendall(self, *arguments: Any, **options: Any) -> None:
        self.wait_no_longer()
        super().sendall(*arguments, **options)

    def wait_no_longer(self) -> None:
        """Raises TimeoutError when the time is over."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.settimeout(left)


class Connection(HTTPConnection):
    """One connection to ``host:port`` that lives for ``budget`` seconds, unless ``allow`` gives it more."""

    def __init__(self, host: str, budget: float) -> None:
        super().__init__(host)
        self.budget = budget
        self._until = time.monotonic() + budget
        self._live: _Socket | None = None

    def connect(self) -> None:
        """Try every address the name has. Raises OSError, the last one's."""
        failure: OSError = ConnectionError("no address")
        found = addresses(self.host, self.port, self._until - time.monotonic())
        for family, kind, protocol, _, address in found:
            try:
                self.sock = self._live = self._connected(_Socket(family, kind, protocol), address)
                return
            except OSError as error:
                failure = error
        raise failure

    def _connected(self, made: _Socket, address: Any) -> _Socket:
        made.until = self._until
        try:
            made.wait_no_longer()
            made.connect(address)
        except OSError:
            made.close()
            raise
        return made

    def allow(self, seconds: float) -> None:
        """From now on the deadline is this many seconds away."""
        self._until = time.monotonic() + seconds
        if self._live is not None:  # ``sock`` is gone as soon as an answer begins that ends the connection
            self._live.until = self._until


def addresses(host: str, port: int, seconds: float) -> Any:
    """As ``getaddrinfo``, which has no deadline: one of Docker's networks may lack an answer for long."""
    answer: SimpleQueue[Any] = SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            answer.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answer.get(timeout=max(0.0, seconds))
    except Empty:
        raise TimeoutError("timed out") from None
    if isinstance(found, Exception):
        raise found
    return found
