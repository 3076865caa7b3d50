"""Reading the logs of many tasks: the newest lines at once, and from then on as they come.

Following asks each task again every second for what is new. That needs no thread a task, finds tasks that
start later, and ends as soon as the reader goes. What is held meanwhile is bounded, for each reader and for
all of them: lines that do not fit are left out, and a note says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

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
READERS = 4  # tasks read at once: more would keep the engine, and this process, from everything else
RETRY = 10.0  # seconds for which a node that did not answer is not asked again
SHOWN = 1000  # characters of a last line
ROOM = 4 << 20  # bytes of lines that one answer holds
LOOK = 1 << 20  # the same of one look while following
STOPS = 256  # lines after which is asked whether somebody still waits for them
MICROSECOND = 1e-6
FASTER = "lines are left out: it writes faster than they are read"
pool = Pool(16 << 20)  # what all answers of this process hold together
_turns = threading.BoundedSemaphore(READERS)

Select = Callable[[], tuple[Source, ...]]
Stopped = Callable[[], bool]


def never() -> bool:
    """For whoever waits until the end."""
    return False


@dataclass
class Reading:
    """One reader's way through the logs of the tasks that ``select`` names, each time anew.

    ``started`` is when it began, in seconds since 1970; ``stop`` says that nobody waits any more.
    """

    engine: Engine
    select: Select
    asked: Asked = field(default_factory=Asked)
    started: float = 0.0
    stop: Stopped = never
    _last: dict[str, str] = field(default_factory=dict)  # by task the time of the last line that was read
    _ended: set[str] = field(default_factory=set)  # tasks that write no more
    _away: dict[str, float] = field(default_factory=dict)  # by node when it may be asked again
    _told: set[str] = field(default_factory=set)  # tasks of which was said that lines are missing

    def newest(self) -> Iterator[LogLine]:
        """The newest lines of each service, oldest first. All are read before the first is given.

        A note speaks of a task that cannot be read.
        """
        tail = self.asked.tail
        depth = max(tail, SEARCHED) if tail and self.asked.grep else tail
        return self._given(self.select(), depth, self.asked.since, tail, ROOM)

    def follow(self, pause: float = PAUSE) -> Iterator[LogLine | None]:
        """What is written after ``newest`` was read, as it comes; None when nothing came for a while."""
        since = self.asked.since if self.asked.tail else self.started
        while not self.stop():
            sources = self.select()
            self._forget({each.task_id for each in sources})
            quiet = True
            for line in self._given(sources, AT_MOST, since, AT_MOST * len(sources), LOOK):
                quiet = False
                yield line
            if quiet:
                yield None
            time.sleep(pause)

    def _given(
        self, sources: Iterable[Source], depth: int, since: float, tail: int, room: int
    ) -> Iterator[LogLine]:
        with pool.share(room) as share:
            tails = Tails(tail, share.size)
            for source in sources:
                if source.task_id not in self._ended and not self.stop():
                    self._read(source, depth, since, tails)
            share.shrink(tails.size)
            yield from tails.taken()

    def _read(self, source: Source, depth: int, since: float, tails: Tails) -> None:
        """Put what is new of one task where it belongs, and remember how far that went."""
        task, last = source.task_id, self._last.get(source.task_id, "")
        newest, count, whole = last, 0, True
        with closing(self._lines(source, depth, _moment(last) if last else since)) as lines:
            for line in lines:
                if line.stream == NOTE:
                    whole = False
                    self._tell(task, line, tails)
                elif log_lines.is_after(line, last):
                    newest, count = line.time, count + 1
                    if self.asked.grep in line.text:
                        tails.add(line)
                    if count % STOPS == 0 and self.stop():
                        return
        if last and count >= depth:
            tails.add(log_lines.note(source.name, FASTER))
        self._last[task] = newest
        if whole:
            self._told.discard(task)
            self._ended |= set() if source.live else {task}

    def _lines(self, source: Source, depth: int, since: float) -> Generator[LogLine, None, None]:
        """The lines of a task; what hinders is a note."""
        if not depth:
            return
        if time.monotonic() < self._away.get(source.node, 0.0):
            yield log_lines.note(source.name, "its node did not answer")
            return
        with turn(self.stop):
            try:
                yield from self.engine.logs(source.task_id, source.name, tail=depth, since=since)
            except Unreachable as error:
                if source.node:
                    self._away[source.node] = time.monotonic() + RETRY
                yield log_lines.note(source.name, f"its log cannot be read: {error}")
            except AiltireError as error:
                yield log_lines.note(source.name, f"its log cannot be read: {error}")

    def _tell(self, task: str, note: LogLine, tails: Tails) -> None:
        """Say once that lines are missing, until they can be read again."""
        if task not in self._told:
            self._told.add(task)
            tails.add(note)

    def _forget(self, tasks: set[str]) -> None:
        """Let go of tasks that are no more."""
        self._last = {task: last for task, last in self._last.items() if task in tasks}
        self._ended &= tasks
        self._told &= tasks


@contextmanager
def turn(stop: Stopped) -> Iterator[None]:
    """Wait until few enough read; whoever has gone waits no longer, and reads nothing of any length."""
    mine = False
    while not mine and not stop():
        mine = _turns.acquire(timeout=0.5)
    try:
        yield
    finally:
        if mine:
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
