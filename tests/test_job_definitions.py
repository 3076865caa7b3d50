"""Jobs in a definition: what they mean, and every mistake one can make with them."""

from __future__ import annotations

import pytest

from ailtire_deploy.model import Dependency, Job, Service
from ailtire_deploy.specs import resources
from tests.definitions import problems, stack
from tests.stacks import rendered

SERVICES = """\
services:
  web: {image: a, depends_on: [migrate]}
  db: {image: b, healthcheck: {disable: true}}
  kid: {type: stack, definition: {services: {x: {image: x}}}}
"""


def with_job(job: str = "{image: a}", more: str = "", name: str = "migrate") -> str:
    return f"{SERVICES}jobs:\n  migrate: {{image: a}}\n  {name}: {job}\n{more}".replace(
        "  migrate: {image: a}\n  migrate:", "  migrate:"
    )


def complaint(text: str) -> str:
    found = problems(text)
    assert len(found) == 1, found
    return str(found[0])


def test_a_job_is_a_service_that_ends() -> None:
    made = stack(with_job("{image: a, command: migrate up, timeout: 1m, retries: 2, environment: {A: 1}}"))
    job = next(each for each in made.services if each.key == "migrate")
    options = {"command": ["migrate", "up"]}
    assert job == Service("migrate", "a", environment={"A": "1"}, options=options, job=Job(60.0, 2))


def test_who_depends_on_a_job_waits_for_its_end_unless_it_says_otherwise() -> None:
    made = stack(with_job())
    assert made.services[2].depends_on == (Dependency("migrate", "completed"),)
    text = with_job().replace("[migrate]", "{migrate: {condition: service_started}}")
    assert stack(text).services[2].depends_on == (Dependency("migrate", "started"),)


def test_a_job_without_a_word_about_time_may_take_ten_minutes() -> None:
    assert stack(with_job()).services[1].job == Job(600.0, 0)


@pytest.mark.parametrize(("retries", "policy"), [(0, ("none", 1)), (3, ("on-failure", 3))])
def test_a_job_is_one_task_that_is_not_started_again_when_it_has_ended(retries: int, policy: tuple) -> None:
    made = stack(with_job(f"{{image: a, retries: {retries}, timeout: 90s}}"))
    found = resources(made, rendered(made), {"kid": "any"})
    job = next(each for each in found if each.service == "migrate")
    restart = job.spec["TaskTemplate"]["RestartPolicy"]
    assert (restart["Condition"], restart["MaxAttempts"]) == policy
    assert job.spec["Mode"] == {"Replicated": {"Replicas": 1}}
    assert job.spec["UpdateConfig"]["FailureAction"] == "continue"
    assert job.labels["ailtire.job"] == "90"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (with_job(name="web"), "web is a service already"),
        (with_job(name="admin"), "the name admin is reserved"),
        (with_job(name="Sum"), "a-z"),
        (with_job("{command: a}"), "'image' is missing"),
        (with_job("{image: a, imag: b}"), "did you mean image?"),
        (with_job("{image: a, depends_on: [bd]}"), "no such service (known are db, kid, web"),
        (with_job("{image: a, depends_on: [web]}"), "migrate → web → migrate"),
        (
            with_job("{image: a, depends_on: {db: {condition: healthy}}}"),
            "the health check of db is switched off",
        ),
        (with_job("{image: a, depends_on: {db: {condition: completed}}}"), "db runs on and never completes"),
        (with_job("{image: a, depends_on: {kid: {condition: completed}}}"), "a stack never completes"),
        (with_job(name="sum", job="{image: a, depends_on: {migrate: {condition: healthy}}}"), "is a job"),
        (with_job("{image: a, interface: {/: 80}}"), "a job offers nothing"),
        (with_job("{image: a, healthcheck: {test: x}}"), "until it has completed"),
        (with_job("{image: a, restart: always}"), "retries"),
        (with_job("{image: a, privileged: true}"), "the host"),
        (with_job("{image: a, deploy: {replicas: 2}}"), "a job is one task"),
        (with_job("{image: a, deploy: {restart_policy: {condition: any}}}"), "use `retries`"),
        (with_job("{image: a, timeout: 5}"), "has to be text"),
        (with_job("{image: a, timeout: soon}"), "duration"),
        (with_job("{image: a, retries: -1}"), "at least 0"),
        (with_job("{image: a, volumes: [data:/data]}"), "no volume 'data'"),
        (with_job("{image: a, secrets: [data]}"), "no secret 'data'"),
        (with_job("{image: a, volumes: [/var/run:/data]}"), "gives the host away"),
        (with_job("{image: a, cap_add: [SYS_ADMIN]}"), "reaches beyond the container"),
        (with_job("{image: a, labels: {ailtire.x: y}}"), "belong to the tools"),
        (with_job("{image: '{{ nobody }}'}"), "nobody"),
        (with_job("{image: a, command: 'a \"b'}"), "a quote is not closed"),
        (with_job("{image: a, deploy: {resources: {limits: {memory: 1M}}}}"), "from 4M"),
    ],
)
def test_each_mistake_is_one_problem_with_its_place(text: str, said: str) -> None:
    told = complaint(text)
    assert said in told
    assert ": jobs" in told


def test_a_circle_is_named_from_its_first_member_on() -> None:
    circle = ("a", "b"), ("b", "c"), ("c", "a")
    text = ", ".join(f"{one}: {{image: x, depends_on: [{other}]}}" for one, other in circle)
    text = f"services: {{{text}}}"
    assert "depends on itself: a → b → c → a" in complaint(text)


def test_an_update_of_what_need_not_run_on_does_not_stop_where_a_task_ends() -> None:
    made = stack("services: {a: {image: a, deploy: {restart_policy: {condition: none}}}, b: {image: b}}")
    found = {
        each.service: each.spec for each in resources(made, rendered(made), {}) if each.kind == "service"
    }
    assert found["a"]["UpdateConfig"]["FailureAction"] == "continue"
    assert found["b"]["UpdateConfig"]["FailureAction"] == "pause"
