"""What a stack's proxies shall serve, and what their agents say they do. Forgotten with the controller: the
agents say it again within a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ailtire_deploy import names, proxies
from ailtire_deploy.names import StackPath, content_id
from ailtire_deploy.ports import Stop
from ailtire_deploy.state import Key, Resource, State

SLICE = 0.5  # seconds between two looks at whether an agent still waits
HEARD = 45.0  # seconds for which what an agent said is believed
AGENTS = 256  # of one proxy: more are not remembered

Files = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Word:
    """What an agent said last, and when (monotonic seconds)."""

    live: str
    refused: Mapping[str, str]
    heard: float


@dataclass
class Offers:
    """For the proxies of one stack, by the key of their service. Safe to use from many threads."""

    heard: Callable[[], None] = lambda: None  # called when an agent says something new
    _files: dict[str, Files] = field(default_factory=dict)
    _words: dict[tuple[str, str], Word] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, wishes: Iterable[Resource]) -> None:
        """Offer what the proxies among ``wishes`` shall serve."""
        found = {each.service: each.facts[proxies.SERVES] for each in wishes if proxies.SERVES in each.facts}
        with self._changed:
            if found != self._files:
                self._files = found
                self._changed.notify_all()

    def pull(
        self, service: str, agent: str, live: str, refused: Mapping[str, str], wait: float, stop: Stop
    ) -> Files | None:
        """What an agent shall serve instead of ``live``, as soon as there is such; None after ``wait``."""
        self._listen(service, agent, Word(live, refused, time.monotonic()))
        until = time.monotonic() + wait
        with self._changed:
            while (files := self._newer(service, {live, *refused})) is None:
                left = until - time.monotonic()
                if left <= 0 or stop.is_set():
                    return None
                self._changed.wait(min(left, SLICE))
            return files

    def _newer(self, service: str, known: set[str]) -> Files | None:
        files = self._files.get(service)
        return files if files is not None and content_id(files) not in known else None

    def _listen(self, service: str, agent: str, word: Word) -> None:
        with self._changed:
            before = self._words.get((service, agent))
            self._words = {key: each for key, each in self._words.items() if word.heard - each.heard < HEARD}
            if len(self._words) < AGENTS:
                self._words[service, agent] = word
        if before is None or (before.live, before.refused) != (word.live, word.refused):
            self.heard()

    def seen(self, observed: State, path: StackPath) -> State:
        """The same with what the agents of the stack's proxies say as facts of their services."""
        found = {}
        for service in proxies.PROXIES:
            key = Key("service", names.in_stack(path, service))
            if key in observed.resources:
                each = observed.resources[key]
                found[key] = replace(each, facts={**each.facts, **self.facts(service)})
        return replace(observed, resources={**observed.resources, **found})

    def facts(self, service: str) -> dict[str, object]:
        """What the agents of a proxy say: which ids are live, and which are refused, with the reason."""
        now = time.monotonic()
        words = [w for (name, _), w in self._words.items() if name == service and now - w.heard < HEARD]
        refused = {name: reason for word in words for name, reason in word.refused.items()}
        return {proxies.SERVING: tuple(word.live for word in words), proxies.REFUSED: refused}
