"""What the tasks of one service say about it: one word, and one sentence that says why.

The engine has no such word; it is read from the update's state and from the tasks, the newest of each slot
first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from ailtire_deploy import causes, moments, particulars
from ailtire_deploy.names import ADMIN, LABEL_JOB, RESERVED
from ailtire_deploy.state import ENDED_BADLY, Resource, State, Task
from ailtire_deploy.units import SECOND

Word = Literal[
    "completed",
    "running",
    "updating",
    "starting",
    "waiting",
    "shutdown",
    "warning",
    "unreachable",
    "failed",
    "error",
]
WORST_LAST: tuple[Word, ...] = (
    "shutdown",
    "completed",
    "running",
    "updating",
    "starting",
    "waiting",
    "warning",
    "unreachable",
    "failed",
    "error",
)

RECENT = 120.0  # seconds for which the failures of tasks that were replaced still count
FOUND = 2.0  # seconds after which a gateway has the addresses of new tasks: it asks every second
WATCHED = 5.0  # seconds for which a new task has to run: the engine's own default for updates
PROVED = 10.0  # seconds for which a task has to run once another of the same spec did not last
WORDLESS = 10.0  # seconds after which a task that is "new", without an error, lacks an address
OFTEN = 3  # that many failures within RECENT are a crash loop, not an accident
BEFORE_START = frozenset({"new", "pending", "allocated", "assigned", "accepted"})
UPDATE_FAILED = {
    "paused": "the update stopped",
    "rollback_started": "the update failed and is being rolled back",
    "rollback_paused": "the rollback stopped",
    "rollback_completed": "the update failed and was rolled back",
}


@dataclass(frozen=True, slots=True)
class Symptom:
    """The word, and why. An empty message needs no explanation."""

    word: Word
    message: str = ""


def of(service: Resource, observed: State, now: float) -> Symptom:
    """How a service does."""
    found = read(service, observed, now)
    return replace(found, message=particulars.added(found.message, service, observed))


def read(service: Resource, observed: State, now: float) -> Symptom:
    """The same in the engine's words alone."""
    tasks = newest_first(tasks_of(service, observed))
    update = service.facts.get("update", "")
    if observed.finished(service):
        return Symptom("completed", "" if observed.ended_well(service) else "it need not run on the way back")
    if update in UPDATE_FAILED:
        own = last_error(task for task in tasks if task.current)  # the engine names but a task
        reason = own or service.facts.get("message") or last_error(tasks)
        return Symptom("failed", joined(UPDATE_FAILED[update], reason))
    if service.is_job:
        return running_once(service, observed, tasks, now)
    if observed.settled(service.name):
        return steady(tasks, now)
    if update and update != "completed":
        return moving(service, observed, tasks, now)
    return incomplete(service, observed, tasks, now)


def tasks_of(service: Resource, observed: State) -> tuple[Task, ...]:
    """Its tasks. Of a service that is meant to run on, one that ended with 0 ended without being asked."""
    tasks = observed.tasks_of(service.name)
    if service.ends:
        return tasks
    return tuple(replace(each, desired="running") if each.state == "complete" else each for each in tasks)


def steady(tasks: tuple[Task, ...], now: float) -> Symptom:
    """All tasks run; several of the same spec that did not last are worth a warning."""
    lost = recent_failures([task for task in tasks if task.current], now)
    if len(lost) < OFTEN:
        return Symptom("running")
    return Symptom("warning", joined(f"{len(lost)} tasks failed within {RECENT:.0f} s", explain(lost[0])))


def running_once(service: Resource, observed: State, tasks: tuple[Task, ...], now: float) -> Symptom:
    """A job that has not completed."""
    last = observed.failed_run(service)
    if last:
        return Symptom("failed", explain(last))
    if observed.running(service.name):
        most = moments.duration(float(service.labels[LABEL_JOB]))
        return Symptom("running", f"it has not completed yet; a run may take {most}")
    return incomplete(service, observed, tasks, now)


def moving(service: Resource, observed: State, tasks: tuple[Task, ...], now: float) -> Symptom:
    """An update is under way."""
    done = f"{observed.running(service.name)} of {wanted(service)} tasks are new"
    lost = recent_failures([task for task in tasks if task.current], now)
    return Symptom("updating", joined(done, explain(lost[0]) if lost else stuck(tasks, now)))


def incomplete(service: Resource, observed: State, tasks: tuple[Task, ...], now: float) -> Symptom:
    """Tasks are missing: not started yet, held up, or ended badly."""
    current = [task for task in tasks if task.current]
    newest = leaders(current)
    lost = recent_failures(current, now)
    if lost and (len(lost) >= OFTEN or not any(task.live for task in newest)):
        if observed.running(service.name):
            return Symptom("warning", explain(lost[0]))
        return Symptom("error" if lost[0].state == "rejected" else "failed", explain(lost[0]))
    held = stuck(current, now)
    if held:
        return Symptom("waiting", held)
    again = joined("trying again", explain(lost[0])) if lost else ""
    return Symptom("starting", again or progress(service, observed, newest))


def progress(service: Resource, observed: State, newest: Iterable[Task]) -> str:
    """How far a start has come."""
    states = sorted({task.state for task in newest if task.state != "running"})
    count = f"{observed.running(service.name)} of {wanted(service)} tasks run"
    return f"{count} ({', '.join(states)})" if states else count


def stuck(tasks: Iterable[Task], now: float) -> str:
    """What keeps a task from starting, in the engine's words: no suitable node, a port in use, …"""
    return next((task.error or "it has no address yet" for task in leaders(tasks) if is_held(task, now)), "")


def is_held(task: Task, now: float) -> bool:
    """Whether a task cannot start. Of a network without free addresses the engine says nothing at all."""
    if task.error:
        return task.state in BEFORE_START
    return task.state == "new" and task.timestamp > 0 and now - task.timestamp > WORDLESS


def arrived(service: Resource, observed: State, now: float) -> bool:
    """Whether a service is as wished, and has proved it.

    The engine watches an update for its ``monitor`` time, but not a service that is new. So a task without a
    health check has to have run that long, or a program that crashes after a second would count as running.
    Any other has to have run long enough for the gateways above it to have found it.
    """
    if not observed.settled(service.name):
        return False
    if service.is_job or service.service == ADMIN or observed.finished(service):
        return True
    tasks = [each for each in tasks_of(service, observed) if each.current]
    least = time_to_last(service, tasks, now)
    running = (each for each in tasks if each.state == "running")
    return not any(abs(now - task.timestamp) < least for task in running)


def time_to_last(service: Resource, tasks: Iterable[Task], now: float) -> float:
    """Seconds for which a new task has to run; more once another of an application has failed."""
    if service.service in RESERVED:
        return FOUND
    monitor = service.spec.get("UpdateConfig", {}).get("Monitor", WATCHED * SECOND) / SECOND
    watched = FOUND if has_check(service) else float(monitor)
    return max(PROVED, watched) if recent_failures(tasks, now) else watched


def has_check(service: Resource) -> bool:
    container = service.spec.get("TaskTemplate", {}).get("ContainerSpec", {})
    return bool(container.get("Healthcheck", {}).get("Test", ["NONE"]) != ["NONE"])


def hopeless(service: Resource, observed: State, now: float, since: float) -> str:
    """Why the tasks of a slot ended, again and again, if to try again cannot help; else nothing.

    What ended before ``since`` belongs to an earlier attempt.
    """
    tasks = [each for each in tasks_of(service, observed) if each.current]
    lost = [each for each in recent_failures(tasks, now) if each.timestamp >= since]
    for leader in leaders(tasks):
        ended = [each for each in lost if each.slot == leader.slot][:OFTEN]
        found = [causes.of(explain(each)) for each in ended]
        certain = len(found) == OFTEN and all(cause is not None and cause.certain for cause in found)
        if certain and leader.state != "running":
            return particulars.added(explain(ended[0]), service, observed)
    return ""


def waits_for_others(service: Resource, observed: State, now: float) -> bool:
    """Whether a task cannot start unless somebody changes the swarm or the definition."""
    current = [each for each in observed.tasks_of(service.name) if each.current]
    cause = causes.of(stuck(current, now))
    return cause is not None and cause.outside


def wanted(service: Resource) -> int:
    """How many tasks the service should have."""
    return int(service.facts.get("wanted", 1))


def newest_first(tasks: Iterable[Task]) -> tuple[Task, ...]:
    return tuple(sorted(tasks, key=lambda task: (-task.timestamp, task.slot, task.id)))


def leaders(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """The task that counts in each slot: the one that shall run, else the newest."""
    chosen: dict[str, Task] = {}
    for task in sorted(newest_first(tasks), key=lambda task: task.desired != "running"):
        chosen.setdefault(task.slot, task)
    return tuple(chosen[slot] for slot in sorted(chosen, key=slot_order))


def slot_order(slot: str) -> tuple[int, str]:
    """Slots by number; those of a global service are node names and come by name."""
    return (int(slot), "") if slot.isdecimal() else (0, slot)


def recent_failures(tasks: Iterable[Task], now: float) -> list[Task]:
    """Tasks that ended badly a short while ago, newest first."""
    return [t for t in newest_first(tasks) if ended_badly(t) and now - t.timestamp <= RECENT]


def ended_badly(task: Task) -> bool:
    """A failure, or an end with 0 that nobody asked for (an unhealthy program that handles SIGTERM)."""
    return task.state in ENDED_BADLY or (task.state == "complete" and task.desired == "running")


def last_error(tasks: Iterable[Task]) -> str:
    return next((explain(task) for task in newest_first(tasks) if ended_badly(task)), "")


def explain(task: Task) -> str:
    """One task's end in a sentence: which, where, why."""
    reason = task.error or task.message or task.state
    code = f", exit {task.exit_code}" if task.exit_code and str(task.exit_code) not in reason else ""
    place = f" on {task.node}" if task.node else ""
    return f"task {task.slot}{place} {task.state}: {reason}{code}"


def joined(*parts: str) -> str:
    return ": ".join(part for part in parts if part)
