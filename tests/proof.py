"""What the rounds of a test run came to, row by row: `row 4: 50 of 50  two applies at once, …`.

A test takes the fixture ``prove_report`` and tells it its count *before* it asserts anything::

    def test_two_at_once(swarm, prove_report):
        good = sum(one_round(swarm) for _ in range(50))
        prove_report(4, good, 50, "two applies at once, same and different revisions")
        assert good == 50

The rows are those of the table of promises; several tests may add to one row. The summary at the end of the
run shows each line, and the sum of each row. A row that fell short is marked, whatever became of its tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby


@dataclass(frozen=True, order=True)
class Count:
    """So many of so many rounds went well."""

    table: str
    row: int
    what: str
    good: int
    of: int

    def __str__(self) -> str:
        return f"{self.good} of {self.of}  {self.what}"


@dataclass
class Proof:
    """All counts of one run."""

    counts: list[Count] = field(default_factory=list)

    def __call__(self, row: int, good: int, of: int, what: str, table: str = "") -> None:
        """Note that ``good`` of ``of`` rounds of ``what`` went well, for a row of a table of promises."""
        self.counts.append(Count(table, row, what, good, of))

    def lines(self) -> Iterator[str]:
        """The summary: a line for each row, and below it one for each of its counts."""
        for (table, row), group in groupby(sorted(self.counts), key=lambda each: (each.table, each.row)):
            counts = list(group)
            good, of = sum(each.good for each in counts), sum(each.of for each in counts)
            yield f"{table}{' ' if table else ''}row {row}: {good} of {of}{'' if good == of else '  SHORT'}"
            yield from (f"    {each}" for each in counts)
