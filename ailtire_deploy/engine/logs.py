"""Lines of one task's output, taken out of the engine's frames.

The engine cuts a long line into pieces of 16 KiB, each a frame that repeats the time of the first. They
become one line again, of which the beginning is kept: a program may write a line without an end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ailtire_deploy.ports import NOTE, LogLine

HEADER = 8
STREAMS = {1: "stdout", 2: "stderr"}
ENGINE = 3  # the stream on which the engine itself says why lines are missing
UNBORN = b"has not been scheduled"  # what it says of a task that never ran: nothing is missing there
AWAY = "its node does not answer: lines may be missing"
LONGEST = 1 << 20  # bytes of a frame
LINE = 32 * 1024  # bytes of a line that are kept
_LINES = re.compile(rb"[^\n]*\n|[^\n]+")  # a carriage return, of a progress bar say, is part of a line


@dataclass(slots=True)
class _Line:
    """What has come of a line: its time, its first bytes, and how many were left out."""

    time: bytes
    kept: bytes = b""
    more: int = 0

    def add(self, piece: bytes) -> None:
        room = LINE - len(self.kept)
        self.kept += piece[:room]
        self.more += max(0, len(piece) - room)

    def of(self, source: str, stream: int) -> LogLine:
        cut = f" … ({self.more} more bytes)" if self.more else ""
        text = self.kept.decode(errors="replace") + cut
        return LogLine(source, STREAMS[stream], self.time.decode(errors="replace"), text, self.more)


def query(tail: int, since: float) -> dict[str, Any]:
    """The parameters of a call for logs."""
    return {
        "stdout": "1",
        "stderr": "1",
        "timestamps": "1",
        "tail": str(tail),
        "since": f"{since:.9f}" if since else "0",
        "follow": "0",
    }


def lines(pieces: Iterable[bytes], source: str) -> Iterator[LogLine]:
    """The lines in an answer, however it was cut into pieces."""
    begun: dict[int, _Line] = {}
    for stream, payload in _framed(iter(pieces)):
        if stream == ENGINE and UNBORN not in payload:
            yield LogLine(source, NOTE, "", AWAY)
        if stream in STREAMS and not begun and payload.find(b"\n") == len(payload) - 1 < LINE:
            moment, _, said = payload[:-1].partition(b" ")
            yield _Line(moment, said).of(source, stream)  # almost always
            continue
        for piece in _LINES.findall(payload) if stream in STREAMS else ():
            yield from (line.of(source, stream) for line in _ended(begun, stream, piece))
    yield from (line.of(source, stream) for stream, line in begun.items())


def _ended(begun: dict[int, _Line], stream: int, piece: bytes) -> Iterator[_Line]:
    """The lines that end with, or before, this piece; one that goes on stays in ``begun``."""
    time, _, said = piece.partition(b" ")
    line = begun.pop(stream, None)
    if line and line.time != time:
        yield line
        line = None
    line = line or _Line(time)
    line.add(said.removesuffix(b"\n"))
    if piece.endswith(b"\n"):
        yield line
    else:
        begun[stream] = line


def _framed(pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Stream and payload; the log of a service with a terminal begins with a time, and has no frames."""
    first = next(pieces, b"")
    rest = chain((first,), pieces)
    return _bare(rest) if first[:1].isdigit() else frames(rest)


def _bare(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    buffer = b""
    for piece in pieces:
        *whole, buffer = (buffer + piece).split(b"\n")
        yield from ((1, line.removesuffix(b"\r") + b"\n") for line in whole)
        buffer = buffer[:LONGEST]
    if buffer:
        yield 1, buffer


def frames(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Stream number and payload of each frame. What cannot be a frame ends the reading."""
    buffer = b""
    for piece in pieces:
        buffer, at = buffer + piece, 0
        while len(buffer) - at >= HEADER:
            size = int.from_bytes(buffer[at + 4 : at + HEADER], "big")
            if buffer[at + 1 : at + 4] != b"\0\0\0" or size > LONGEST:
                return
            if len(buffer) - at < HEADER + size:
                break
            yield buffer[at], buffer[at + HEADER : at + HEADER + size]
            at += HEADER + size
        buffer = buffer[at:]
