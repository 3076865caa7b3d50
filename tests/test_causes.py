"""The engine's own words, as they were seen, and what is made of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ailtire_deploy import causes, explanation, names, status, symptoms, verdict
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import plan
from ailtire_deploy.report import Report
from ailtire_deploy.revisions import labels_of
from ailtire_deploy.state import Key, Resource, State, Task
from ailtire_deploy.units import SECOND

SHOP = StackPath(("shop",))
NOW = 1000.0
WORDS = {
    "no suitable node (scheduling constraints not satisfied on 1 node)": "constraint",
    "no suitable node (insufficient resources on 1 node)": "resources",
    "no suitable node (host-mode port already in use on 1 node)": "port",
    "no suitable node (max replicas per node limit exceed)": "replicas per node",
    "driver failed programming external connectivity on endpoint x: bind: address already in use": "port",
    "No such image: shop/web:9": "image",
    "pull access denied for shop/web, repository does not exist": "registry access",
    'starting container failed: exec: "nope": executable file not found in $PATH: unknown': "command",
    "task: non-zero exit (143): dockerexec: unhealthy container": "health",
    "task: non-zero exit (137)": "memory",
    "task: non-zero exit (3)": "exit code",
    "task 1 on node complete: finished": "exit code",
}


@pytest.mark.parametrize("words", WORDS)
def test_the_words_of_the_engine_have_a_cause_and_a_remedy(words: str) -> None:
    found = causes.of(words)
    assert found is not None and found.name == WORDS[words]
    assert causes.with_remedy(words) == f"{words}; {found.remedy}"


def test_words_that_nobody_knows_stay_as_they_are() -> None:
    assert causes.of("it rains") is None
    assert causes.with_remedy("it rains") == "it rains"


def service(**spec):
    labels = {**labels_of(SHOP, SHOP), names.LABEL_SERVICE: "web"}
    return Resource(Key("service", "shop_web"), labels=labels, spec=spec, facts={"wanted": 1})


def task(number=1, state="running", age=100.0, **rest):
    return Task(f"t{number}", "shop_web", "1", "node", state, "running", timestamp=NOW - age, **rest)


def judged(found, *tasks):
    observed = State.of([found], tasks=tasks)
    wish = State.of([found])
    return verdict.judge(wish, observed, plan(wish, observed, SHOP, NOW), Report(), None, NOW, 60.0)


WATCHED = {"UpdateConfig": {"Monitor": 20 * SECOND}}
CHECKED = {"TaskTemplate": {"ContainerSpec": {"Healthcheck": {"Test": ["CMD", "true"]}}}}


@pytest.mark.parametrize(
    ("spec", "age", "outcome"),
    [
        ({}, 4.9, "pending"),
        ({}, 5.0, "converged"),
        (WATCHED, 19.0, "pending"),
        (WATCHED, 20.0, "converged"),
        (CHECKED, 1.9, "pending"),
        (CHECKED, 2.0, "converged"),
        ({}, -3600.0, "converged"),  # a node whose clock is wrong holds nobody up
    ],
)
def test_a_task_without_a_health_check_has_to_run_for_a_while(spec, age, outcome) -> None:
    assert judged(service(**spec), task(age=age)).outcome == outcome


def rejected(count, error="No such image: web:9"):
    return [task(number, "rejected", 10.0 - number, error=error) for number in range(count)]


def test_what_cannot_get_better_fails_at_once() -> None:
    assert judged(service(), *rejected(2), task(9, "preparing", 0)).outcome == "pending"
    found = judged(service(), *rejected(3), task(9, "preparing", 0))
    assert found.outcome == "failed"
    assert found.reasons[0].startswith(
        "shop/web: task 1 on node rejected: No such image: web:9; push the image"
    )


def test_a_program_that_ends_may_wait_for_something_and_is_given_time() -> None:
    ended = [replace(each, state="failed", exit_code=1) for each in rejected(5, "task: non-zero exit (1)")]
    assert judged(service(), *ended, task(9, "starting", 0)).outcome == "pending"


def test_a_certain_end_of_an_older_form_means_nothing() -> None:
    old = [replace(each, current=False) for each in rejected(3)]
    assert judged(service(), *old, task(9, "starting", 0)).outcome == "pending"


def test_an_explanation_names_what_is_not_well_and_nothing_else() -> None:
    held = replace(task(1, "pending", 1), error=next(iter(WORDS)))
    observed = State.of([service()], tasks=(held,))
    tree = status.tree(observed, SHOP, {}, NOW)
    (found,) = explanation.findings(tree)
    assert (found["name"], found["cause"]) == ("shop/web", "constraint")
    assert found["remedy"].startswith("compare deploy.placement")
    well = status.tree(State.of([service()], tasks=(task(),)), SHOP, {}, NOW)
    assert [each["name"] for each in explanation.findings(well)] == ["shop"], "it has no controller"
    assert symptoms.arrived(service(), observed, NOW) is False
