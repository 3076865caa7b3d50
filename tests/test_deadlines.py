"""By when a stack on its way has to have come further, as told to those who watch."""

from __future__ import annotations

from dataclasses import replace

from ailtire_deploy import deadlines, verdict
from ailtire_deploy.state import State
from tests.test_status import NOW, SHOP, revision, service, task

BODY = {
    "name": "shop",
    "context": "",
    "parameters": {},
    "environment": {},
    "definition": {"name": "shop", "services": {"web": {"image": "shop/web:1"}}},
}


def on_its_way(*tasks, outcome: str = "pending", created: float = NOW - 100, **body) -> State:
    newest = replace(revision(SHOP, 1, outcome, **{**BODY, **body}), created=created)
    web = replace(service(SHOP, "web"), created=created)
    return State.of([web, newest], tasks=tasks)


def test_the_clock_runs_from_the_last_thing_that_happened() -> None:
    web = service(SHOP, "web")
    found = on_its_way(task(web, state="starting", age=20.0))
    assert deadlines.left(found, SHOP, NOW) == verdict.GRACE - 20.0
    assert deadlines.sentences(found, SHOP, NOW) == {
        "shop": "fails in about 40s unless something comes further"
    }


def test_to_fail_again_and_again_is_nothing_that_happens() -> None:
    web = service(SHOP, "web")
    found = on_its_way(
        task(web, state="failed", age=50.0), task(web, state="failed", age=5.0), task(web, age=1.0)
    )
    assert deadlines.left(found, SHOP, NOW) == verdict.GRACE - 50.0


def test_a_definition_may_ask_for_more_time() -> None:
    slow = {**BODY["definition"], "deadline": "10m"}
    assert deadlines.left(on_its_way(definition=slow), SHOP, NOW) == 500.0


def test_what_has_arrived_has_no_deadline() -> None:
    assert deadlines.sentences(on_its_way(outcome="converged"), SHOP, NOW) == {}


def test_a_deadline_that_is_over_is_told_as_a_second() -> None:
    assert deadlines.left(on_its_way(created=NOW - 500), SHOP, NOW) == 0.0
    assert deadlines.said(0.0).startswith("fails in about 1s ")
