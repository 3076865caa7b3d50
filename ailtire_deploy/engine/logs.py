"""Lines of one task's output, taken out of the engine's frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ailtire_deploy.ports import LogLine

HEADER = 8
STREAMS = {1: "stdout", 2: "stderr"}  # 3 is the engine's own "incomplete log stream"
LONGEST = 1 << 20


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
    """The lines in a stream of frames, however it was cut into pieces."""
    for stream, payload in frames(pieces):
        if stream in STREAMS:
            # Not splitlines: a carriage return (of a progress bar) and others are part of a line.
            for text in payload.decode(errors="replace").removesuffix("\n").split("\n"):
                time, _, said = text.partition(" ")
                yield LogLine(source, STREAMS[stream], time, said)


def frames(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Stream number and payload of each frame. What cannot be a frame ends the reading."""
    buffer = b""
    for piece in pieces:
        buffer += piece
        while len(buffer) >= HEADER:
            size = int.from_bytes(buffer[4:HEADER], "big")
            if buffer[1:4] != b"\0\0\0" or size > LONGEST:
                return
            if len(buffer) < HEADER + size:
                break
            yield buffer[0], buffer[HEADER : HEADER + size]
            buffer = buffer[HEADER + size :]
