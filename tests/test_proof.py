"""The summary of rounds."""

from types import SimpleNamespace

import pytest

from tests.proof import Proof, table_of


def test_counts_are_summed_row_by_row_and_a_short_one_is_marked() -> None:
    proof = Proof()
    proof(4, 49, 50, "two at once")
    proof(3, 41, 41, "crash before")
    proof(3, 40, 40, "crash after")
    assert list(proof.lines()) == [
        "trust row 3: 81 of 81",
        "    40 of 40  crash after",
        "    41 of 41  crash before",
        "trust row 4: 49 of 50  SHORT",
        "    49 of 50  two at once",
    ]


def test_a_row_that_nothing_was_counted_for_is_missing_from_its_table_only() -> None:
    proof = Proof()
    for row in (1, 2, 3, 4, 5, 7, 8):
        proof(row, 1, 1, "once")
    assert proof.missing("trust") == [("trust", 6)]
    assert ("trust", 6) in proof.missing()
    assert proof.missing("unknown") == []
    assert not proof.short
    proof(6, 1, 2, "once of twice")
    assert proof.missing("trust") == []
    assert proof.short


def test_a_module_counts_for_the_table_it_names() -> None:
    whole = Proof()
    gateway = Proof(table=table_of(SimpleNamespace(TABLE="gateway")), tell=whole.counts.append)
    gateway(1, 5, 5, "requests", "gateway")
    Proof(table=table_of(SimpleNamespace()), tell=whole.counts.append)(1, 2, 2, "applies")
    assert [each for each in whole.lines() if "row" in each] == [
        "gateway row 1: 5 of 5",
        "trust row 1: 2 of 2",
    ]
    with pytest.raises(AssertionError, match="TABLE"):
        gateway(1, 1, 1, "applies", "trust")
