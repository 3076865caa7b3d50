"""Server-sent events: their form, how they go through parents, and what somebody finds who comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ailtire_deploy.controller import journal
from ailtire_deploy.controller.journal import Event, Journal
from ailtire_deploy.errors import Unreachable
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Reply
from ailtire_deploy.report import Entry
from ailtire_deploy.rest import streams
from ailtire_deploy.state import State
from tests.rest.client import Remembering, bearer, call, surface
from tests.rest.living import SHOP, Living

KIND = "text/event-stream"


@pytest.fixture
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    yield Living(tmp_path_factory.mktemp("living"))


def test_events_have_the_form_that_browsers_read() -> None:
    found = call(surface(), "GET", "/_admin/events", bearer("viewer"))
    assert (found.status, found.kind) == (200, KIND)
    assert found.text == (
        'id: 0a-1\nevent: state\ndata: {"stack": "shop"}\n\nid: 0a-2\nevent: done\ndata: {}\n\n'
    )
    assert call(surface(), "HEAD", "/_admin/events", bearer("viewer")).kind == KIND


def test_no_text_ends_an_event() -> None:
    said = streams.as_event(Event("a-1", "status", {"message": "a\n\nevent: forged\r\u2028\x1b[2J"}))
    assert said.count(b"\n") == 4
    assert said.isascii()
    assert b"\x1b" not in said


def test_a_reader_tells_the_last_event_that_it_saw_by_header_or_query() -> None:
    controller = Remembering()
    call(surface(controller), "GET", "/_admin/events", bearer(), Last_Event_ID="0a-1")
    call(surface(controller), "GET", "/_admin/events?last_event_id=0a-2", bearer())
    assert controller.calls == [("events", "0a-1"), ("events", "0a-2")]
    assert call(surface(), "GET", "/_admin/events", bearer(), Last_Event_ID="x\x01y").status == 400
    twice = call(surface(), "GET", "/_admin/events?last_event_id=0a-2", bearer(), Last_Event_ID="0a-1")
    assert twice.status == 400


def test_a_stream_goes_through_a_parent_with_its_type_and_the_last_event() -> None:
    controller = Remembering(reply=Reply(200, iter([b"id: 0a-1\n", b"\n"]), KIND))
    found = call(surface(controller), "GET", "/orders/_admin/events", bearer(), Last_Event_ID="0a-1")
    assert (found.status, found.kind, found.body) == (200, KIND, b"id: 0a-1\n\n")
    assert controller.calls[0][:4] == ("forward", "orders", "GET", "/_admin/events")
    assert controller.calls[0][4] == "last_event_id=0a-1"


def test_an_error_at_first_is_an_answer_of_its_own() -> None:
    away = Remembering(fails=Unreachable("the engine does not answer"))
    assert call(surface(away), "GET", "/_admin/events", bearer()).status == 502


def test_silence_is_a_sign_of_life_every_second() -> None:
    times = iter([0.0, 0.4, 0.8, 1.2, 1.2, 1.6])
    found = streams._sent(None, iter([None, None, None]), lambda: next(times))
    assert list(found) == [b":\n\n"]


class Reader:
    """Somebody who follows; the tree lives on for a second with each look."""

    def __init__(self, living: Living, last: str = "") -> None:
        self.living = living
        self.events = living.controller().events(last, self)
        self.set = False

    def is_set(self) -> bool:
        return self.set

    def read(self, count: int = 12) -> list[Event]:
        found = []
        for _ in range(count):
            event = next(self.events)
            if event is None:
                self.living.house.live()
            else:
                found.append(event)
        return found


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LOOK", 0.01)


def by_kind(found: list[Event], kind: str) -> list[Any]:
    return [each.data for each in found if each.kind == kind]


def test_a_reader_gets_the_whole_state_and_then_what_happens(living: Living) -> None:
    reader = Reader(living)
    (first, *_) = reader.read(1)
    assert first.kind == "state"
    assert {each["name"]: each["status"] for each in first.data["status"]}["shop/orders/ledger"] == "running"
    assert [each["outcome"] for each in first.data["outcome"]] == ["converged"] * 3
    living.ask("POST", "/_admin/update", {"parameters": {"replicas": 3}})
    found = reader.read(60)
    done = by_kind(found, "done")
    assert ("update", "shop_web", "changed") in [(e["verb"], e["name"], e["outcome"]) for e in done]
    assert [e["outcome"] for e in by_kind(found, "outcome") if e["stack"] == "shop"] == [
        "pending",
        "converged",
    ]
    assert [e["status"] for e in by_kind(found, "status") if e["name"] == "shop"][-1] == "running"
    numbers = [int(each.id.partition("-")[2]) for each in found]
    assert numbers == sorted(set(numbers))
    json.dumps([dict(each.data) for each in found])


def test_who_comes_back_gets_what_followed_and_what_changed_meanwhile(living: Living) -> None:
    reader = Reader(living)
    last = reader.read(1)[-1].id
    living.ask("POST", "/_admin/update", {"parameters": {"replicas": 3}})
    living.house.settle(20)
    found = Reader(living, last).read(3)
    assert "state" not in {each.kind for each in found}
    assert [e["outcome"] for e in by_kind(found, "outcome")] == ["converged"]


@pytest.mark.parametrize("last", ["", "ffffffff-1", "nothing", "-", "0a-99999999999999999999"])
def test_who_comes_from_elsewhere_gets_the_whole_state(living: Living, last: str) -> None:
    assert Reader(living, last).read(1)[0].kind == "state"


def test_what_is_no_longer_held_is_said_by_the_whole_state() -> None:
    news = Journal(SHOP)
    follower = news.follow("", State, lambda: 0.0, lambda: False)
    first = next(follower)
    assert first is not None
    news.report([Entry("shop", "create", "config", str(n), "changed") for n in range(journal.HELD + 1)], "r")
    assert news.follow(first.id, State, lambda: 0.0, lambda: False).__next__().kind == "state"  # type: ignore[union-attr]
    assert len(news._ring) == journal.HELD


def test_an_engine_that_goes_away_ends_no_stream() -> None:
    answers: list[Any] = [State(), Unreachable("gone"), State()]

    def look() -> State:
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    found = Journal(StackPath(("shop",))).follow("", look, lambda: float(len(answers)), lambda: not answers)
    assert [each.kind if each else None for each in found] == ["state", None]
