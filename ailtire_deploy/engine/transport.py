"""What carries a call to an engine, whichever way leads there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

CONNECT_TIMEOUT = 5.0  # seconds
TIMEOUT = 20.0  # seconds; no wait of more than half a minute without a word
POOL = 64  # connections kept: a controller answers many at once


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: ``target`` is a path with its query; ``silence`` seconds without a byte are too many."""

    method: str
    target: str
    silence: float | None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Answer(Protocol):
    """One answer of the engine, of which only the head has been read.

    Reading raises OSError, HTTPException or ValueError when the answer breaks off.
    """

    @property
    def status(self) -> int:
        """The HTTP status."""

    def read(self) -> bytes:
        """All of the body, once. The connection is free for the next call then."""

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes."""

    def cut(self) -> None:
        """End whatever reads it, from any thread, any number of times."""

    def close(self) -> None:
        """Give the connection back when all was read, and end it otherwise."""


class Transport(Protocol):
    """A way to an engine. Several threads may use it."""

    def send(self, request: Request) -> Answer:
        """Ask once. Raises OSError, HTTPException or ValueError when nobody answers."""

    def close(self) -> None:
        """End all connections that nobody uses."""
