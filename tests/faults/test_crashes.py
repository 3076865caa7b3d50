"""Killed before and after any call to the engine, the command line or a controller: the next plain apply ends
where a fresh install does, and nobody lends a hand.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import pytest

from ailtire_deploy.plan.removing import YOUNG
from tests.faults.mishaps import crash_after, crash_before
from tests.faults.proxy import Mishap, Rule, at_read, at_write
from tests.faults.rig import Rig, canonical, idle, rigged
from tests.proof import Proof
from tests.swarm import Swarm

MOMENTS = {"before": crash_before, "after": crash_after}
SIDES = ("cli", "controllers")
FRESH = "the-note-of-a-fresh-install"
LONG = pytest.mark.timeout(7200)


@pytest.fixture(scope="module")
def rig(swarm: Swarm) -> Iterator[Rig]:
    """A tree that stands, and what it looked like when it was fresh."""
    with rigged(swarm, "crash") as found:
        install(found)
        yield found


def install(rig: Rig) -> dict[str, tuple[int, int]]:
    """From nothing: what every later round is measured by. Counts as ``calls_of`` does."""
    counts = calls_of(rig, lambda: rig.apply(FRESH, code=0))
    rig.since = time.monotonic()
    rig.fresh = canonical(rig.swarm, rig.name, FRESH)
    assert not idle(rig.swarm, rig.name)
    rig.check(FRESH)
    return counts


def renew(rig: Rig) -> None:
    """Begin anew before the first revisions are old enough to be collected: they would be in the plan."""
    if time.monotonic() - rig.since > YOUNG / 2:
        rig.wipe()
        install(rig)


def calls_of(rig: Rig, do: Callable[[], object]) -> dict[str, tuple[int, int]]:
    """How many calls, and how many writes among them, each side makes while something is done."""
    rig.cli.begin()
    rig.controllers.begin()
    do()
    return {side: (len(getattr(rig, side).calls), getattr(rig, side).writes) for side in SIDES}


def crashed(rig: Rig, side: str, rule: Callable[[int, Mishap], Rule], number: int, moment: str) -> bool:
    """One round: a change, killed at a call, then a plain apply. Whether anybody was killed at all."""
    note = f"{side}-{rule.__name__}-{moment}-{number}-{random.getrandbits(32):08x}"
    rig.cli.begin()
    rig.controllers.begin()
    proxy = getattr(rig, side)
    proxy.begin(rule(number, MOMENTS[moment]))
    first = rig.apply(note)
    struck = [str(call) for call in proxy.killed]
    proxy.begin()  # a call that was not reached must not strike whoever comes to check
    if side == "controllers":
        assert first.code == 0, f"{struck}: {first}"
    else:
        assert first.code == (-9 if struck else 0), f"{struck}: {first}"
    try:
        rig.check(note)
    except AssertionError as error:
        raise AssertionError(f"killed {moment} {struck} of the {side}: {error}") from error
    return bool(struck)


def changed(rig: Rig, side: str, rule: Callable[[int, Mishap], Rule], number: int, moment: str) -> bool:
    """Such a round on a tree that stands."""
    renew(rig)
    return crashed(rig, side, rule, number, moment)


def tally(
    prove_report: Proof, what: Callable[[], str], rounds: Iterable[Callable[[], bool]]
) -> tuple[int, list[str]]:
    """In how many rounds somebody was killed, and what was wrong; told also when the time limit ends it."""
    good, wrong, whole = 0, [], False
    try:
        for number, each in enumerate(rounds, 1):
            try:
                good += each()
            except AssertionError as error:
                wrong.append(str(error))
            print(f"round {number}: {good} good, {wrong or 'none wrong'}", flush=True)
        whole = True
    finally:
        of = good + len(wrong) + (not whole)
        prove_report(3, good, of, what() + ("" if whole else "; broken off"))
    return of, wrong


def rounds(rig: Rig, side: str, writes: Iterable[int], reads: Iterable[int]) -> Iterator[Callable[[], bool]]:
    """Killed before and after each of these writes, and at each of these reads, by turns before and after."""
    for number in writes:
        for moment in MOMENTS:
            yield partial(changed, rig, side, at_write, number, moment)
    for number in reads:
        yield partial(changed, rig, side, at_read, number, ("before", "after")[number % 2])


@pytest.mark.small
@pytest.mark.parametrize("side", SIDES)
def test_a_change_killed_at_some_calls_is_made_good_by_the_next_apply(
    rig: Rig, side: str, prove_report: Proof
) -> None:
    seed = random.SystemRandom().randrange(1000)
    calls, writes = calls_of(rig, lambda: rig.apply(f"counted-{side}", code=0))[side]
    chance = random.Random(seed)
    print(f"seed {seed}: {calls} calls of the {side}, {writes} writes")
    some = [chance.randint(1, calls - writes) for _ in range(2)]
    what = f"{side} killed at calls drawn with seed {seed}, a change at three levels"
    _, wrong = tally(prove_report, lambda: what, rounds(rig, side, [chance.randint(1, writes)], some))
    assert not wrong, "\n".join(wrong)


@pytest.mark.prove
@LONG
@pytest.mark.parametrize("side", SIDES)
def test_a_change_killed_at_every_call_is_made_good_by_the_next_apply(
    rig: Rig, side: str, prove_report: Proof
) -> None:
    calls, writes = calls_of(rig, lambda: rig.apply(f"all-{side}", code=0))[side]
    reads = calls - writes
    what = f"{side} killed before and after {writes} writes and at {reads} reads of a change"
    every = rounds(rig, side, range(1, writes + 1), range(1, reads + 1))
    of, wrong = tally(prove_report, lambda: f"{what}; the next apply took {rig.slowest:.1f} s at most", every)
    assert not wrong, "\n".join(wrong)
    assert of >= calls / 2, "most of these calls were made again"


@pytest.mark.prove
@LONG
@pytest.mark.parametrize("side", SIDES)
def test_a_first_apply_killed_at_every_write_is_made_good_by_the_next_apply(
    swarm: Swarm, side: str, prove_report: Proof
) -> None:
    with rigged(swarm, "crib") as rig:
        _, writes = install(rig)[side]

        def again(number: int, moment: str) -> bool:
            rig.wipe()
            return crashed(rig, side, at_write, number, moment)

        every = [(number, moment) for number in range(1, writes + 1) for moment in MOMENTS]
        what = f"{side} killed before and after each of {writes} writes of a first apply"
        of, wrong = tally(prove_report, lambda: what, (partial(again, *each) for each in every))
    assert not wrong, "\n".join(wrong)
    assert of == len(every)
