"""What the rounds of a test run came to, row by row: `trust row 4: 50 of 50`, and below it what was counted.

A test takes the fixture ``prove_report`` and tells it its count *before* it asserts anything::

    def test_two_at_once(swarm, prove_report):
        good = sum(one_round(swarm) for _ in range(50))
        prove_report(4, good, 50, "two applies at once, same and different revisions")
        assert good == 50

The rows are those of a table of promises: "trust", unless ``TABLE`` of the test's module names another.
Several tests may add to one row. The summary at the end of the run shows each line, and the sum of each row.
A row that fell short is marked, whatever became of its tests.

``pytest --prove=TABLE`` runs what counts for that table, for every table when none is named: each test that
takes the fixture or is marked ``prove``, but for those marked ``small``, of which there is a longer one. A
row of ``ROWS`` that nothing was counted for is short then, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

TRUST = "trust"
ROWS: Mapping[str, Collection[int]] = {
    TRUST: range(1, 9),
    "gateway": (1, 2, 3, 4, 6, 7, 8, 9, 10),
    "control": (1, 2, 3, 6, 7, 8, 9, 10),
    "attacks": range(1, 16),
}
"""Rows that have to be counted when a table is proved.

Figures of the bench: 9 and 10 of "trust", 5 of "gateway", 4 and 5 of "control".
"""


def table_of(module: object) -> str:
    """The table that the tests of a module count for."""
    return str(getattr(module, "TABLE", TRUST))


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
    """The counts of one test, and of a whole run."""

    counts: list[Count] = field(default_factory=list)
    table: str = TRUST
    tell: Callable[[Count], None] = lambda count: None

    def __call__(self, row: int, good: int, of: int, what: str, table: str = "") -> None:
        """Note that ``good`` of ``of`` rounds of ``what`` went well, for a row of the table."""
        assert table in ("", self.table), f"TABLE of the module has to be {table}"
        self.counts.append(Count(self.table, row, what, good, of))
        self.tell(self.counts[-1])

    def missing(self, table: str = "") -> list[tuple[str, int]]:
        """The rows of a table, or of every one, that nothing was counted for."""
        tables = [table] if table else sorted(ROWS)
        counted = {(each.table, each.row) for each in self.counts}
        return [(each, row) for each in tables for row in ROWS.get(each, ()) if (each, row) not in counted]

    @property
    def short(self) -> bool:
        """Whether any count fell short."""
        return any(each.good < each.of for each in self.counts)

    def lines(self) -> Iterator[str]:
        """The summary: a line for each row, and below it one for each of its counts."""
        for (table, row), group in groupby(sorted(self.counts), key=lambda each: (each.table, each.row)):
            counts = list(group)
            good, of = sum(each.good for each in counts), sum(each.of for each in counts)
            yield f"{table} row {row}: {good} of {of}{'' if good == of else '  SHORT'}"
            yield from (f"    {each}" for each in counts)
        if attacks := [each for each in self.counts if each.table == "attacks"]:
            good, of = sum(each.good for each in attacks), sum(each.of for each in attacks)
            yield f"attacks survived: {good} of {of}{'' if good == of else '  SHORT'}"
