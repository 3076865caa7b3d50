"""Waitress, set up for hostile clients: slow ones are cut off, large ones refused.

The reading loop holds slow requests without a thread each; what waitress leaves open is closed here: a
request that never becomes whole, and an answer that nobody takes.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask

from ailtire_deploy.rest import bodies
from ailtire_deploy.rest.application import HEADERS
from ailtire_deploy.rest.problems import problem
from ailtire_deploy.rest.protocol import Stop

THREADS = 128
CONNECTIONS = 1000
IDLE = 5  # seconds without a byte
WHOLE = 10.0  # seconds from a request's first byte to its last
UNREAD = 30.0  # seconds in which a client took nothing of its answer
GRACE = 3.0  # seconds for running calls when serving ends
_BUFFER = 256 * 1024


class _Refusal(ErrorTask):
    """What waitress finds wrong by itself, in the form of all other errors."""

    complete = True

    def execute(self) -> None:
        error = self.request.error  # type: ignore[attr-defined]
        found = problem(error.code, f"the request was not accepted: {error.body}")
        body = bytes(found.body)  # type: ignore[arg-type]
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [*HEADERS.items(), ("Content-Type", found.content_type)]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):
    """One connection, which knows since when a request has been on its way."""

    error_task_class = _Refusal
    begun = 0.0

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.begun = time.time()
        return bool(super().received(data))

    def is_stuck(self, now: float) -> bool:
        """Whether its client lets us wait for the rest of a request, or for room for the answer."""
        late = self.request is not None and now - self.begun > WHOLE
        return late or (self.total_outbufs_len > 0 and now - self.last_activity > UNREAD)


class _Server(TcpWSGIServer):
    channel_class = _Channel

    def maintenance(self, now: float) -> None:
        super().maintenance(now)  # type: ignore[arg-type]
        channels: dict[int, _Channel] = self.active_channels  # type: ignore[assignment]
        for channel in list(channels.values()):
            if channel.is_stuck(now):
                channel.handle_close()  # ``will_close`` would wait until its socket takes something


def make(app: Any, host: str, port: int) -> _Server:
    """A server that listens already; ``port`` 0 lets the system choose ``effective_port``."""
    settings = Adjustments(
        listen=f"{host}:{port}",
        threads=THREADS,
        connection_limit=CONNECTIONS,
        backlog=CONNECTIONS,
        channel_timeout=IDLE,
        cleanup_interval=1,
        channel_request_lookahead=1,  # else nobody notices that the reader of a log has gone
        max_request_header_size=16 * 1024,
        max_request_body_size=bodies.LIMIT + 1,
        inbuf_overflow=bodies.LIMIT + 1,  # nothing is written to disk
        outbuf_overflow=2 * _BUFFER,
        outbuf_high_watermark=_BUFFER,
        asyncore_use_poll=True,
        expose_tracebacks=False,
        log_socket_errors=False,
        ident="",
    )
    return _Server(app, map={}, adj=settings)


def serve(app: Any, port: int, stop: Stop, host: str = "0.0.0.0") -> None:
    """Serve until ``stop`` is set, then let running calls end. Raises OSError when the port is taken."""
    logging.getLogger("waitress").setLevel(logging.ERROR)  # a reader who hangs up is no news
    run(make(app, host, port), stop)


def run(server: _Server, stop: Stop) -> None:
    """Serve with a server that was made before."""
    try:
        while not stop.is_set():
            _turn(server)
    finally:
        _end(server)


def _turn(server: Any) -> None:
    """One look at all connections. The types of waitress do not tell of its map."""
    server.asyncore.loop(timeout=0.2, use_poll=True, map=server._map, count=1)


def _end(server: Any) -> None:
    """Take no new connection, give running calls a moment, close what is left."""
    server.accepting = False
    server.del_channel()
    server.socket.close()
    until = time.time() + GRACE
    while time.time() < until and any(map(_is_busy, list(server.active_channels.values()))):
        _turn(server)
    server.task_dispatcher.shutdown(timeout=0.5)
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    server.trigger.close()


def _is_busy(channel: _Channel) -> bool:
    return bool(channel.requests or channel.total_outbufs_len)
