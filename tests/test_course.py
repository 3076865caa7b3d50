"""The course of a release, whatever is seen on the way: it comes to an end, and no request goes astray."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ailtire_deploy.model import Step, Strategy, Tolerance
from ailtire_deploy.releases import course
from ailtire_deploy.releases.course import View
from ailtire_deploy.releases.stages import ABORT, OPEN, PROMOTE, Counts, Stage

calmly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines may be busy
ORDER = ("growing", "holding", "settling", "leaving", "draining", "over")


@st.composite
def strategies(draw: st.DrawFn) -> Strategy:
    weights = sorted(draw(st.sets(st.integers(1, 99), max_size=4)))
    pauses = st.sampled_from([0.0, 5.0, 60.0])
    steps = tuple(Step(weight, draw(pauses)) for weight in (*weights, 100))
    errors = draw(st.sampled_from([None, 1.0]))
    return Strategy("canary", steps, draw(st.booleans()), Tolerance(errors))


@st.composite
def sights(draw: st.DrawFn) -> list[tuple[bool, ...]]:
    """What is seen in some rounds, before all goes well."""
    return draw(st.lists(st.tuples(*[st.booleans()] * 5), max_size=30))


def courses(
    strategy: Strategy, seen: list[tuple[bool, ...]], errors: int = 0, asked: str = ""
) -> Iterator[tuple[Stage, View, Stage]]:
    """Round after round: where it stood, what was seen, and where it stands."""
    stage = course.first(strategy, 0.0)
    for number in range(len(seen) + 1000):
        flags = seen[number] if number < len(seen) else (True,) * 4 + (False,)
        ready, served, settled, carries, frozen = flags
        counts = Counts(number * 10, number * errors)
        view = View(float(number), ready, served, settled, carries, frozen, counts)
        after = course.ahead(strategy, stage, view)
        yield stage, view, after
        stage = after
        if asked and stage.phase in OPEN:
            stage = replace(stage, asked=asked)
        if stage.phase == "over":
            return


@calmly
@given(strategies(), sights())
def test_it_ends_and_goes_forwards_only(strategy: Strategy, seen: list[tuple[bool, ...]]) -> None:
    told = list(courses(strategy, seen, asked=PROMOTE if strategy.manual else ""))
    assert told[-1][2].phase == "over"
    for before, _, after in told:
        stands = [(each.step, ORDER.index(each.phase)) for each in (before, after)]
        assert stands[0] <= stands[1]
        assert before.weight <= after.weight


@calmly
@given(strategies(), sights())
def test_requests_come_only_to_what_is_ready_and_when_gateways_say_so(
    strategy: Strategy, seen: list[tuple[bool, ...]]
) -> None:
    for before, view, after in courses(strategy, seen):
        if after.weight > before.weight:
            assert view.ready and view.served and not view.frozen
        if after.phase == "draining" != before.phase:
            assert view.served and view.carries


@calmly
@given(strategies(), sights())
def test_too_many_errors_end_it_at_the_step_where_they_are_seen(
    strategy: Strategy, seen: list[tuple[bool, ...]]
) -> None:
    told = list(courses(strategy, seen, errors=5))
    for before, _, after in told:
        judged = strategy.abort_if.errors is not None and before.phase in OPEN and before.weight
        assert not judged or (after.phase, after.step) == ("leaving", before.step)


@calmly
@given(strategies(), st.integers(0, 20))
def test_whoever_aborts_is_heard_while_it_is_open(strategy: Strategy, after: int) -> None:
    for _, view, found in islice(courses(strategy, []), after, after + 1):
        if found.phase in OPEN:
            ended = course.ahead(strategy, replace(found, asked=ABORT, by="anna"), view)
            assert (ended.phase, "anna" in ended.said) == ("leaving", True)
