"""What happens in a tree, as events that many may follow: a bounded ring, filled while somebody looks.

Three kinds of news: ``status`` (a stack or service does otherwise than before), ``outcome`` (what became of a
revision) and ``done`` (what this controller wrote). The state of the swarm is read, not remembered: who comes
back with the number of an event that is still held gets what followed it, and what changed while nobody
looked comes as one change. Anybody else gets ``state`` first, the whole of it.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy import revisions, status
from ailtire_deploy.errors import NotFound, Unreachable
from ailtire_deploy.names import StackPath
from ailtire_deploy.report import Entry
from ailtire_deploy.state import State
from ailtire_deploy.views import trees

HELD = 512  # events
LOOK = 1.0  # seconds between two looks while somebody follows
NOTHING = (None,)

Facts = Mapping[tuple[str, str], dict[str, Any]]  # what is so, by kind and name


@dataclass(frozen=True, slots=True)
class Event:
    """One piece of news; ``id`` is what a reader comes back with."""

    id: str
    kind: str
    data: Mapping[str, Any]


class Journal:
    """The news of one tree. Of all readers one at a time looks, the others wait for what it finds."""

    def __init__(self, path: StackPath) -> None:
        self.path = path
        self._era = secrets.token_hex(4)  # numbers of another process mean nothing here
        self._number = 0
        self._ring: deque[tuple[int, Event]] = deque(maxlen=HELD)
        self._facts: Facts | None = None
        self._noted = -LOOK
        self._news = threading.Condition()

    def report(self, entries: Iterable[Entry], revision: str) -> None:
        """What was written for a revision, and what could not be."""
        with self._news:
            for each in entries:
                said = {"stack": each.stack, "verb": each.verb, "kind": each.kind, "name": each.name}
                self._add("done", {**said, "outcome": each.outcome, "text": each.text, "revision": revision})

    def follow(
        self,
        last: str,
        look: Callable[[], State],
        now: Callable[[], float],
        stop: Callable[[], bool],
    ) -> Iterator[Event | None]:
        """Events as they come, for ever; None when nothing came for a second. Raises Unreachable at first."""
        self._note(look(), now())
        seen = self._number_of(last)
        while not stop():
            found, seen = self._after(seen)
            yield from found or NOTHING
            self._wait(seen)
            self._look_again(look, now)

    def _wait(self, seen: int) -> None:
        with self._news:
            self._news.wait_for(lambda: self._number > seen, LOOK)

    def _look_again(self, look: Callable[[], State], now: Callable[[], float]) -> None:
        try:
            self._note(look(), now())
        except Unreachable:
            return  # the engine may come back; until then nothing is known to have changed

    def _note(self, observed: State, now: float) -> None:
        """Find out what is otherwise than at the last look."""
        with self._news:
            if abs(now - self._noted) < LOOK / 2 and self._facts is not None:
                return
            self._noted = now
            before, self._facts = self._facts, facts(observed, self.path, now)
            if before is None:
                return
            for key, said in self._facts.items():
                if before.get(key) != said:
                    self._add(key[0], said)
            for key in sorted(before.keys() - self._facts.keys()):
                if key[0] == "status":
                    self._add("status", {**before[key], "status": "gone", "message": ""})

    def _add(self, kind: str, data: Mapping[str, Any]) -> None:
        self._number += 1
        self._ring.append((self._number, Event(f"{self._era}-{self._number}", kind, data)))
        self._news.notify_all()

    def _number_of(self, last: str) -> int | None:
        era, _, number = last.partition("-")
        return int(number) if era == self._era and number.isdecimal() and len(number) < 16 else None

    def _after(self, seen: int | None) -> tuple[list[Event], int]:
        """What followed, and the number of the last; the whole state when that cannot be said."""
        with self._news:
            oldest = self._ring[0][0] if self._ring else self._number + 1
            if seen is None or not oldest - 1 <= seen <= self._number:
                return [Event(f"{self._era}-{self._number}", "state", self._state())], self._number
            return [event for number, event in self._ring if number > seen], self._number

    def _state(self) -> dict[str, Any]:
        found: dict[str, list[dict[str, Any]]] = {"status": [], "outcome": []}
        for (kind, _), said in (self._facts or {}).items():
            found[kind].append(said)
        return {"stack": str(self.path), **found}


def facts(observed: State, path: StackPath, now: float) -> Facts:
    """How each stack and service does, and what became of each stack's newest revision."""
    try:
        nodes = [each for _, each in trees.walk(status.tree(observed, path, {}, now))]
    except NotFound:
        nodes = []
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for each in nodes:
        key, word = each["name"], each["status"]
        found["status", f"{each['type']} {key}"] = {"name": key, "status": word, "message": each["message"]}
    for stack in revisions.stacks(observed, path):
        last = revisions.newest(observed, stack)
        if last is not None:
            reasons = list(last.report.get("reasons", []))
            said = {"stack": str(stack), "revision": last.name, "outcome": last.outcome, "reasons": reasons}
            found["outcome", str(stack)] = said
    return found
