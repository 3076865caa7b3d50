"""The last log line of each service, kept for a few seconds: a status must not wait for many logs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ailtire_deploy import log_lines
from ailtire_deploy.log_lines import Source
from ailtire_deploy.log_streams import last_lines
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Engine
from ailtire_deploy.state import State
from ailtire_deploy.status import LogLineInfo

KEPT = 5.0  # seconds
PATIENCE = 0.5  # seconds that whoever finds them too old waits for new ones


@dataclass
class LastLines:
    """The newest line of each service of one stack.

    Read by many threads, refreshed by one beside them: a node that is away holds a log for seconds.
    """

    engine: Engine
    now: Callable[[], float]
    _found: dict[str, LogLineInfo] = field(default_factory=dict)
    _taken: float = 0.0
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def of(self, observed: State, path: StackPath) -> dict[str, LogLineInfo]:
        """Lines by engine name of the service; what could not be read yet is left out."""
        if self.now() - self._taken >= KEPT and self._reading.acquire(blocking=False):
            sources = log_lines.within(observed, path, recursive=False)
            reader = threading.Thread(target=self._read, args=(sources,), daemon=True)
            reader.start()
            reader.join(PATIENCE)
        return self._found

    def _read(self, sources: Iterable[Source]) -> None:
        try:
            self._found = last_lines(self.engine, sources)
        finally:
            self._taken = self.now()
            self._reading.release()
