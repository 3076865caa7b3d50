"""Reading the logs of many tasks: the newest lines at once, and from then on as they come.

Following asks each task again every second for what is new. That needs no thread a task, finds tasks that
start later, and ends as soon as the reader goes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from ailtire_deploy import log_lines, moments
from ailtire_deploy.errors import AiltireError
from ailtire_deploy.log_lines import Source
from ailtire_deploy.ports import Engine, LogLine
from ailtire_deploy.status import LogLineInfo

PAUSE = 1.0  # seconds between two looks while following
AT_MOST = 1000  # lines of one task in one look
READERS = 4  # tasks read at once: more would keep the engine, and this process, from everything else
_turns = threading.BoundedSemaphore(READERS)

Select = Callable[[], tuple[Source, ...]]


def newest(
    engine: Engine,
    sources: Iterable[Source],
    tail: int,
    since: float = 0.0,
    stop: Callable[[], bool] = lambda: False,
) -> list[LogLine]:
    """The newest ``tail`` lines of each service, oldest first; ``stop`` says that nobody waits for them.

    A task that cannot be read is named by a line of its own.
    """
    lines = (line for source in sources if not stop() for line in of_task(engine, source, tail, since))
    return log_lines.tail_of_each_service(lines, tail)


def of_task(engine: Engine, source: Source, tail: int, since: float) -> list[LogLine]:
    with _turns:
        try:
            return list(engine.logs(source.task_id, source.name, tail=tail, since=since))
        except AiltireError as error:
            return [LogLine(source.name, "stderr", "", f"(its log cannot be read: {error})")]


def follow(
    engine: Engine, select: Select, since: float, stop: Callable[[], bool], pause: float = PAUSE
) -> Iterator[LogLine | None]:
    """Lines written after ``since`` (seconds since 1970), as they come; None each time when nothing came for
    a while.
    """
    seen: dict[str, str] = {}
    while not stop():
        sources = [each for each in select() if each.live or each.task_id in seen]
        found = [line for each in sources for line in unseen(engine, each, since, seen)]
        yield from log_lines.in_order(found)
        if not found:
            yield None
        time.sleep(pause)


def unseen(engine: Engine, source: Source, since: float, seen: dict[str, str]) -> list[LogLine]:
    """The lines of one task that were not given yet; ``seen`` holds the time of each task's last line."""
    last = seen.get(source.task_id, "")
    moment = moments.from_text(last) if last else since
    lines = [each for each in of_task(engine, source, AT_MOST, moment) if log_lines.is_after(each, last)]
    seen[source.task_id] = lines[-1].time if lines else last
    return lines


def last_lines(engine: Engine, sources: Iterable[Source]) -> dict[str, LogLineInfo]:
    """The newest line of each service among the tasks given, by engine name; without what cannot be read."""
    found: dict[str, LogLineInfo] = {}
    for source in sources:
        for line in last_of(engine, source):
            info = LogLineInfo(line.text, moments.from_text(line.time))
            if source.service not in found or found[source.service].time < info.time:
                found[source.service] = info
    return found


def last_of(engine: Engine, source: Source) -> list[LogLine]:
    try:
        return list(engine.logs(source.task_id, source.name, tail=1))
    except AiltireError:
        return []  # a node that is away: its lines are missing, the status is not
