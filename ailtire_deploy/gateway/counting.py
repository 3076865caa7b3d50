"""What the proxy counts, added up over its reloads: each worker begins at nothing, and ends without a word.

The worker that serves is asked on the runtime socket, those that only finish what they began through their
master. What an old worker did after it was asked last and before it ended is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ailtire_deploy import traffic
from ailtire_deploy.traffic import Counters, Traffic

Asking = Callable[[str], str]  # what a worker answers to a question. Raises OSError


@dataclass
class Counting:
    """``worker`` asks the one that serves, ``old`` are those before it that are still there, by process id.

    A backend that the newest configuration does not have is forgotten, whatever old workers say: when it
    comes back, it begins at nothing.
    """

    worker: Asking
    old: Callable[[], Mapping[int, Asking]]
    _workers: dict[int, Traffic] = field(default_factory=dict)
    _ended: Traffic = field(default_factory=dict)
    _serving: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> Traffic:
        """What went through the backends of the configuration that serves, since the proxy started."""
        with self._lock:
            with suppress(OSError, ValueError):
                self._serving, found = self._ask(self.worker)
                self._workers[self._serving] = found
            old = self.old()
            for process in (old.keys() & self._workers.keys()) - {self._serving}:
                with suppress(OSError, ValueError):
                    found = self._ask(old[process])[1]
                    self._workers[process] = only(found, self._workers[process])
            return self._sum(old)

    def _ask(self, asking: Asking) -> tuple[int, Traffic]:
        found = traffic.read(asking(traffic.ASKED))
        tables = ";".join(f"show table {each}" for each in found.tables)
        slowly = traffic.slow(asking(tables)) if tables else {}
        before = self._workers.get(found.process, {})
        return found.process, traffic.grown(before, found, slowly)

    def _sum(self, there: Container[int]) -> Traffic:
        serving = self._workers.pop(self._serving, {})
        before = {process: only(each, serving) for process, each in self._workers.items()}
        ended = [each for process, each in before.items() if process not in there]
        self._ended = traffic.total([only(self._ended, serving), *map(traffic.past, ended)])
        self._workers = {process: each for process, each in before.items() if process in there}
        earlier = traffic.total([self._ended, *self._workers.values()])
        self._workers[self._serving] = serving
        return {label: together(each, earlier.get(label)) for label, each in serving.items()}


def only(counted: Traffic, labels: Container[str]) -> Traffic:
    return {label: each for label, each in counted.items() if label in labels}


def together(now: Counters, before: Counters | None) -> Counters:
    """Of the worker that serves and those before it; only the former knows which servers are up."""
    return replace(now + before, servers=now.servers) if before else now
