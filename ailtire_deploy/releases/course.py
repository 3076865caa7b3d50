"""The course of a release: from where it stands, and what is seen, to where it stands next. Pure.

A step is a fact of the swarm before anything is done for it, so whoever comes after a controller that was
killed goes on at the same step. What a person asks for stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from ailtire_deploy.model import Step, Strategy, Tolerance
from ailtire_deploy.releases import counting
from ailtire_deploy.releases.stages import ABORT, FULLY, NOTHING, OPEN, PROMOTE, Counts, Stage

DRAIN = 12.0
"""Seconds after which no gateway sends anything to a candidate that has left its configuration: a worker that
was replaced serves a connection that is kept for up to ten seconds more.
"""

PATIENCE = 24 * 3600.0  # seconds for which a release waits for a person
ALL = 100


@dataclass(frozen=True, slots=True)
class View:
    """What is seen. ``ready``: the candidate is as wished and has proved it. ``served``: each gateway divides
    the requests as wished. ``settled``: the service itself is the new version, and has proved it.
    ``carries``: of the service, in whatever version, a task runs. ``frozen``: the revision has failed, and
    its release goes no further by itself.
    """

    now: float
    ready: bool = False
    served: bool = False
    settled: bool = False
    carries: bool = True
    frozen: bool = False
    counts: Counts = NOTHING


def first(strategy: Strategy, now: float) -> Stage:
    """Where a release begins: the candidate is made, and gets no request yet."""
    return Stage("growing", strategy.way, since=now)


def leftover(now: float) -> Stage:
    """A candidate that nothing speaks of any more: of a revision that was replaced."""
    return Stage("leaving", since=now)


def quick(strategy: Strategy) -> Strategy:
    """The same on the way back to what had converged: all at once, and no questions."""
    return replace(strategy, steps=(Step(ALL, 0.0),), manual=False, abort_if=Tolerance())


def replicas(strategy: Strategy, stage: Stage, wanted: int) -> int:
    """How many tasks the candidate of a service has; at least one, so that it can answer."""
    if strategy.way != "canary" or stage.phase not in OPEN:
        return wanted
    return max(1, ceil(wanted * step(strategy, stage).weight / ALL))


def step(strategy: Strategy, stage: Stage) -> Step:
    return strategy.steps[min(stage.step, len(strategy.steps) - 1)]


def ahead(strategy: Strategy, stage: Stage, view: View) -> Stage:
    """Where the release stands next: the same stage, unless something has come about."""
    if view.counts.requests < stage.base.requests:  # whoever adds them up has begun anew
        stage = replace(stage, base=NOTHING)
    if stage.phase in OPEN and (reason := _objection(strategy, stage, view)):
        return replace(stage, phase="leaving", since=view.now, until=0.0, asked="", by="", said=reason)
    match stage.phase:
        case "growing" if view.ready and view.served and not (view.frozen and not stage.asked):
            return _held(strategy, stage, view)
        case "holding" if view.served and _may_go_on(stage, view):
            return _onwards(strategy, stage, view.now)
        case "settling" if view.settled:
            return replace(stage, phase="leaving", since=view.now)
        case "leaving" if view.served and view.carries:
            return replace(stage, phase="draining", since=view.now)
        case "draining" if view.now - stage.since >= DRAIN:
            return replace(stage, phase="over", since=view.now)
    return stage


def _objection(strategy: Strategy, stage: Stage, view: View) -> str:
    """Why a release ends; "" for no reason."""
    where = f"{stage.way} aborted at {stage.weight} %"
    if stage.asked == ABORT:
        return f"{where}: {stage.by or 'somebody'} asked for it"
    if stage.weight and (found := list(_counted(strategy, stage, view))):
        return f"{where}: {'; '.join(found)}"
    if stage.phase == "holding" and stage.manual and not stage.asked and view.now >= stage.until:
        return f"{where}: nobody promoted it within {PATIENCE / 3600:.0f} h"
    return ""


def _counted(strategy: Strategy, stage: Stage, view: View) -> list[str]:
    return list(counting.objections(strategy.abort_if, counting.since(view.counts, stage.base)))


def _held(strategy: Strategy, stage: Stage, view: View) -> Stage:
    """The requests of a step begin."""
    own, last = step(strategy, stage), stage.step + 1 >= len(strategy.steps)
    manual = strategy.manual and not last
    until = view.now + (PATIENCE if manual else own.pause)
    return replace(
        stage,
        phase="holding",
        weight=own.weight,
        since=view.now,
        until=until,
        manual=manual,
        base=view.counts,
    )


def _may_go_on(stage: Stage, view: View) -> bool:
    if stage.asked in (PROMOTE, FULLY):
        return True
    return not stage.manual and not view.frozen and view.now >= stage.until


def _onwards(strategy: Strategy, stage: Stage, now: float) -> Stage:
    """To the next step, or after the last one to the service itself."""
    last = stage.step + 1 >= len(strategy.steps)
    kept = stage.asked if stage.asked == FULLY and not last else ""
    made = replace(stage, since=now, until=0.0, manual=False, asked=kept, by=stage.by if kept else "")
    return replace(made, phase="settling") if last else replace(made, phase="growing", step=stage.step + 1)
