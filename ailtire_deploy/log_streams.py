"""Reading the logs of many tasks: the newest lines at once, and from then on as they come.

Following asks each task again every second for what is new. That needs no thread a task, finds tasks that
start later, and ends as soon as the reader goes. What is read and what is held meanwhile is bounded: lines
that do not fit are left out, and a note says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain

from ailtire_deploy import log_lines, moments
from ailtire_deploy.errors import AiltireError, Unreachable
from ailtire_deploy.log_lines import Asked, Source
from ailtire_deploy.log_rooms import Pool
from ailtire_deploy.log_tails import Tails
from ailtire_deploy.ports import NOTE, Engine, LogLine
from ailtire_deploy.status import LogLineInfo

PAUSE = 1.0  # seconds between two looks while following
AT_MOST = 1000  # lines of one task in one look
SEARCHED = 10_000  # lines of one task among which a text is searched
NO_END = 1 << 30  # lines: no tail at all
SAMPLE = 100  # lines that show how long those of a task are
FEWEST = 16  # lines of one task in one look, however long they are
READERS = 4  # tasks read at once: more would keep the engine, and this process, from everything else
WAIT = 0.5  # seconds for a turn, between two signs of life
RETRY = 10.0  # seconds for which a node that did not answer is not asked again
SHOWN = 1000  # characters of a last line
ROOM = 4 << 20  # bytes of lines that one answer holds
LOOK = 1 << 20  # the same of one look while following, and about what it reads of one task
READ = 4 << 20  # about what an answer reads of one task
PIECE = 16 << 10  # bytes; the engine counts each piece of a longer line as one
STOPS = 256  # lines after which is shown that this still goes on, and asked whether somebody waits for it
MICROSECOND = 1e-6
FASTER = "lines are left out: it writes faster than they are read"
SHORTER = "older lines are left out: they are too long to be read"
pool = Pool(16 << 20)  # bytes of lines that all answers of this process hold together
_turns = threading.BoundedSemaphore(READERS)

Select = Callable[[], tuple[Source, ...]]
Stopped = Callable[[], bool]
Signs = Generator[None, None, None]


def never() -> bool:
    """For whoever waits until the end."""
    return False


@dataclass(slots=True)
class _Known:
    """What a reader knows of a task.

    ``last`` is the time of its last line, ``depth`` how many lines of it the next look asks for, ``told``
    whether was said that lines are missing, ``ended`` whether all are read that will ever be.
    """

    last: str = ""
    depth: int = AT_MOST
    told: bool = False
    ended: bool = False


@dataclass(slots=True)
class _Read:
    """How much was read: lines as the engine counts them, and bytes."""

    pieces: int = 0
    size: int = 0

    def add(self, line: LogLine) -> None:
        size = len(line.text) + line.beyond
        self.size += size
        self.pieces += 1 + max(0, size - 1) // PIECE

    def affordable(self, room: int, least: int, most: int) -> int:
        """How many lines of that length there are in ``room`` bytes."""
        fitting = room * self.pieces // self.size if self.size else most
        return max(least, min(most, fitting))


@dataclass
class Reading:
    """One reader's way through the logs of the tasks that ``select`` names, each time anew.

    ``started`` is when it began, in seconds since 1970; ``stop`` says that nobody waits any more. ``away``
    may be shared: by node that did not answer when it may be asked again (monotonic seconds).
    """

    engine: Engine
    select: Select
    asked: Asked = field(default_factory=Asked)
    started: float = 0.0
    stop: Stopped = never
    away: dict[str, float] = field(default_factory=dict)
    _known: dict[str, _Known] = field(default_factory=dict)  # by task

    def newest(self) -> Iterator[LogLine]:
        """The newest lines of each service, oldest first. All are read before the first is given.

        A note speaks of a task that cannot be read.
        """
        return (line for line in self._first_look() if line)

    def lines(self) -> Iterator[LogLine | None]:
        """The newest lines, and if they are followed what is written then, as it comes.

        None is a sign of life while one follows, and comes whenever nothing else does for now.
        """
        return chain(self._first_look(), (None,), self._more()) if self.asked.follow else self.newest()

    def _first_look(self) -> Iterator[LogLine | None]:
        return self._given(self._first, self.asked.tail, ROOM)

    def _more(self) -> Iterator[LogLine | None]:
        while not self.stop():
            yield from self._given(self._next, NO_END, LOOK)
            yield None
            time.sleep(PAUSE)

    def _given(
        self, read: Callable[[Source, Tails], Signs], tail: int, room: int
    ) -> Iterator[LogLine | None]:
        sources = self.select()
        self._known = {each.task_id: self._known.get(each.task_id) or _Known() for each in sources}
        with pool.share(room) as share:
            tails = Tails(tail, share.size)
            for source in sources:
                if not self._known[source.task_id].ended and not self.stop():
                    yield from read(source, tails)
            share.shrink(tails.size)
            yield from tails.taken()

    def _first(self, source: Source, tails: Tails) -> Signs:
        """What a task wrote until now."""
        tail, grep, since = self.asked.tail, self.asked.grep, self.asked.since
        wanted = max(tail, SEARCHED) if tail and grep else tail
        depth = yield from self._affordable(source, wanted, since)
        found = yield from self._read(source, depth, since, tails)
        if depth < wanted and found.pieces >= depth:
            tails.add(log_lines.note(source.name, SHORTER))

    def _affordable(self, source: Source, wanted: int, since: float) -> Generator[None, None, int]:
        """How many lines of a task to ask for: fewer when they are very long."""
        if wanted <= SAMPLE:
            return wanted
        sample = _Read()
        with closing(self._lines(source, SAMPLE, since)) as lines:
            for line in lines:
                if line:
                    sample.add(line)
                else:
                    yield
        return sample.affordable(READ, SAMPLE, wanted)

    def _next(self, source: Source, tails: Tails) -> Signs:
        """What a task wrote since; fewer lines of it, when those of the last look were very long."""
        known = self._known[source.task_id]
        last, depth = known.last, known.depth
        since = _moment(last) if last else self.asked.since if self.asked.tail else self.started
        found = yield from self._read(source, depth, since, tails)
        if last and found.pieces >= depth:
            tails.add(log_lines.note(source.name, FASTER))

    def _read(self, source: Source, depth: int, since: float, tails: Tails) -> Generator[None, None, _Read]:
        """Put what is new of one task where it belongs, and remember how far that went."""
        known, found, missing = self._known[source.task_id], _Read(), False
        last = newest = known.last
        with closing(self._lines(source, depth, since)) as lines:
            for number, line in enumerate(lines, 1):
                if line is None or number % STOPS == 0:
                    yield
                    if self.stop():
                        return found
                if line is None:
                    continue
                if line.stream == NOTE:
                    missing = True
                    self._tell(known, line, tails)
                elif log_lines.is_after(line, last):
                    newest = line.time
                    found.add(line)
                    if self.asked.grep in line.text:
                        tails.add(line)
        known.last, known.told = newest, missing
        known.ended = not missing and not source.live
        known.depth = found.affordable(LOOK, FEWEST, AT_MOST)
        return found

    @staticmethod
    def _tell(known: _Known, note: LogLine, tails: Tails) -> None:
        """Say once that lines are missing, until they can be read again."""
        if not known.told:
            known.told = True
            tails.add(note)

    def _lines(self, source: Source, depth: int, since: float) -> Generator[LogLine | None, None, None]:
        """The lines of a task; what hinders is a note, and None comes while others are read."""
        if not depth:
            return
        if time.monotonic() < self.away.get(source.node, 0.0):
            yield log_lines.note(source.name, "its node did not answer")
            return
        while not _turns.acquire(timeout=WAIT):
            yield None
            if self.stop():
                return
        try:
            yield from self.engine.logs(source.task_id, source.name, tail=depth, since=since)
        except AiltireError as error:
            if isinstance(error, Unreachable) and source.node:
                self.away[source.node] = time.monotonic() + RETRY
            yield log_lines.note(source.name, f"its log cannot be read: {error}")
        finally:
            _turns.release()


def _moment(last: str) -> float:
    """A moment before which nothing new was written, however a time is rounded."""
    return moments.from_text(last) - MICROSECOND


def last_lines(engine: Engine, sources: Iterable[Source]) -> dict[str, LogLineInfo]:
    """The newest line of each service among the tasks given, by engine name; without what cannot be read."""
    found: dict[str, LogLineInfo] = {}
    away: set[str] = set()
    for source in sources:
        for line in last_of(engine, source, away) if source.node not in away else ():
            text = line.text if len(line.text) <= SHOWN else f"{line.text[:SHOWN]}…"
            info = LogLineInfo(text, moments.from_text(line.time))
            if source.service not in found or found[source.service].time < info.time:
                found[source.service] = info
    return found


def last_of(engine: Engine, source: Source, away: set[str]) -> list[LogLine]:
    """The newest line of a task. A node that does not answer is then one of those ``away``."""
    try:
        lines = engine.logs(source.task_id, source.name, tail=1)
        return [each for each in lines if each.stream != NOTE]
    except AiltireError:
        away |= {source.node} - {""}
        return []  # its lines are missing, the status is not
