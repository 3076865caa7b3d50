"""What both engines do with a service that runs once: when it runs again, and when it does not."""

from __future__ import annotations

from ailtire_deploy.apply import apply
from ailtire_deploy.plan import plan
from ailtire_deploy.state import Key, Resource, State, Task
from tests.contract import wishes
from tests.contract.conftest import ROOT, Bench

JOB = Key("service", "contract_job")


def carried_out(bench: Bench, job: Resource) -> list[str]:
    """What a plan for the job did."""
    step = plan(State.of([wishes.network(), job]), bench.observe(), ROOT, 0.0)
    return [each.verb for each in apply(step, bench.engine).changed if each.kind == "service"]


def ended(bench: Bench, state: str, tasks: int) -> tuple[Task, ...]:
    """The tasks of the job, once so many have ended like that and none is left at work."""

    def enough(now: State) -> bool:
        found = now.tasks_of(JOB.name)
        return sum(t.state == state for t in found) >= tasks and not any(t.live for t in found)

    return bench.until(enough).tasks_of(JOB.name)


def test_a_job_completes_and_is_done(bench: Bench) -> None:
    bench.engine.create(wishes.network())
    assert carried_out(bench, wishes.job()) == ["create"]
    (task,) = ended(bench, "complete", 1)
    assert (task.exit_code, task.current) == (0, True)
    assert bench.observe().settled(JOB.name)
    assert carried_out(bench, wishes.job()) == []
    assert carried_out(bench, wishes.job(revision="contract.r2")) == []


def test_a_job_that_changed_runs_again(bench: Bench) -> None:
    bench.engine.create(wishes.network())
    carried_out(bench, wishes.job())
    ended(bench, "complete", 1)
    assert carried_out(bench, wishes.job(env={"A": "2"})) == ["update"]
    bench.until(lambda now: any(t.current for t in now.tasks_of(JOB.name)))
    tasks = ended(bench, "complete", 2)
    assert sorted(each.current for each in tasks) == [False, True]
    bench.until(lambda now: now.settled(JOB.name))


def test_a_job_that_failed_runs_again_for_another_revision_only(bench: Bench) -> None:
    bench.engine.create(wishes.network())
    carried_out(bench, wishes.job(code=4))
    (task,) = ended(bench, "failed", 1)
    assert task.exit_code == 4
    found = bench.observe()
    assert found.failed_run(found.resources[JOB]) == task
    assert carried_out(bench, wishes.job(code=4)) == []
    assert carried_out(bench, wishes.job(code=4, revision="contract.r2")) == ["update"]
    assert {each.current for each in ended(bench, "failed", 2)} == {False, True}
    assert carried_out(bench, wishes.job(code=4, revision="contract.r2")) == []


def test_a_job_has_failed_when_its_retries_are_used_up(bench: Bench) -> None:
    bench.engine.create(wishes.network())
    carried_out(bench, wishes.job(code=4, retries=2))
    tasks = ended(bench, "failed", 3)
    assert len(tasks) == 3
    state = bench.observe()
    assert state.failed_run(state.resources[JOB]) is not None
