"""The engine's own words, as they were seen, and what is made of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ailtire_deploy import causes, explanation, names, particulars, status, symptoms, verdict
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


def judged(found, *tasks, begun=0.0):
    """The verdict, of a wait that began so many seconds ago."""
    wish, observed, before = State.of([found]), State.of([found], tasks=tasks), None
    for now in (NOW - begun, NOW):
        step = plan(wish, observed, SHOP, now)
        last = verdict.judge(wish, observed, step, Report(), before, now, 60.0)
        before = last.progress
    return last


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
    assert judged(service(), *rejected(2), task(9, "preparing", 0), begun=50.0).outcome == "pending"
    found = judged(service(), *rejected(3), task(9, "preparing", 0), begun=50.0)
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


SPEC = {
    "TaskTemplate": {
        "ContainerSpec": {"Healthcheck": {"Test": ["CMD", "x"]}},
        "Placement": {"Constraints": ["node.labels.disk==ssd"]},
        "Resources": {"Reservations": {"MemoryBytes": 2**40, "NanoCPUs": 500_000_000}},
    },
    "EndpointSpec": {"Ports": [{"PublishedPort": 8080, "TargetPort": 80, "PublishMode": "host"}]},
}
MORE = {
    "task 1 on node complete: finished": "[its health check did not pass, or it ended by itself]",
    "no suitable node (scheduling constraints not satisfied on 1 node)": "[it wants node.labels.disk==ssd]",
    "no suitable node (insufficient resources on 1 node)": (
        "[it reserves 0.5 CPUs and 1048576 MiB of memory]"
    ),
    "no suitable node (host-mode port already in use on 1 node)": (
        "[port 8080 of the node is held by a service of another stack]"
    ),
    "driver failed programming external connectivity on endpoint x": (
        "[port 8080 of the node is held by a process of the node, or a container that is not the swarm's]"
    ),
}


@pytest.mark.parametrize("words", MORE)
def test_what_the_engine_leaves_out_of_its_words_is_added(words: str) -> None:
    found = service(**SPEC)
    assert particulars.added(words, found, State.of([found])) == f"{words} {MORE[words]}"


def test_nothing_is_added_that_is_not_known() -> None:
    plain = "no suitable node (scheduling constraints not satisfied on 1 node)"
    assert particulars.added(plain, service(), State()) == plain
    assert particulars.added("it rains", service(**SPEC), State()) == "it rains"


def test_the_service_that_holds_a_port_is_named() -> None:
    web = service(**SPEC)
    edge = replace(web, key=Key("service", "shop_edge"), labels={**web.labels, names.LABEL_SERVICE: "edge"})
    found = particulars.added("(host-mode port already in use on 1 node)", web, State.of([web, edge]))
    assert found.endswith("[port 8080 of the node is held by shop/edge]")


def test_a_status_tells_the_particulars_too() -> None:
    words = "no suitable node (scheduling constraints not satisfied on 1 node)"
    web = service(**SPEC)
    held = task(state="pending", error=words)
    assert symptoms.of(web, State.of([web], tasks=(held,)), NOW).message == (
        f"{words} [it wants node.labels.disk==ssd]"
    )


def test_a_task_that_stays_new_without_a_word_lacks_an_address() -> None:
    web = service()
    late = State.of([web], tasks=(task(state="new", age=11.0),))
    found = symptoms.of(web, late, NOW)
    assert (found.word, found.message) == ("waiting", "it has no address yet")
    assert causes.of(found.message) is not None
    soon = State.of([web], tasks=(task(state="new", age=2.0),))
    assert symptoms.of(web, soon, NOW).word == "starting"


def test_a_task_that_ended_with_0_and_was_replaced_counts_as_lost() -> None:
    web = service()
    ended = replace(task(1, "complete", age=2.0), desired="shutdown")
    observed = State.of([web], tasks=(ended, task(2, "starting", age=1.0)))
    assert "complete" in symptoms.of(web, observed, NOW).message


def lost(state: str, error: str, *ages: float, spread: bool = False) -> list[Task]:
    """Tasks that ended so long ago, all in one slot or each in its own."""
    return [
        replace(task(number, state, age, error=error), desired="shutdown", slot=str(number if spread else 1))
        for number, age in enumerate(ages, 1)
    ]


def test_what_cannot_work_is_given_up_after_the_third_time_in_one_slot() -> None:
    web, words = service(), "No such image: nope:1"

    def given_up(*tasks: Task, since: float = NOW - 20) -> str:
        return symptoms.hopeless(web, State.of([web], tasks=tasks), NOW, since)

    assert words in given_up(*lost("rejected", words, 1, 7, 13))
    assert not given_up(*lost("rejected", words, 1, 7))
    assert not given_up(*lost("rejected", words, 1, 7, 13), since=NOW - 10), "an earlier attempt's is over"
    assert not given_up(*lost("rejected", words, 1, 2, 3, spread=True))
    assert not given_up(task(9, age=0.5), *lost("rejected", words, 1, 7, 13))
    assert not given_up(*lost("failed", "task: non-zero exit (1)", 1, 4, 7, 10))
