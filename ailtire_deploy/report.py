"""What became of a plan, as data: one entry a resource, and their sums for each stack.

How it is shown is not decided here. The four outcomes of one plan exclude each other, so its counts add up to
the resources that were looked at. Over several rounds (``recap``) they do not: what was changed in one is ok
in the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "changed", "waiting", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("ok", "changed", "waiting", "failed")


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one resource. ``stack`` is the path of the stack it is about.

    ``verb`` is ``create``, ``update`` or ``remove``, or ``keep`` for what was as wished already (outcome
    ``ok``). ``text`` says what it waits for, or why it failed; of a change, its cause.
    """

    stack: str
    verb: str
    kind: str
    name: str
    outcome: Outcome
    text: str = ""

    def __str__(self) -> str:
        what = f"{self.outcome}: {self.verb} {self.kind} {self.name}"
        return f"{what}: {self.text}" if self.text else what


@dataclass(frozen=True, slots=True)
class Report:
    """The entries of one or more applied plans. ``stopped`` says why the rest of a plan was not tried."""

    entries: tuple[Entry, ...] = ()
    stopped: str = ""

    @classmethod
    def of(cls, reports: Iterable[Report]) -> Report:
        """The sum of several reports."""
        parts = tuple(reports)
        entries = tuple(entry for part in parts for entry in part.entries)
        return cls(entries, "; ".join(part.stopped for part in parts if part.stopped))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many resources of each stack had each outcome, stacks in order, zeros included."""
        stacks = {
            stack: dict.fromkeys(OUTCOMES, 0) for stack in sorted({entry.stack for entry in self.entries})
        }
        for entry in self.entries:
            stacks[entry.stack][entry.outcome] += 1
        return {stack: {str(outcome): n for outcome, n in found.items()} for stack, found in stacks.items()}

    def with_outcome(self, outcome: Outcome) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.outcome == outcome)

    @property
    def changed(self) -> tuple[Entry, ...]:
        return self.with_outcome("changed")

    @property
    def waiting(self) -> tuple[Entry, ...]:
        return self.with_outcome("waiting")

    @property
    def failed(self) -> tuple[Entry, ...]:
        return self.with_outcome("failed")

    @property
    def reasons(self) -> tuple[str, ...]:
        """A sentence for each failure."""
        return tuple(f"{entry.kind} {entry.name}: {entry.text}" for entry in self.failed)
