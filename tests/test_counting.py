"""What ends a release: shares of the requests that the next version had, and the course that follows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ailtire_deploy.model import Step, Strategy, Tolerance
from ailtire_deploy.names import LABEL_RELEASE
from ailtire_deploy.releases import counting, course, stages
from ailtire_deploy.releases.course import View
from ailtire_deploy.releases.moves import counted
from ailtire_deploy.releases.stages import Counts, Stage
from ailtire_deploy.state import Key, Resource
from ailtire_deploy.traffic import Counters

STRICT = Tolerance(1.0, ((500, 1.0),))
CANARY = Strategy("canary", (Step(5, 10.0), Step(100, 10.0)), abort_if=STRICT)


@pytest.mark.parametrize(
    ("requests", "errors", "slow", "said"),
    [
        (0, 0, 0, []),
        (10, 1, 0, []),
        (2, 2, 0, ["2 of 2 requests to the new version failed, more than 1 %"]),
        (1000, 10, 0, []),
        (1000, 11, 0, ["11 of 1000 requests to the new version failed, more than 1 %"]),
        (300, 0, 4, ["4 of 300 requests to the new version took longer than 500 ms, more than 1 %"]),
    ],
)
def test_a_share_is_one_of_a_hundred_requests_at_least(
    requests: int, errors: int, slow: int, said: list[str]
) -> None:
    assert list(counting.objections(STRICT, Counts(requests, errors, {500: slow}))) == said


def test_without_a_limit_nothing_is_too_bad() -> None:
    assert not list(counting.objections(Tolerance(), Counts(10, 10, {500: 10})))


def test_counts_are_those_since_the_step_began() -> None:
    found = counting.since(Counts(50, 5, {500: 7}), Counts(40, 5, {500: 4}))
    assert found == Counts(10, 0, {500: 3})


def test_counters_that_begin_anew_are_counted_from_there() -> None:
    stage = Stage("holding", "canary", weight=5, base=Counts(400, 3))
    anew = course.ahead(CANARY, stage, View(1.0, counts=Counts(20, 1)))
    assert anew == replace(stage, base=Counts())
    assert course.ahead(CANARY, anew, View(1.0, counts=Counts(20, 2))).said


def test_only_the_next_version_of_a_service_counts_on_all_its_ports() -> None:
    told = {
        "web": Counters(9, 9),
        "web.next": Counters(1, 1),
        "web.8080.next": Counters(2, 1, slow={500: 1}),
        "web.8080": Counters(9, 9),
        "shop.next": Counters(9, 9),
    }
    gateway = Resource(Key("service", "shop_gateway"), facts={"traffic": told})
    assert counted(gateway, "web") == Counts(3, 2, {500: 1})
    assert counted(None, "web") == Counts()


def test_a_failed_revision_goes_no_further_unless_somebody_asks() -> None:
    stage = Stage("holding", "canary", weight=5, since=0.0, until=10.0)
    view = View(20.0, ready=True, served=True, settled=True, frozen=True)
    assert course.ahead(CANARY, stage, view) == stage
    assert course.ahead(CANARY, replace(stage, asked=stages.PROMOTE), view).phase == "growing"
    assert course.ahead(CANARY, stage, replace(view, frozen=False)).phase == "growing"


def test_nothing_moves_before_the_gateways_serve_it() -> None:
    for phase in ("growing", "holding", "leaving"):
        stage = Stage(phase, "canary", weight=5)  # type: ignore[arg-type]
        assert course.ahead(CANARY, stage, View(99.0, ready=True, settled=True)) == stage


def test_a_canary_has_the_tasks_of_its_step_and_at_least_one() -> None:
    sizes = [course.replicas(CANARY, Stage("holding", "canary", step), 30) for step in (0, 1)]
    assert sizes == [2, 30]
    assert course.replicas(CANARY, Stage("growing", "canary"), 3) == 1
    assert course.replicas(replace(CANARY, way="blue-green"), Stage("growing"), 3) == 3


@st.composite
def everything(draw: st.DrawFn) -> Stage:
    number = st.integers(0, 10**9)
    return Stage(
        draw(st.sampled_from(sorted(stages.PHASES))),  # type: ignore[arg-type]
        draw(st.sampled_from(["", "canary", "blue-green"])),
        draw(st.integers(0, 20)),
        draw(st.integers(0, 100)),
        float(draw(number)),
        float(draw(number)),
        draw(st.booleans()),
        Counts(draw(number), draw(number), draw(st.dictionaries(number, number, max_size=3))),
        draw(st.sampled_from(["", stages.ABORT, stages.PROMOTE, stages.FULLY])),
        draw(st.sampled_from(["", "anna", 'a "ü" \\'])),
        draw(st.sampled_from(["", "too slow → 5 %"])),
    )


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["web", "api"]), everything()))
def test_a_stage_is_read_as_it_was_written(found: dict[str, Stage]) -> None:
    revision = Resource(Key("config", "shop.r1"), labels={LABEL_RELEASE: stages.written(found)})
    assert stages.read(revision) == found


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"web": 1}', '{"web": {"phase": "gone"}}', '{"web": {"more": 1}}']
)
def test_a_label_that_is_not_ours_means_nothing(text: str) -> None:
    assert stages.read(Resource(Key("config", "shop.r1"), labels={LABEL_RELEASE: text})) == {}
