"""The newest lines of many services within bounds: so many lines of each, so many bytes of all together.

One service that talks hides no other: each has its own tail, and where the bytes do not suffice, whoever
holds most of them lets go first.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from ailtire_deploy import log_lines, moments
from ailtire_deploy.ports import NOTE, LogLine

BESIDE = 400  # bytes that a line takes beside its text
WIDE = 4  # bytes of a character, as soon as one of the text needs so many
CUT = "older lines are left out: all together they are too long for one answer"


def size_of(line: LogLine) -> int:
    """The bytes of memory that a line takes."""
    return BESIDE + len(line.text) * (1 if line.text.isascii() else WIDE)


@dataclass(slots=True)
class _Held:
    """The lines of one service as a heap, by time and then in the order in which they came."""

    lines: list[tuple[str, int, LogLine]] = field(default_factory=list)
    size: int = 0
    cut: bool = False

    def add(self, line: LogLine, number: int) -> int:
        heapq.heappush(self.lines, (moments.ordered(line.time), number, line))
        return self._grow(size_of(line))

    def drop(self) -> int:
        return self._grow(-size_of(heapq.heappop(self.lines)[2]))

    def _grow(self, by: int) -> int:
        self.size += by
        return by


class Tails:
    """Takes lines in any order, and gives the newest in order of time: ``tail`` of each service at most.

    ``room`` is how many bytes it may hold. A note speaks of what there was no room for.
    """

    def __init__(self, tail: int, room: int) -> None:
        self._tail, self._room = tail, room
        self._held: dict[str, _Held] = {}
        self._notes: list[LogLine] = []
        self._numbers = count()
        self.size = 0

    def add(self, line: LogLine) -> None:
        """Take a line, and let go of what is too much then."""
        if line.stream == NOTE:
            self._notes.append(line)
            return
        held = self._held.setdefault(log_lines.service_of(line.source), _Held())
        self.size += held.add(line, next(self._numbers))
        if len(held.lines) > self._tail:
            self.size += held.drop()
        while self.size > self._room:
            most = max(self._held.values(), key=lambda each: each.size)
            self.size += most.drop()
            most.cut = True

    def taken(self) -> Iterator[LogLine]:
        """What is held: first the notes, then the lines, oldest first; each is let go of as it is taken."""
        yield from self._notes
        yield from [log_lines.note(name, CUT) for name, each in self._held.items() if each.cut]
        left = sorted((entry for each in self._held.values() for entry in each.lines), reverse=True)
        self._held.clear()
        while left:
            yield left.pop()[2]
