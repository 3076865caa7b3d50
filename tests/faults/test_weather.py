"""Answers lost, requests delivered twice, errors, silence and drift: what a swarm does to us on a bad day."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from subprocess import TimeoutExpired

import pytest

from tests.faults.mishaps import cut, fail, lose, refuse, some, twice, without_events
from tests.faults.proxy import Mishap, at_write
from tests.faults.rig import Rig, canonical, rigged, steady
from tests.proof import Proof
from tests.swarm import Swarm, eventually

FRESH = "the-note-of-a-fresh-install"
LONG = pytest.mark.timeout(3600)


@pytest.fixture(scope="module")
def rig(swarm: Swarm) -> Iterator[Rig]:
    """A tree that stands, and what it looked like when it was fresh."""
    with rigged(swarm, "storm") as found:
        found.apply(FRESH, code=0)
        found.fresh = canonical(swarm, found.name, FRESH)
        yield found


def duplicates(swarm: Swarm) -> list[str]:
    """Names of networks that are there twice; of other things the engine allows none."""
    names = swarm.docker("network", "ls", "--format", "{{.Name}}", "--filter", "scope=swarm").split()
    return sorted(name for name in {*names} if names.count(name) > 1)


def disturbed(rig: Rig, side: str, mishap: Mishap, chance: random.Random) -> str:
    """A change during which one write of one side goes wrong; it arrives all the same. Says what is wrong."""
    note = f"{mishap.__name__}-{side}-{chance.getrandbits(32):08x}"
    rig.cli.begin()
    rig.controllers.begin()
    getattr(rig, side).begin(at_write(chance.randint(1, 1 if side == "cli" else 8), mishap))
    try:
        rig.apply(note, code=0)
        rig.check(note)
        assert not duplicates(rig.swarm)
    except AssertionError as error:
        return f"{note}: {error}"
    return ""


def disturb(rig: Rig, rounds: int, prove_report: Proof) -> None:
    seed = random.SystemRandom().randrange(1000)
    chance = random.Random(seed)
    drawn = [(("cli", "controllers")[n % 2], (lose, twice)[n // 2 % 2]) for n in range(rounds)]
    wrong = [said for side, mishap in drawn if (said := disturbed(rig, side, mishap, chance))]
    what = f"answer lost or request delivered twice, seed {seed}: no duplicate, converged"
    prove_report(4, rounds - len(wrong), rounds, what)
    assert not wrong, "\n".join(wrong)


@pytest.mark.small
def test_a_lost_answer_or_a_request_that_arrives_twice_makes_no_duplicate(
    rig: Rig, prove_report: Proof
) -> None:
    disturb(rig, 4, prove_report)


@pytest.mark.prove
@LONG
def test_a_hundred_lost_answers_and_repeated_requests_make_no_duplicate(
    rig: Rig, prove_report: Proof
) -> None:
    disturb(rig, 100, prove_report)


def weathered(rig: Rig, seconds: float, prove_report: Proof) -> None:
    """For so long almost a third of all calls fail, on both sides; then a plain apply."""
    seed = random.SystemRandom().randrange(1000)
    storm = some(random.Random(seed).random, 0.3, [fail(500), fail(503), cut, refuse])
    rig.cli.begin(storm)
    rig.controllers.begin(storm)
    note, began = f"weather-{seed}", time.monotonic()
    codes = []
    while (left := seconds - (time.monotonic() - began)) > 0:
        with rig.start(note) as process:
            with suppress(TimeoutExpired):
                process.communicate(timeout=left)
            if process.poll() is None:
                rig.cli.begin()
                rig.controllers.begin()
            process.communicate(timeout=120)
        codes.append(process.returncode)
    assert {*codes} <= {0, 4, 5, 6, 8}, codes
    rig.cli.begin()
    rig.controllers.begin()
    rig.check(note)
    what = f"30 % of calls fail for {seconds:.0f} s, seed {seed}; exit codes meanwhile {sorted({*codes})}"
    prove_report(3, 1, 1, what)


@pytest.mark.small
def test_calls_that_fail_for_a_while_are_survived(rig: Rig, prove_report: Proof) -> None:
    weathered(rig, 10, prove_report)


@pytest.mark.prove
@LONG
def test_calls_that_fail_for_a_minute_are_survived(rig: Rig, prove_report: Proof) -> None:
    weathered(rig, 60, prove_report)


DRIFT = {
    "scaled": ("update", "--detach", "--replicas", "2"),
    "changed": ("update", "--detach", "--env-add", "NOTE=by-hand"),
    "removed": ("rm",),
}


def drifted(rig: Rig, service: str, within: float) -> dict[str, float]:
    """How long each change by hand stood."""
    found = {}
    for how, arguments in DRIFT.items():
        wanted = rig.swarm.objects("service")[service]["Spec"]
        verb, *rest = arguments
        rig.swarm.docker("service", verb, *rest, service)
        began = time.monotonic()
        eventually(lambda w=wanted: spec(rig, service) == w, within, f"{service} {how} is healed")
        found[how] = time.monotonic() - began
    return found


def spec(rig: Rig, service: str) -> object:
    return rig.swarm.objects("service").get(service, {}).get("Spec")


def test_what_is_changed_by_hand_is_healed_within_ten_seconds(rig: Rig) -> None:
    steady(rig)
    took = drifted(rig, "storm_mid_low_web", 10)
    print({how: f"{seconds:.1f} s" for how, seconds in took.items()})


@pytest.mark.prove
@LONG
def test_what_is_changed_by_hand_is_healed_within_a_minute_when_events_are_lost(swarm: Swarm) -> None:
    with rigged(swarm, "deaf") as deaf:
        deaf.controllers.begin(without_events)
        deaf.apply(FRESH, code=0)
        took = drifted(deaf, "deaf_mid_low_web", 60)
        print({how: f"{seconds:.1f} s" for how, seconds in took.items()})
