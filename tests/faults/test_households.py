"""Killed at every call to the engine, reads included: whole trees with the real launcher and the real
controllers, on the model of the engine.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import Crash
from tests.household import Household, entry, three_levels
from tests.proof import Proof

HASH = re.compile(r"-[0-9a-f]{12}\b")
Do = Callable[[Household], Any]


def first(house: Household) -> Any:
    return house.apply(entry(three_levels()))


def change(house: Household) -> Any:
    """Something changes at two levels, and what the third one is given."""
    return house.apply(entry(three_levels(), replicas=3, size=2))


def log_in(house: Household) -> Any:
    """The innermost image is now one of a registry that wants a login, and its tag stands for something."""
    house.credentials = {"r.example": {"username": "anna", "password": "hush"}}
    house.engine.registry = {"r.example/book:1": f"sha256:{'1' * 64}"}
    house.engine.private = {"r.example"}
    tree = three_levels()
    ledger = tree["services"]["orders"]["definition"]["services"]["ledger"]
    ledger["definition"]["services"]["book"]["image"] = "r.example/book:1"
    return house.apply(entry(tree))


def shutdown(house: Household) -> Any:
    return house.shutdown("shop")


def numbered(house: Household, strike: Callable[[int, str], None]) -> Callable[[], int]:
    """Number all calls from here on, and ask before each, and after each write, whether to strike.

    To die after a read is to die before whatever comes next. Returns how many calls there were.
    """
    engine, look, calls = house.engine, house.engine.observe, [0]

    def began(*_: Any) -> None:
        calls[0] += 1
        strike(calls[0], "before")

    def ended(*_: Any) -> None:
        strike(calls[0], "after")

    def observe(root: Any) -> Any:
        began()
        return look(root)

    engine.before, engine.after = began, ended
    engine.observe = observe  # type: ignore[method-assign]
    return lambda: calls[0]


def killed(before: Household, do: Do, number: int, moment: str) -> tuple[Household, bool]:
    """A household in which somebody was killed at a call of ``do``, which was then done once more."""
    house = deepcopy(before)
    house.chance = random.Random(number)
    struck: list[int] = []
    armed = True

    def strike(now: int, when: str) -> None:
        if (now, when) == (number, moment) and armed:
            struck.append(now)
            raise Crash

    numbered(house, strike)
    try:
        do(house)
    except Crash:
        house.live()
    armed = False
    do(house)
    return house, bool(struck)


def looks(house: Household) -> dict[str, str]:
    """All that stands there, without what depends on keys, addresses and how often somebody wrote."""
    found = {}
    for key, each in house.engine.objects.items():
        if ".r" not in key.name and (key.kind != "config" or used(house, key.name)):
            text = str((key, each.spec, each.data if key.kind == "config" else ""))
            found[HASH.sub("", str(key))] = re.sub(r"10\.0\.\d+\.", "", HASH.sub("", text))
    return found


def used(house: Household, name: str) -> bool:
    services = (each for each in house.engine.objects.values() if each.kind == "service")
    return any(name in str(each.spec) for each in services)


def check(house: Household, do: Do) -> None:
    """Nothing is left to do, and nothing is done."""
    house.engine.before = house.engine.after = lambda number: None
    writes = list(house.engine.writes)
    assert do(house).verdict == "converged"
    house.settle(3)
    assert house.engine.writes == writes


@pytest.mark.parametrize(
    ("prepare", "do"),
    [([], first), ([first], change), ([first], log_in), ([first], shutdown)],
    ids=["first", "change", "log in", "shutdown"],
)
def test_a_crash_at_any_call_is_mended_by_the_next_run(
    tmp_path: Path, prepare: list[Do], do: Do, prove_report: Proof
) -> None:
    before = Household(tmp_path)
    for each in prepare:
        each(before)
    before.loops.clear()  # all that controllers remember may be lost
    whole = deepcopy(before)
    count = numbered(whole, lambda number, moment: None)
    do(whole)
    wanted, calls = looks(whole), count()
    good = of = 0
    wrong = []
    for number in range(1, calls + 1):
        for moment in ("before", "after"):
            try:
                house, struck = killed(before, do, number, moment)
                of += struck
                if do is shutdown:
                    assert house.names() == []
                else:
                    check(house, do)
                    assert looks(house) == wanted
                good += struck
            except Exception as error:
                wrong.append(f"{moment} call {number}: {type(error).__name__} {error}")
    what = f"{do.__name__}: killed at each of {calls} calls, and after each write; three levels, on the model"
    prove_report(3, good, of, what)
    assert not wrong, "\n".join(wrong)
    assert of > calls
