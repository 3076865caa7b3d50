"""Looks at the living networks that are asked for over REST."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import names
from ailtire_deploy.errors import Busy, NotFound, Overtaken, Unreachable
from ailtire_deploy.state import Resource
from ailtire_deploy.survey import Survey
from tests.rest.living import SHOP, Living

PLACE = "/_admin/network/verify"


@pytest.fixture
def living(tmp_path: Path) -> Living:
    return Living(tmp_path)


@pytest.fixture
def kept(living: Living) -> list[Callable[[], None]]:
    """What a controller of ``living`` shall do beside its loop, and has not begun yet."""
    found: list[Callable[[], None]] = []
    made = living.controller()
    made.looks.begin = found.append
    living.controller = lambda path=SHOP: made  # type: ignore[method-assign]
    return found


def test_a_look_can_be_followed_where_the_answer_says(living: Living, kept: list[Callable[[], None]]) -> None:
    assert living.ask("GET", PLACE).json["since"] is None
    begun = living.ask("POST", PLACE, {"timeout": 5})
    assert (begun.status, begun.headers["Location"], begun.json["state"]) == (202, "verify", "running")
    assert living.ask("GET", PLACE).json == begun.json
    kept.pop()()
    found = living.ask("GET", PLACE, role="viewer").json
    assert (found["state"], found["id"], found["result"]["verdict"]) == ("done", begun.json["id"], "partly")
    assert found["told"][0].startswith("asking on ")


def test_a_second_one_has_to_wait(living: Living, kept: list[Callable[[], None]]) -> None:
    assert living.ask("POST", PLACE).status == 202
    again = living.ask("POST", PLACE)
    assert (again.status, "already" in again.json["detail"]) == (409, True)
    kept.pop()()
    assert living.ask("POST", PLACE).status == 202
    assert len(kept) == 1


@pytest.mark.parametrize(
    ("wish", "revision"), [({}, "shop.r1"), ({"keep": True}, "shop.r1"), ({"keep": False}, "")]
)
def test_its_result_is_kept_at_the_newest_revision_if_that_is_wished(
    living: Living, wish: dict[str, Any], revision: str
) -> None:
    living.ask("POST", PLACE, wish)
    assert living.ask("GET", PLACE).json["result"]["revision"] == revision
    assert ("segmentation" in living.ask("GET", "/_admin/history").json[0]) is bool(revision)


@pytest.mark.parametrize(
    "wrong", [{"timeout": 0}, {"timeout": 3601}, {"timeout": True}, {"timeout": "9"}, {"keep": 1}, {"x": 1}]
)
def test_a_wrong_wish_begins_nothing(living: Living, wrong: dict[str, Any]) -> None:
    assert living.ask("POST", PLACE, wrong).status == 422
    assert living.ask("GET", PLACE).json["since"] is None


@pytest.mark.parametrize(
    ("error", "state", "told"),
    [
        (Busy("somebody else"), "busy", "somebody else"),
        (Overtaken("a probe"), "busy", "shop_edge__probe"),
        (NotFound("a network"), "gone", "a network"),
        (Unreachable("no engine"), "failed", "no engine"),
        (RuntimeError("secret words"), "failed", "RuntimeError inside the controller"),
    ],
)
def test_what_ends_it_is_told_as_often_as_it_is_asked_for_and_the_next_may_begin(
    living: Living, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str, told: str
) -> None:
    def fail(resource: Resource) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(living.house.engine, "create", fail)
        assert living.ask("POST", PLACE, {"timeout": 5}).status == 202
    for _ in range(2):
        found = living.ask("GET", PLACE)
        assert (found.status, found.json["state"], found.json["result"]) == (200, state, None)
        assert told in found.json["error"]
        assert "secret words" not in found.text
    living.ask("POST", PLACE, {"timeout": 5})
    assert living.ask("GET", PLACE).json["state"] == "done"


def test_without_room_for_another_thread_it_has_failed_and_is_not_under_way(living: Living) -> None:
    made = living.controller()

    def none(do: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    begin, made.looks.begin = made.looks.begin, none
    assert made.verify(5, keep=True)["state"] == "failed"
    made.looks.begin = begin
    assert made.verify(5, keep=True)["state"] == "done"


def test_through_a_parent_it_can_be_followed_as_well(living: Living) -> None:
    begun = living.ask("POST", "/_admin/children/orders/network/verify", {"timeout": 5})
    assert (begun.status, begun.headers["Location"]) == (202, "verify")
    found = living.ask("GET", "/_admin/children/orders/network/verify").json
    assert (found["stack"], found["id"], found["state"]) == ("shop/orders", begun.json["id"], "done")


def test_a_look_below_takes_its_networks_over_and_no_others(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier look ends, and takes none of the later one's probes along."""
    engine, seen = living.house.engine, list[set[str]]()
    root, below = (Survey(engine, "image", now=living.house.now, sleep=living.skip) for _ in range(2))

    def later(seconds: float) -> None:
        below.look(SHOP / "orders", 5)

    def standing(seconds: float) -> None:
        living.skip(seconds)
        seen.append({each.labels[names.LABEL_LOOK] for each in engine.observe(SHOP).probes})

    root.sleep, below.sleep = later, standing
    with pytest.raises(Busy):
        root.look(SHOP, 5)
    assert seen[0] == {root.id, below.id}
    assert engine.observe(SHOP).probes == ()


def test_a_stack_that_shuts_down_is_not_looked_at(living: Living) -> None:
    assert living.ask("POST", "/_admin/shutdown").status == 202
    found = living.ask("POST", PLACE)
    assert (found.status, "shutting down" in found.json["detail"]) == (409, True)
