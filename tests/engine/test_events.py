"""Listening for events goes on whatever happens to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ailtire_deploy.engine import events
from ailtire_deploy.engine.events import Events
from ailtire_deploy.errors import Unreachable


class Wire:
    """An engine whose streams fail, each in its own way, until one brings an event."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.heard = threading.Event()

    @contextmanager
    def stream(self, *what: Any, **query: Any) -> Iterator[Any]:
        if self.failures:
            raise self.failures.pop(0)
        self.heard.set()
        yield _Pieces([b"{}"])


class _Pieces(list[bytes]):
    def close(self) -> None:
        """There is nothing to close."""


def test_neither_an_engine_that_is_away_nor_a_mistake_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PAUSE", 0.01)
    wire = Wire(Unreachable("away"), AttributeError("closed beneath"), RuntimeError("a mistake"))
    listening = Events(wire)  # type: ignore[arg-type]
    listening.wait(0.01)
    assert wire.heard.wait(5)
    listening.close()


class _TakenAway:
    """A stream that somebody closes beneath its reader, who then fails in any way."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    @contextmanager
    def stream(self, *what: Any, **query: Any) -> Iterator[Any]:
        yield self

    def __iter__(self) -> Iterator[bytes]:
        self.closed.wait(5)
        raise AttributeError("'NoneType' object has no attribute 'read'")
        yield b""

    def close(self) -> None:
        self.closed.set()


def test_an_end_under_the_reader_is_no_mistake_to_write_of(caplog: pytest.LogCaptureFixture) -> None:
    listening = Events(_TakenAway())  # type: ignore[arg-type]
    listening.wait(0.1)
    listening.close()
    assert caplog.records == []
