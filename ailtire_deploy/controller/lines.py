"""The last log line of each service, kept for a few seconds: a status must not wait for many logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ailtire_deploy import log_lines
from ailtire_deploy.log_streams import last_lines
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Engine
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
        self._found = last_lines(self.engine, log_lines.within(observed, path, recursive=False))
        return self._found
