"""The last log line of each service, kept for a few seconds: a status must not wait for many logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ailtire_deploy import log_lines, moments
from ailtire_deploy.errors import AiltireError
from ailtire_deploy.log_lines import Source
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Engine, LogLine
from ailtire_deploy.state import State
from ailtire_deploy.status import LogLineInfo

KEPT = 5.0  # seconds


@dataclass
class LastLines:
    """The newest line of each service of one stack.

    Read by many threads; the whole mapping is replaced at once.
    """

    engine: Engine
    now: Callable[[], float]
    _found: dict[str, LogLineInfo] = field(default_factory=dict)
    _taken: float = 0.0

    def of(self, observed: State, path: StackPath) -> dict[str, LogLineInfo]:
        """Lines by engine name of the service; what cannot be read is left out."""
        if self.now() - self._taken < KEPT:
            return self._found
        self._taken = self.now()
        self._found = last_lines(self.engine, log_lines.select(observed, path, recursive=False))
        return self._found


def last_lines(engine: Engine, sources: tuple[Source, ...]) -> dict[str, LogLineInfo]:
    """The newest line of each service among the tasks given."""
    found: dict[str, LogLineInfo] = {}
    for source in sources:
        for line in _lines(engine, source):
            info = LogLineInfo(line.text, moments.from_text(line.time))
            if source.service not in found or found[source.service].time < info.time:
                found[source.service] = info
    return found


def _lines(engine: Engine, source: Source) -> list[LogLine]:
    try:
        return list(engine.logs(source.task_id, source.name, tail=1))
    except AiltireError:
        return []  # a node that is away: its lines are missing, the status is not
