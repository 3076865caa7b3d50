"""What a stack's proxies shall serve, and what their agents say they do. Forgotten with the controller: the
agents say it again within a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ailtire_deploy import names, proxies
from ailtire_deploy.controller.tallies import Tallies
from ailtire_deploy.names import StackPath, content_id
from ailtire_deploy.ports import Stop
from ailtire_deploy.proxies import Offer
from ailtire_deploy.state import Key, Resource, State
from ailtire_deploy.traffic import NOTHING, Traffic

SLICE = 0.5  # seconds between two looks at whether an agent still waits
HEARD = 45.0  # seconds for which what an agent said is believed
AGENTS = 256  # of one proxy: more are not remembered
REPORTS = 10.0  # seconds between two words of an agent that has nothing else to say
WATCHED = 1.0  # the same while somebody watches

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
    certificates: Mapping[str, str] = field(default_factory=dict, repr=False)  # those this process was handed
    _files: dict[str, Files] = field(default_factory=dict)
    _words: dict[tuple[str, str], Word] = field(default_factory=dict)
    _tallies: Tallies = field(default_factory=Tallies)
    _watched: float = 0.0  # until when (monotonic seconds)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, wishes: Iterable[Resource]) -> None:
        """Offer what the proxies among ``wishes`` shall serve."""
        found = {each.service: each.facts[proxies.SERVES] for each in wishes if proxies.SERVES in each.facts}
        with self._changed:
            if found != self._files:
                self._files = found
                self._changed.notify_all()

    def watch(self, seconds: float) -> None:
        """For so long, hear every second what went through the proxies: somebody decides by it."""
        with self._changed:
            self._watched = max(self._watched, time.monotonic() + seconds)
            self._changed.notify_all()

    def pull(
        self,
        service: str,
        agent: str,
        live: str,
        refused: Mapping[str, str],
        wait: float,
        stop: Stop,
        counted: Traffic = NOTHING,
    ) -> Offer | None:
        """What an agent shall serve instead of ``live``, as soon as there is such.

        None after ``wait`` seconds, or when it shall say again what it counted.
        """
        begun = time.monotonic()
        self._listen(service, agent, Word(live, refused, begun), counted)
        with self._changed:
            while (files := self._newer(service, {live, *refused})) is None:
                left = begun + min(wait, self._interval()) - time.monotonic()
                if left <= 0 or stop.is_set():
                    return None
                self._changed.wait(min(left, SLICE))
            return self._offer(files)

    def _offer(self, files: Files) -> Offer:
        """With the certificates that the files name; one that is missing keeps them from being served."""
        wanted = names.certificates_of(files)
        return Offer(files, {name: self.certificates[name] for name in wanted if name in self.certificates})

    def _interval(self) -> float:
        return WATCHED if time.monotonic() < self._watched else REPORTS

    def _newer(self, service: str, known: set[str]) -> Files | None:
        files = self._files.get(service)
        return files if files is not None and content_id(files) not in known else None

    def _listen(self, service: str, agent: str, word: Word, counted: Traffic) -> None:
        with self._changed:
            before = self._words.get((service, agent))
            self._words = {key: each for key, each in self._words.items() if word.heard - each.heard < HEARD}
            if len(self._words) < AGENTS:
                self._words[service, agent] = word
                self._tallies.listen(service, agent, counted, word.heard)
            self._tallies.keep(self._words)
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
        """What the agents of a proxy say: which ids are live, which are refused, with the reason, and what
        went through (``proxies.TRAFFIC``: by label of the backend).
        """
        now = time.monotonic()
        with self._changed:
            words = [w for (name, _), w in self._words.items() if name == service and now - w.heard < HEARD]
            counted, paces = self._tallies.totals(service), self._tallies.paces(service, now)
        refused = {name: reason for word in words for name, reason in word.refused.items()}
        return {
            proxies.SERVING: tuple(word.live for word in words),
            proxies.REFUSED: refused,
            proxies.TRAFFIC: counted,
            proxies.PACES: paces,
        }
