"""Looks at the living networks that are asked for over REST."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy.controller import Controller
from ailtire_deploy.controller.looks import Looks
from ailtire_deploy.errors import Busy, Failed, Unreachable
from ailtire_deploy.state import Resource
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
    assert (begun.status, begun.headers["Location"], begun.json["running"]) == (202, "verify", True)
    assert living.ask("GET", PLACE).json == begun.json
    kept.pop()()
    found = living.ask("GET", PLACE, role="viewer").json
    assert (found["running"], found["since"], found["result"]["verdict"]) == (
        False,
        begun.json["since"],
        "partly",
    )
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
    ("error", "told"),
    [(Busy("somebody else"), Busy), (Unreachable("no engine"), Failed), (RuntimeError("ours"), Failed)],
)
def test_an_error_that_ends_it_is_the_answer_and_the_next_may_begin(
    living: Living, monkeypatch: pytest.MonkeyPatch, error: Exception, told: type[Exception]
) -> None:
    def fail(resource: Resource) -> None:
        raise error

    controller: Controller = living.controller()
    looks: Looks = controller.looks
    with monkeypatch.context() as broken:
        broken.setattr(living.house.engine, "create", fail)
        assert controller.verify(5, keep=True)["running"] is False
    with pytest.raises(told):
        controller.verified()
    controller.verify(5, keep=True)
    assert looks.shown()["result"] is not None


def test_a_stack_that_shuts_down_is_not_looked_at(living: Living) -> None:
    assert living.ask("POST", "/_admin/shutdown").status == 202
    found = living.ask("POST", PLACE)
    assert (found.status, "shutting down" in found.json["detail"]) == (409, True)
