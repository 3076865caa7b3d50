"""A client of HTTP/2 without TLS, as gRPC uses it: both sides stream, and trailers come last."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset, TrailersReceived

GRPC = {"content-type": "application/grpc", "te": "trailers"}


@dataclass
class Call:
    """One stream on a connection of its own."""

    line: socket.socket
    connection: H2Connection
    stream: int
    headers: dict[str, str] = field(default_factory=dict)
    trailers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False

    def send(self, piece: bytes) -> None:
        if self.ended:  # refused before all was told
            return
        self.connection.send_data(self.stream, piece)
        self._flush()

    def end(self) -> None:
        if self.ended:
            return
        self.connection.end_stream(self.stream)
        self._flush()

    def until(self, count: int) -> bytes:
        """Wait until so many bytes of the answer are there."""
        while len(self.body) < count and not self.ended:
            self._take()
        return self.body

    def finish(self) -> dict[str, str]:
        """Wait for the end; what the trailers say."""
        while not self.ended:
            self._take()
        return self.trailers

    def _flush(self) -> None:
        self.line.sendall(self.connection.data_to_send())

    def _take(self) -> None:
        received = self.line.recv(65536)
        assert received, "hung up"
        for event in self.connection.receive_data(received):
            if isinstance(event, ResponseReceived):
                self.headers = dict(event.headers)
            elif isinstance(event, TrailersReceived):
                self.trailers = dict(event.headers)
            elif isinstance(event, DataReceived):
                self.body += event.data
                self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.ended = self.ended or isinstance(event, StreamEnded | StreamReset)
        self._flush()


@contextmanager
def call(address: tuple[str, int], host: str, path: str, timeout: float = 10) -> Iterator[Call]:
    """Open a call, its request left open."""
    with socket.create_connection(address, timeout) as line:
        connection = H2Connection(H2Configuration(header_encoding="utf-8"))
        connection.initiate_connection()
        stream = connection.get_next_available_stream_id()
        pseudo = {":method": "POST", ":scheme": "http", ":authority": host, ":path": path}
        connection.send_headers(stream, list({**pseudo, **GRPC}.items()))
        made = Call(line, connection, stream)
        made._flush()
        yield made


def exchange(address: tuple[str, int], host: str, path: str) -> tuple[str, bytes, dict[str, str]]:
    """A call that goes both ways before it ends: its status, what came back, and the trailers."""
    with call(address, host, path) as made:
        made.send(b"one ")
        made.until(4)
        made.send(b"two")
        made.until(7)
        made.end()
        trailers = made.finish()
        return made.headers[":status"], made.body, trailers
