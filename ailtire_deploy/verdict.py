"""Whether a stack has arrived, is still on its way, or has failed, and the sentence that says why.

Everything that waits is judged here: a controller on its revision, the command line on a root's controller. A
stack fails at once when something says so (the engine refuses, an update is paused, a child failed), and
otherwise when nothing has come any further for as long as its health checks may take.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ailtire_deploy import causes, names, paces, pipeline, proxies, revisions, shutdown, symptoms
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import Plan
from ailtire_deploy.report import Report
from ailtire_deploy.state import GIVEN_UP, Resource, State

GRACE = 60.0  # seconds for what no health check speaks of: an image pull, scheduling, a slow program

CLEARING = 180.0  # seconds for which nothing may go away in a shutdown

Outcome = Literal["pending", "converged", "failed", "rolled back"]
ROLLED_BACK: Outcome = "rolled back"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where things stood on the way (``seen``, as hashes), and since when that was nowhere new.

    To come back to where one was is no progress: a program that ends and is started again does so for ever.
    """

    seen: frozenset[int]
    since: float


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    reasons: tuple[str, ...]
    progress: Progress


def judge(
    desired: State,
    observed: State,
    plan: Plan,
    report: Report,
    before: Progress | None,
    now: float,
    patience: float,
    beside: Iterable[Resource] = (),
) -> Verdict:
    """What to say of a stack now. ``patience`` is how many seconds without progress are borne.

    ``beside`` are services that others look after: they have to run, but that one of them failed is said by
    its controller only. What is seen of it may be left from the revision before.
    """
    open_ends = unsettled(State({**{each.key: each for each in beside}, **desired.resources}), observed, now)
    waiting = {f"{op.resource.key}: {op.waiting}" for op in plan.operations}
    at_work = children_at_work(desired, observed)
    stages = (stage(each, observed) for each in open_ends)
    marker = frozenset([*stages, *waiting, *movement(observed, at_work)])
    progress = advanced(before, marker, now)
    moving = {op.key.name for op in plan.ready}
    wrong = tuple(sorted([*refusals(report), *failures(desired, observed, moving, now, progress.since)]))
    if wrong:
        return Verdict("failed", wrong, progress)
    if not marker:
        return Verdict("converged", (), progress)
    stalled = now - progress.since
    hopeless = any(waits_for_others(each, observed, now) for each in desired)
    own = {each.path for each in desired if each.kind == "service" and each.path == each.owner}
    times = [patience, *job_times(desired, observed), *paces.rests(observed, own)]
    times += [patience_below(observed, child) for child in at_work]
    if stalled > max(times) or (stalled > patience / 2 and hopeless):
        return Verdict("failed", tuple(sorted(explain(open_ends, report, observed, now))), progress)
    return Verdict("pending", (), progress)


def advanced(before: Progress | None, marker: frozenset[str], now: float) -> Progress:
    """The clock starts anew when things stand as they never did since all was well."""
    if not marker or before is None:
        return Progress(frozenset({hash(marker)} if marker else ()), now)
    return before if hash(marker) in before.seen else Progress(before.seen | {hash(marker)}, now)


def unsettled(desired: State, observed: State, now: float) -> dict[str, Resource]:
    """What is wished for and not there as wished: services by their tasks, revisions by their outcome."""
    wanted = [each for each in desired if not each.absent and not each.adopt_only]
    services = [each for each in wanted if each.kind == "service" and not has_arrived(each, observed, now)]
    return {each.name: each for each in [*services, *pending_children(desired, observed)]}


def stage(name: str, observed: State) -> str:
    """How far an open end has come: that its tasks run is progress, and each that an update replaced."""
    found = observed.get("service", name)
    if found is None:
        return name
    updating = found.facts.get("update") == "updating"
    return f"{name} {observed.settled(name)} {observed.running(name) if updating else ''}"


def waits_for_others(wish: Resource, observed: State, now: float) -> bool:
    found = observed.get("service", wish.name) if wish.kind == "service" else None
    return found is not None and symptoms.waits_for_others(found, observed, now)


def has_arrived(wish: Resource, observed: State, now: float) -> bool:
    found = observed.get("service", wish.name)
    return found is not None and symptoms.arrived(found, observed, now) and not unserved(wish, observed)


def unserved(wish: Resource, observed: State) -> str:
    """Why a proxy does not serve what is wished; "" when it does, and of all that is no proxy."""
    found = observed.get("service", wish.name)
    return proxies.unserved(wish, found, observed.running(wish.name)) if found else ""


def pending_children(desired: State, observed: State) -> list[Resource]:
    """The newest revisions of children that have not converged; one about to be replaced says nothing."""
    children = {each.path for each in desired if is_revision(each) and not each.absent}
    found = []
    for child in sorted(children):
        wished, newest = revisions.newest(desired, child), revisions.newest(observed, child)
        if newest and wished and newest.number >= wished.number and newest.outcome != "converged":
            found.append(newest.found)
    return found


def is_revision(resource: Resource) -> bool:
    return names.LABEL_OUTCOME in resource.labels


def children_at_work(desired: State, observed: State) -> tuple[StackPath, ...]:
    """Children on their way that have a controller: their own verdicts decide, if they come in time."""
    pending = (each.path for each in pending_children(desired, observed) if outcome(each) != "failed")
    return tuple(path for path in pending if observed.settled(names.admin_service(path)))


def movement(observed: State, children: Iterable[StackPath]) -> Iterable[str]:
    """What there is of children at work, and what of it is not there as wished: their progress is ours."""
    for child in children:
        for each in observed:
            if child.covers(each.path):
                moves = each.kind == "service" and not observed.settled(each.name)
                yield f"{each.key} {moves} {outcome(each)} {each.labels.get(names.LABEL_RELEASE, '')}"


def outcome(revision: Resource) -> str:
    return revision.labels.get(names.LABEL_OUTCOME, "pending")


def refusals(report: Report) -> Iterable[str]:
    return (
        f"{each.verb} {each.kind} {each.name}: {each.text}"
        for each in report.entries
        if each.outcome == "failed"
    )


def failures(
    desired: State, observed: State, moving: Collection[str], now: float, since: float
) -> Iterable[str]:
    """What has failed for good: updates the engine gave up, children that say so.

    What is being written at this moment gets its chance first.
    """
    for each in desired:
        if each.name in moving:
            continue
        found = observed.get("service", each.name) if each.kind == "service" else None
        gave_up = found and found.facts.get("update") in symptoms.UPDATE_FAILED
        if found and gave_up and not observed.finished(found):
            yield told(found, symptoms.of(found, observed, now).message)
        elif found and not found.is_job and (last := symptoms.hopeless(found, observed, now, since)):
            yield told(found, last)
        if found and (said := proxies.refusal(each, found)):
            yield told(found, f"the proxy refuses its new configuration: {said}")
        if found and GIVEN_UP in each.facts:
            yield told(found, each.facts[GIVEN_UP])
        if found and job_failed(each, found, observed):
            yield told(found, symptoms.of(found, observed, now).message)
    for child in pending_children(desired, observed):
        if outcome(child) == "failed":
            report = revisions.Revision(child.path, 0, child).report
            yield from report.get("reasons", [f"{child.path}: failed"])


def job_failed(wish: Resource, found: Resource, observed: State) -> bool:
    """Whether a job's run for this revision failed; that of an older one is about to be made again."""
    asked = found.labels.get(names.LABEL_RUN) == wish.labels.get(names.LABEL_RUN)
    return asked and observed.failed_run(found) is not None and not observed.finished(found)


def job_times(wanted: Iterable[Resource], observed: State) -> Iterable[float]:
    """How long the jobs that run now may take: as long as one does, nothing else need move."""
    for each in wanted:
        tasks = observed.tasks_of(each.name) if each.is_job else ()
        if any(t.live and t.state not in symptoms.BEFORE_START for t in tasks):
            yield float(each.labels[names.LABEL_JOB])


def explain(open_ends: Mapping[str, Resource], report: Report, observed: State, now: float) -> Iterable[str]:
    """One sentence for each thing that did not come any further."""
    held = {each.name: f"still waiting: {each.text}" for each in report.waiting}
    services = [each for each in open_ends.values() if each.kind == "service"]
    if services:
        said = [
            (each, unserved(each, observed) or why(each.name, observed, now), held.get(each.name, ""))
            for each in services
        ]
        return [told(each, "; ".join(filter(None, words))) for each, *words in said]
    children = [
        f"{each.path}: its controller runs and says nothing; its log may tell why"
        for each in open_ends.values()
    ]
    return children or [f"{name}: {said}" for name, said in held.items()]


def told(service: Resource, why: str) -> str:
    """A whole sentence: which service, why, and what can be done."""
    return f"{describe(service)}: {causes.with_remedy(why)}"


def describe(service: Resource) -> str:
    return f"{service.path}/{service.service}"


def why(service: str, observed: State, now: float) -> str:
    """What its tasks say is wrong with a service."""
    found = observed.get("service", service)
    if found is None:
        return "it was not created"
    if not observed.settled(service):
        return symptoms.of(found, observed, now).message or "its tasks are not all there"
    last = symptoms.last_error(task for task in symptoms.tasks_of(found, observed) if task.current)
    return symptoms.joined("its tasks do not last", last)


def lost(observed: State, path: StackPath, now: float) -> bool:
    """Whether a stack's controller will not come up by itself: then its launcher has to do its work."""
    admin = observed.get("service", names.admin_service(path))
    if admin is None or observed.running(admin.name):
        return False
    if shutdown.is_stopped(admin):
        return True
    if now - admin.created < GRACE:
        return False
    tasks = observed.tasks_of(admin.name)
    quiet = now - max((task.timestamp for task in tasks), default=0.0) > GRACE
    return quiet or len(symptoms.recent_failures(tasks, now)) >= symptoms.OFTEN


def lost_below(observed: State, path: StackPath, now: float) -> frozenset[StackPath]:
    """The children of a stack whose controllers are lost."""
    children = (each for each in revisions.stacks(observed, path) if each.parent == path)
    return frozenset(child for child in children if lost(observed, child, now))


def patience_below(observed: State, child: StackPath) -> float:
    """How many seconds without progress a child at work is waited for: longer than anybody below bears."""
    stacks = revisions.stacks(observed, child)
    times = [patience(state_of(observed, each), deadline(observed, each)) for each in stacks]
    jobs = (each for each in observed if child.covers(each.path))
    return GRACE + max([*times, *job_times(jobs, observed), *paces.rests(observed, stacks)])


def state_of(observed: State, path: StackPath) -> State:
    return State.of(each for each in observed if each.path == path)


def deadline(observed: State, path: StackPath) -> float | None:
    stack = pipeline.before(observed, path)
    return stack.deadline if stack else None


def patience(desired: State, asked: float | None = None) -> float:
    """How many seconds without progress are borne: as asked, else what the slowest service takes a step."""
    if asked is not None:
        return asked
    services = (each.spec for each in desired if each.kind == "service")
    return GRACE + max((paces.health_time(each) + paces.pace(each) for each in services), default=0.0)
