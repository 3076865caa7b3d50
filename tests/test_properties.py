"""What holds of every wish from every starting point, on the model of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ailtire_deploy.apply import apply
from ailtire_deploy.errors import OutOfSequence, Unreachable
from ailtire_deploy.plan import Plan, plan
from ailtire_deploy.report import Report
from ailtire_deploy.state import Key, Need, Resource, State
from tests.contract.wishes import ROOT
from tests.fakes import Crash, FakeEngine
from tests.worlds import ALONE, KID, OTHERS, Start, desires, moved, starts

LATER = 10_000_000_000.0  # when everything is old enough to be removed
ROUNDS = 60

thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
brief = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def rounds(desired: State, engine: FakeEngine) -> Iterator[tuple[Plan, Report]]:
    """Look, plan, apply, until there is nothing left to do."""
    for _ in range(ROUNDS):
        planned = plan(desired, engine.observe(ROOT), ROOT, LATER)
        if planned.empty and not engine.moving:
            return
        yield planned, apply(planned, engine)
    raise AssertionError(f"does not settle: {planned}")


def settle(desired: State, engine: FakeEngine) -> list[Report]:
    return [report for _, report in rounds(desired, engine)]


def ours(engine: FakeEngine) -> dict[Key, tuple[object, object, object]]:
    """All that we own, without versions and times."""
    mine = engine.observe(ROOT).owned_by(ROOT)
    return {each.key: (each.spec, each.labels, each.data) for each in mine}


def theirs(engine: FakeEngine) -> dict[Key, int]:
    """The version of all that others own."""
    return {each.key: engine.objects[each.key].version for each in OTHERS}


def wished(desired: State) -> dict[Key, tuple[object, object, object]]:
    hidden = (replace(each, data=None) if each.kind == "secret" else each for each in desired)
    return {each.key: (each.spec, each.labels, each.data) for each in hidden}


def kept_for_rollback(engine: FakeEngine) -> set[Key]:
    """Configs and secrets that a service used before its last update."""
    return {key for each in engine.objects.values() for key in each.facts.get("previous", ())}


@thorough
@given(desires(), starts())
def test_every_wish_comes_true_from_everywhere(desired: State, start: Start) -> None:
    engine = start.engine()
    settle(desired, engine)
    state = engine.observe(ROOT)
    surplus = set(ours(engine)) - set(wished(desired))
    assert surplus <= kept_for_rollback(engine)
    assert {key: value for key, value in ours(engine).items() if key not in surplus} == wished(desired)
    assert all(state.settled(each.name) for each in desired if each.kind == "service")


@thorough
@given(desires(), starts())
def test_when_it_is_done_nothing_is_written_any_more(desired: State, start: Start) -> None:
    engine = start.engine()
    settle(desired, engine)
    written = list(engine.writes)
    report = apply(plan(desired, engine.observe(ROOT), ROOT, LATER), engine)
    assert engine.writes == written
    assert {entry.outcome for entry in report} <= {"ok"}
    assert len(report.entries) == len(list(desired))


@thorough
@given(desires(), starts())
def test_what_is_written_is_what_was_planned_and_reported(desired: State, start: Start) -> None:
    engine = start.engine()
    for planned, report in rounds(desired, engine):
        ready = [f"{each.verb} {each.key}" for each in planned.ready]
        assert ready == [f"{each.verb} {each.kind} {each.name}" for each in report.changed]
        assert engine.writes[len(engine.writes) - len(ready) :] == ready
        assert not report.failed


@thorough
@given(desires(), starts())
def test_what_is_not_ours_is_never_touched(desired: State, start: Start) -> None:
    engine = start.engine()
    before = theirs(engine)
    settle(desired, engine)
    assert theirs(engine) == before


@thorough
@given(desires(), starts())
def test_nothing_goes_while_it_is_needed_and_nothing_comes_before_what_it_needs(
    desired: State, start: Start
) -> None:
    engine = start.engine()
    for _ in range(ROUNDS):
        state = engine.observe(ROOT)
        for each in plan(desired, state, ROOT, LATER).ready:
            assert all(state.meets(need) for need in each.resource.needs)
            if each.verb == "remove":
                assert not state.tasks_on(each.key.name)
                assert not [t for t in state.tasks if t.live and each.key in t.files]
        if plan(desired, state, ROOT, LATER).empty:
            return
        apply(plan(desired, state, ROOT, LATER), engine)


@thorough
@given(desires(), starts(), st.sampled_from(["network", "service", "secret"]))
def test_a_stranger_with_a_name_of_ours_fails_one_wish_and_stays(
    desired: State, start: Start, kind: str
) -> None:
    names = [
        each.key for each in desired if each.kind == kind and each.key not in {r.key for r in start.there}
    ]
    engine = start.engine()
    for key in names[:1]:
        engine.put(Resource(key))
        before = engine.objects[key].version
        report = apply(plan(desired, engine.observe(ROOT), ROOT, LATER), engine)
        assert [entry.name for entry in report.failed] == [key.name]
        assert engine.objects[key].version == before


def crashing(number: int) -> Callable[[int], None]:
    def crash(now: int) -> None:
        if now == number:
            raise Crash

    return crash


@brief
@given(desires(), starts(), st.sampled_from(["before", "after"]))
def test_a_crash_at_any_write_is_made_good_by_the_next_run(desired: State, start: Start, when: str) -> None:
    whole = start.engine()
    settle(desired, whole)
    for number in range(1, whole.attempts + 1):
        engine = start.engine()
        setattr(engine, when, crashing(number))
        with pytest.raises(Crash):
            settle(desired, engine)
        settle(desired, engine)
        kept = kept_for_rollback(engine) | kept_for_rollback(whole)
        assert _without(ours(engine), kept) == _without(ours(whole), kept)


def _without(found: dict[Key, tuple[object, object, object]], kept: set[Key]) -> object:
    return {key: value for key, value in found.items() if key not in kept}


@thorough
@given(desires(), starts(), st.sets(st.integers(1, 12)), st.sets(st.integers(1, 12)))
def test_lost_answers_and_lost_races_are_made_good(
    desired: State, start: Start, lost: set[int], raced: set[int]
) -> None:
    engine = start.engine()

    def lose(number: int) -> None:
        if number in lost:
            raise Unreachable("the answer is lost")

    def race(number: int) -> None:
        if number in raced:
            raise OutOfSequence("it moved")

    engine.after, engine.before = lose, race
    settle(desired, engine)
    assert set(wished(desired)) <= set(ours(engine))
    assert all(engine.observe(ROOT).settled(each.name) for each in desired if each.kind == "service")


@thorough
@given(starts(), st.lists(st.booleans(), min_size=ROUNDS, max_size=ROUNDS))
def test_a_shutdown_goes_leaf_to_root_in_whatever_order_controllers_run(
    start: Start, order: list[bool]
) -> None:
    engine = start.engine()
    admin = replace(moved(ALONE, ROOT, KID), key=Key("service", "contract_kid_admin"))
    engine.put(admin)
    mine = [*start.there, admin]
    below, gone = Need("owner", str(KID), "gone"), Need("service", admin.name, "gone")
    wish = State.of(replace(each, absent=True, needs=(below if each == admin else gone,)) for each in mine)
    kid = State.of(
        replace(each, absent=True) for each in OTHERS if each.labels.get("ailtire.owner") == str(KID)
    )
    for first in order:
        state = engine.observe(ROOT)
        path, desired = (ROOT, wish) if first else (KID, kid)
        apply(plan(desired, state, path, LATER), engine)
        assert admin.key in engine.objects or not engine.observe(ROOT).anything_below(KID)
        assert admin.key not in engine.objects or {each.key for each in start.there} <= set(engine.objects)
    for path, desired in ((KID, kid), (ROOT, wish)) * ROUNDS:
        apply(plan(desired, engine.observe(ROOT), path, LATER), engine)
    assert not list(engine.observe(ROOT).owned_by(ROOT))
