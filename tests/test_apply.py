"""One operation, one engine call: what comes of each, and when the rest is not tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ailtire_deploy.apply import apply
from ailtire_deploy.errors import AiltireError, Conflict, OutOfSequence, Overtaken, Refused, Unreachable
from ailtire_deploy.plan import Plan, plan
from ailtire_deploy.report import Entry, Report
from ailtire_deploy.state import Key, Need, Resource, State
from tests.contract import wishes
from tests.contract.wishes import ROOT
from tests.fakes import FakeEngine

LATER = 10_000_000_000.0


def planned(engine: FakeEngine, *desired: Resource) -> Plan:
    return plan(State.of(desired), engine.observe(ROOT), ROOT, LATER)


def outcomes(report: Report) -> dict[str, str]:
    return {entry.name: entry.outcome for entry in report}


def at(number: int, error: AiltireError) -> Callable[[int], None]:
    def fail(now: int) -> None:
        if now == number:
            raise error

    return fail


def test_what_is_ready_is_done_in_order() -> None:
    engine = FakeEngine()
    report = apply(planned(engine, wishes.service(), wishes.network()), engine)
    assert engine.writes == ["create network contract_sibling", "create service contract_web"]
    assert outcomes(report) == {"contract_sibling": "changed", "contract_web": "changed"}


def test_a_second_time_writes_nothing_and_says_ok() -> None:
    engine = FakeEngine()
    desired = (wishes.network(), wishes.service())
    apply(planned(engine, *desired), engine)
    report = apply(planned(engine, *desired), engine)
    assert len(engine.writes) == 2
    assert report.counts() == {"contract": {"ok": 2, "changed": 0, "waiting": 0, "failed": 0}}


def test_what_waits_and_what_cannot_be_done_is_not_tried() -> None:
    engine = FakeEngine()
    engine.put(Resource(Key("network", "contract_sibling")))
    needy = replace(wishes.config("c-0"), needs=(Need("service", "contract_db", "healthy"),))
    report = apply(planned(engine, needy, wishes.network()), engine)
    assert engine.writes == []
    assert outcomes(report) == {"contract_sibling": "failed", "contract_c-0": "waiting"}
    assert report.waiting[0].text == "for service contract_db to be healthy"
    assert "not ours" in report.reasons[0]


@pytest.mark.parametrize("error", [OutOfSequence("moved"), Overtaken("made meanwhile")])
def test_what_moved_meanwhile_waits_for_another_look(error: AiltireError) -> None:
    engine = FakeEngine(before=at(1, error))
    report = apply(planned(engine, wishes.network(), wishes.config()), engine)
    assert outcomes(report) == {"contract_sibling": "waiting", "contract_page-0123456789ab": "changed"}


@pytest.mark.parametrize("error", [Conflict("a stranger"), Refused("no such thing")])
def test_a_refusal_fails_one_operation_and_the_rest_goes_on(error: AiltireError) -> None:
    engine = FakeEngine(before=at(1, error))
    report = apply(planned(engine, wishes.network(), wishes.config()), engine)
    assert outcomes(report) == {"contract_sibling": "failed", "contract_page-0123456789ab": "changed"}
    assert report.reasons == (f"network contract_sibling: {error}",)
    assert report.stopped == ""


def test_without_an_engine_the_rest_is_not_tried() -> None:
    engine = FakeEngine(before=at(2, Unreachable("nobody answers")))
    report = apply(planned(engine, wishes.network(), wishes.config(), wishes.secret()), engine)
    assert engine.writes == ["create network contract_sibling"]
    assert [entry.outcome for entry in report] == ["changed", "waiting", "waiting"]
    assert report.stopped == "nobody answers"
    assert report.failed == ()


def test_each_operation_is_told_as_it_ends() -> None:
    engine, heard = FakeEngine(), list[Entry]()
    report = apply(planned(engine, wishes.network()), engine, heard.append)
    assert heard == [Entry("contract", "create", "network", "contract_sibling", "changed", "it is not there")]
    assert tuple(heard) == report.entries


def test_reports_add_up() -> None:
    one = Report((Entry("shop", "create", "service", "a", "changed"),))
    two = Report((Entry("shop/orders", "keep", "service", "b", "ok"),), "nobody answers")
    both = Report.of([one, two])
    assert both.counts() == {
        "shop": {"ok": 0, "changed": 1, "waiting": 0, "failed": 0},
        "shop/orders": {"ok": 1, "changed": 0, "waiting": 0, "failed": 0},
    }
    assert both.stopped == "nobody answers"
    assert str(one.entries[0]) == "changed: create service a"
