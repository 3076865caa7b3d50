"""By when a stack on its way has to have come further, read from what the swarm says alone.

The clock of a verdict is its controller's. This is the same reckoning from outside, for those who watch: the
last thing that happened, and how long nothing may happen.
"""

from __future__ import annotations

from collections.abc import Iterator

from ailtire_deploy import moments, paces, revisions, symptoms, verdict
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Resource, State


def sentences(observed: State, path: StackPath, now: float) -> dict[str, str]:
    """What to say of each stack, at a path and below, that is on its way."""
    found = ((each, known(observed, each, now)) for each in revisions.stacks(observed, path))
    return {str(each): said(seconds) for each, seconds in found if seconds is not None}


def said(seconds: float) -> str:
    return f"fails in about {moments.duration(max(1.0, seconds))} unless something comes further"


def known(observed: State, path: StackPath, now: float) -> float | None:
    """The same as ``left``; None as well for a revision that this version cannot read."""
    try:
        return left(observed, path, now)
    except InvalidInput:
        return None


def left(observed: State, path: StackPath, now: float) -> float | None:
    """Seconds until a stack fails if nothing happens any more; None for one that is not on its way."""
    newest = revisions.newest(observed, path)
    if newest is None or newest.outcome != "pending" or newest.absent:
        return None
    own = verdict.state_of(observed, path)
    borne = verdict.patience(own, verdict.deadline(observed, path))
    jobs = verdict.job_times(own, observed)
    moved = [newest.found.created, *(each for service in own for each in moves(service, observed, now))]
    moved += [max(each.since, each.until) for each in paces.releases(observed, path)]
    return max(0.0, max(moved) + max([borne, *jobs]) - now)


def moves(service: Resource, observed: State, now: float) -> Iterator[float]:
    """When something last happened to a service; to fail again and again is nothing that happens."""
    if service.kind != "service":
        return
    yield max(service.created, float(service.facts.get("updated", 0.0)))
    tasks = [each for each in symptoms.tasks_of(service, observed) if each.current]
    lost = symptoms.recent_failures(tasks, now)
    yield from (each.timestamp for each in (lost[-1:] if lost else tasks))
