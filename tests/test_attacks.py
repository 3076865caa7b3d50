"""The table of attacks, and how they are counted: what is missing or failed is never taken for survived."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import attacks
from tests.attacks import ATTACKS, CLASSES, Attack, counted, split, survived
from tests.proof import ROWS, Count, Proof

FOLDER = Path(__file__).parent
ONE = Attack(1, "one", ("rest/test_x::no_token[nobody", "test_y::nothing"))
SURVIVED = {
    "tests/rest/test_x.py::test_no_token[nobody-status]": "passed",
    "tests/rest/test_x.py::test_no_token[other-status]": "failed",
    "tests/test_y.py::test_nothing": "passed",
}


def test_every_class_has_attacks_and_each_stands_there_once() -> None:
    assert {each.number for each in ATTACKS} == set(CLASSES) == set(ROWS[attacks.TABLE])
    assert len({(each.number, each.what) for each in ATTACKS}) == len(ATTACKS)
    assert all(each.tests for each in ATTACKS)


@pytest.mark.parametrize("place", sorted(attacks.PLACES))
def test_every_test_that_an_attack_names_is_there_and_is_run_every_day(place: str) -> None:
    file, _, name = place.partition("::")
    source = (FOLDER.parent / file).read_text()
    found = re.search(rf"((?:^@.*\n(?:^[ )].*\n)*)*)^def {name}\(", source, re.MULTILINE)
    assert found, place
    assert "pytest.mark.prove" not in found[1], "`make test` passes it over"


def test_an_attack_is_survived_when_all_its_tests_passed_in_all_cases_that_it_names() -> None:
    assert survived(ONE, SURVIVED)
    assert split(ONE.tests[0]) == ("tests/rest/test_x.py::test_no_token", "nobody")


@pytest.mark.parametrize("outcome", ["failed", "skipped", "error"])
@pytest.mark.parametrize("id", [each for each in SURVIVED if "other" not in each])
def test_one_that_failed_or_was_passed_over_is_not_survived(id: str, outcome: str) -> None:
    assert not survived(ONE, {**SURVIVED, id: outcome})


@pytest.mark.parametrize("id", [each for each in SURVIVED if "other" not in each])
def test_one_that_is_missing_is_not_survived(id: str) -> None:
    assert not survived(ONE, {name: each for name, each in SURVIVED.items() if name != id})


def test_without_any_test_nothing_is_survived_and_all_is_counted() -> None:
    proof = Proof()
    proof.counts += [Count(attacks.TABLE, row, what, good, of) for row, good, of, what in counted({})]
    assert proof.short
    assert not proof.missing(attacks.TABLE)
    lines = list(proof.lines())
    assert lines[-1] == f"attacks survived: 0 of {len(ATTACKS)}  SHORT"
    assert any("NOT SURVIVED: no token, nonsense" in line for line in lines)
