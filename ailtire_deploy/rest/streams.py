"""Answers without a known end: log lines as they come, with a heartbeat, and never too many at once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

from ailtire_deploy import log_lines
from ailtire_deploy.controller.journal import Event
from ailtire_deploy.errors import AiltireError
from ailtire_deploy.ports import LogLine
from ailtire_deploy.rest.problems import HttpError
from ailtire_deploy.views import plain

TEXT = "text/plain; charset=utf-8"
LINES = "application/x-ndjson"
EVENTS = "text/event-stream"
LIMIT = 100  # of the server's 128 threads: the rest is for calls that end soon
HEARTBEAT = b"\n"
SIGN = b":\n\n"  # the same among server-sent events
BEAT = 1.0  # seconds; only what is written shows a proxy, and then us, that a reader has gone
_CHUNK = 16 * 1024


class Slots:
    """How many streams there may be at once; without a limit slow readers would take every thread."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit, self.taken = limit, 0
        self._lock = threading.Lock()

    def take(self) -> Callable[[], None]:
        """Take one, to be given back, once, by calling what is returned. Raises HttpError 503."""
        with self._lock:
            if self.taken >= self._limit:
                raise HttpError(503, "too many streams are being read at once", Retry_After="10")
            self.taken += 1
        return self._release

    def _release(self) -> None:
        with self._lock:
            self.taken -= 1


class Stream:
    """Chunks of an answer; ends, by itself or when it is closed, by calling every one of ``after``, once."""

    def __init__(self, chunks: Iterator[bytes], *after: Callable[[], Any]) -> None:
        self._chunks, self._after = chunks, list(after)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        while self._after:
            self._after.pop()()


class Until:
    """A ``Stop`` that is set as soon as one of several things is true."""

    def __init__(self, *conditions: Callable[[], bool]) -> None:
        self._conditions = conditions

    def is_set(self) -> bool:
        return any(condition() for condition in self._conditions)


def as_text(line: LogLine) -> bytes:
    """A line behind its source. What would steer a terminal is shown and not obeyed."""
    return (plain.line(f"{_before(line)}{line.text}") + "\n").encode(errors="replace")


def as_raw_text(line: LogLine) -> bytes:
    """The same with a text as the program wrote it."""
    return f"{plain.line(_before(line))}{line.text}\n".encode(errors="replace")


def _before(line: LogLine) -> str:
    return f"{line.source} {log_lines.mark(line)} "


def as_json(line: LogLine) -> bytes:
    return json.dumps(log_lines.as_json(line)).encode() + b"\n"


def encoded(lines: Iterator[LogLine | None], encode: Callable[[LogLine], bytes]) -> Iterator[bytes]:
    """Lines as bytes, several at a time where they come at once. An error becomes the last line.

    The first item is taken before this returns, so that an error in it is still an answer of its own.
    """
    return _chunks(_with_first(next(lines, _END), lines), encode)


_END = LogLine("", "", "", "")


def _with_first(first: LogLine | None, lines: Iterator[LogLine | None]) -> Iterator[LogLine | None]:
    if first is _END:
        return
    yield first
    try:
        yield from lines
    except AiltireError as error:
        yield log_lines.note("ailtire", f"the log ends here: {error}")
    finally:
        close(lines)


def _chunks(lines: Iterator[LogLine | None], encode: Callable[[LogLine], bytes]) -> Iterator[bytes]:
    held = b""
    for line in lines:
        held += encode(line) if line else HEARTBEAT
        if line is None or len(held) >= _CHUNK:
            yield held
            held = b""
    if held:
        yield held


def live(lines: Iterator[LogLine | None], encode: Callable[[LogLine], bytes]) -> Iterator[bytes]:
    """Like ``encoded`` for somebody who follows: nothing waits for more, and silence shows signs of life."""
    return _beating(_with_first(next(lines, _END), lines), encode, time.monotonic)


def _beating(
    lines: Iterator[LogLine | None], encode: Callable[[LogLine], bytes], clock: Callable[[], float]
) -> Iterator[bytes]:
    held, last = b"", clock()
    for line in lines:
        held += encode(line) if line else b""
        if len(held) >= _CHUNK or (line is None and (held or clock() - last >= BEAT)):
            last = clock()
            yield held or HEARTBEAT
            held = b""
    if held:
        yield held


def sent(found: Iterator[Event | None]) -> Iterator[bytes]:
    """Server-sent events; the first is taken before this returns: an error in it is an answer of its own."""
    return _sent(next(found, None), found, time.monotonic)


def _sent(first: Event | None, rest: Iterator[Event | None], clock: Callable[[], float]) -> Iterator[bytes]:
    last = clock()
    for each in chain((first,), rest):
        if each or clock() - last >= BEAT:
            last = clock()
            yield as_event(each) if each else SIGN


def as_event(event: Event) -> bytes:
    """One event. JSON stands on one line, so no text in it can end an event."""
    return f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(dict(event.data))}\n\n".encode()


def harmless(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Somebody else's text without the bytes that steer a terminal."""
    steering = bytes(code for code in (*range(9), *range(11, 32), 127))
    return (chunk.translate(None, steering) for chunk in chunks)


def close(chunks: object) -> None:
    """Close an iterator that can be closed."""
    with suppress(AttributeError):
        chunks.close()  # type: ignore[attr-defined]
