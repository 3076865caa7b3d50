"""Strategies of services: what they mean, and what does not go together."""

from __future__ import annotations

import pytest

from ailtire_deploy.model import ROLLING, Step, Strategy, Tolerance
from ailtire_deploy.render import policy
from tests.definitions import complaint, problems, service

ROUTE = "interface: {/: {port: 80}}"


def strategy(text: str) -> Strategy:
    return service(f"{ROUTE}\nstrategy: {text}").strategy


def test_a_service_is_rolled_unless_it_says_otherwise() -> None:
    assert service("").strategy == strategy("rolling") == strategy("{type: rolling}") == ROLLING
    assert not ROLLING.staged


def test_to_recreate_a_service_is_to_end_all_its_tasks_first() -> None:
    made = policy.deploy(service("strategy: recreate\ndeploy: {replicas: 3}"))["update_config"]
    assert (made["order"], made["parallelism"]) == ("stop-first", 0)
    assert policy.deploy(service("deploy: {replicas: 3}"))["update_config"]["parallelism"] == 1


def test_a_canary_has_steps_and_the_last_of_them_is_all() -> None:
    written = "{type: canary, steps: [{weight: 5, pause: 10s}, {weight: 50, pause: 1m30s}]}"
    assert strategy(written).steps == (Step(5, 10), Step(50, 90), Step(100, 90))
    assert strategy("{type: canary, steps: [{weight: 100}]}").steps == (Step(100, 30),)
    assert strategy("canary").steps == (Step(10, 30), Step(50, 30), Step(100, 30))


def test_blue_green_is_one_step_and_waits_before_it_when_a_person_says_when() -> None:
    assert strategy("blue-green") == Strategy("blue-green", (Step(100, 30),))
    waiting = strategy("{type: blue-green, promote: manual, pause: 5m}")
    assert waiting == Strategy("blue-green", (Step(0, 0), Step(100, 300)), manual=True)


def test_what_ends_a_release_is_in_percent_of_requests() -> None:
    written = "{type: canary, abort_if: {errors: 1%, slower_than: {2s: 5%, 500ms: 0.5%}}}"
    assert strategy(written).abort_if == Tolerance(1.0, ((500, 0.5), (2000, 5.0)))
    assert strategy("canary").abort_if == Tolerance()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("strategy: green", "one of rolling, recreate, blue-green, canary"),
        ("strategy: {type: green}", "not one of"),
        ("strategy: {steps: [{weight: 5}]}", "'type' is missing"),
        ("strategy: {type: canary, step: 5}", "did you mean steps?"),
        ("strategy: {type: canary, steps: []}", "may not be empty"),
        ("strategy: {type: canary, steps: [{weight: 0}]}", "at least 1"),
        ("strategy: {type: canary, steps: [{weight: 5.5}]}", "a whole number"),
        ("strategy: {type: canary, steps: [{pause: 5s}]}", "'weight' is missing"),
        ("strategy: {type: canary, steps: [{weight: 5}, {weight: 5}]}", "more weight"),
        ("strategy: {type: canary, pause: 5s}", "has no meaning with canary"),
        ("strategy: {type: blue-green, steps: [{weight: 5}]}", "belongs to canary"),
        ("strategy: {type: rolling, abort_if: {errors: 1%}}", "has no meaning with rolling"),
        ("strategy: {type: canary, abort_if: {}}", "may not be empty"),
        ("strategy: {type: canary, abort_if: {errors: 1}}", "has to be text"),
        ("strategy: {type: canary, abort_if: {errors: '200%'}}", "looks like 1%"),
        ("strategy: {type: canary, abort_if: {slower_than: {fast: 1%}}}", "looks like 500ms"),
        ("strategy: canary\ndeploy: {mode: global}", "number of replicas"),
        ("strategy: canary\ndeploy: {restart_policy: {condition: none}}", "may end"),
        ("strategy: canary\nvolumes: ['data:/data']", "write to the volume at /data at once"),
        ("strategy: recreate\ndeploy: {update_config: {order: start-first}}", "ends all old tasks first"),
    ],
)
def test_each_mistake_in_a_strategy_is_one_problem(lines: str, said: str) -> None:
    assert said in complaint(f"{ROUTE}\n{lines}", "volumes: {data: {}}")


def test_a_gateway_divides_nothing_without_an_interface() -> None:
    assert "it is the gateway that divides the requests" in complaint("strategy: canary")
    assert "a route for requests" in complaint('strategy: canary\ninterface: {"tcp:5432": {port: 5432}}')


def test_a_shared_volume_has_to_be_said() -> None:
    written = f"{ROUTE}\nstrategy: {{type: canary, shares_volumes: true}}\nvolumes: ['data:/data']"
    assert service(written, "volumes: {data: {}}").strategy.staged
    assert service(
        f"{ROUTE}\nstrategy: canary\nvolumes: ['data:/data:ro']", "volumes: {data: {}}"
    ).strategy.staged


def test_a_strategy_may_be_a_parameter() -> None:
    parameters = "parameters: {way: {type: string, default: canary}}"
    assert service(f'{ROUTE}\nstrategy: "{{{{ way }}}}"', parameters).strategy.way == "canary"


@pytest.mark.parametrize(
    "part", ["jobs: {a: {image: a, strategy: canary}}", "services: {a: {type: stack, strategy: canary}}"]
)
def test_jobs_and_stacks_are_not_released(part: str) -> None:
    found = problems(f"{part}\n" + ("services: {web: {image: a}}\n" if part.startswith("jobs") else ""))
    assert any("not accepted" in str(each) for each in found)
