"""What a release means for a stack's wishes: a service that waits, its candidate beside it, and weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ailtire_deploy import diff, moments, names
from ailtire_deploy.model import Strategy
from ailtire_deploy.plan.holding import references
from ailtire_deploy.releases import candidates, course
from ailtire_deploy.releases.stages import OPEN, Stage
from ailtire_deploy.state import CAUSE, GIVEN_UP, HELD, Key, Resource, State

RELEASE = "release"  # among the facts of a service that is being released

WAITS: Mapping[str, str] = {
    "leaving": "its gateway to send it nothing any more",
    "draining": "its last requests to end",
}
"""For what the removal of a candidate waits."""

Former = Callable[[Resource], Resource | None]
"""The wish that a found service was made of, where that is still known."""


@dataclass(frozen=True, slots=True)
class Release:
    """One service on its way. ``wish`` is what it shall become; ``known``: its stage is written down."""

    strategy: Strategy
    stage: Stage
    wish: Resource
    known: bool

    @property
    def candidate(self) -> Resource:
        wanted = candidates.replicas(self.wish.spec)
        return candidates.made(self.wish, course.replicas(self.strategy, self.stage, wanted))


def current(
    strategies: Mapping[str, Strategy],
    made: Iterable[Resource],
    observed: State,
    stored: Mapping[str, Stage],
    begins: bool,
) -> dict[str, Release]:
    """The releases of a stack by the key of their service; ``begins``: new ones may be begun."""
    found = {}
    for wish in made:
        own = wish.kind == "service" and wish.path == wish.owner
        strategy = strategies.get(wish.service) if own else None
        stage = _stage(strategy, wish, observed, stored, begins) if strategy else None
        if strategy and stage:
            found[wish.service] = Release(strategy, stage, wish, wish.service in stored)
    return found


def _stage(
    strategy: Strategy, wish: Resource, observed: State, stored: Mapping[str, Stage], begins: bool
) -> Stage | None:
    if wish.service in stored:
        return stored[wish.service]
    if begins and strategy.staged and candidates.is_due(wish, observed.resources.get(wish.key), observed):
        return course.first(strategy, 0.0)
    there = candidates.key(wish.path, wish.service) in observed.resources
    return course.leftover(0.0) if there else None


def weights(releases: Mapping[str, Release], observed: State) -> dict[str, int]:
    """Which part of the requests (percent) goes to which candidate.

    None to one of which no task runs; and one that shall go keeps all of them while the service itself has
    no task.
    """
    found = {}
    for key, each in releases.items():
        runs = candidates.serves(observed, names.candidate_service(each.wish.path, key))
        if each.stage.phase in (*OPEN, "settling"):
            found[key] = each.stage.weight if runs else 0
        elif each.stage.phase == "leaving" and runs and not candidates.serves(observed, each.wish.name):
            found[key] = course.ALL
    return found


def staged(
    made: Iterable[Resource], releases: Mapping[str, Release], observed: State, former: Former, now: float
) -> list[Resource]:
    """The wishes of a stack, with those that are being released where they stand."""
    found = {each.key: each for each in made}
    for release in releases.values():
        main = _main(release, observed, former, now)
        found[main.key] = main
        for each in (main, *_beside(release, observed)):
            found[each.key] = each
        found |= {each.key: each for each in _mounted(main, observed) if each.key not in found}
    return list(found.values())


def _main(release: Release, observed: State, former: Former, now: float) -> Resource:
    """The service: as it was until the candidate has proved itself, and for good when it has not."""
    wish, stage = release.wish, release.stage
    facts = {**wish.facts, RELEASE: release}
    if stage.phase not in OPEN and not stage.said:
        return replace(wish, facts=facts)
    there = observed.resources.get(wish.key)
    if there is None and not stage.said:
        return replace(wish, facts=facts)
    before = former(there) if there else None
    if there and before and diff.changes(before, there):
        return replace(before, facts={**before.facts, RELEASE: release})  # somebody changed it meanwhile
    given_up = {GIVEN_UP: stage.said} if stage.said else {}
    return replace(wish, facts={**facts, HELD: _held(release, now), **given_up})


def _held(release: Release, now: float) -> str:
    if release.stage.said:
        return f"another revision: {release.stage.said}"
    return f"its {release.stage.shown(now)}" if release.known else f"its {told(release.strategy)}"


def told(strategy: Strategy) -> str:
    """The whole course in a few words."""
    steps = [f"{each.weight} %{_pause(each.pause, strategy.manual)}" for each in strategy.steps]
    return f"{strategy.way}: {', then '.join(steps)}"


def _pause(seconds: float, manual: bool) -> str:
    if manual and not seconds:
        return " until it is promoted"
    return f" for {moments.duration(seconds)}" if seconds else ""


def _beside(release: Release, observed: State) -> Iterator[Resource]:
    """The candidate, or what is left of it."""
    stage, key = release.stage, candidates.key(release.wish.path, release.wish.service)
    if stage.phase in (*OPEN, "settling"):
        what = told(release.strategy)
        said = f"beside {release.wish.name} for its {what}; then that is updated, and this one goes"
        yield replace(release.candidate, facts={**release.wish.facts, CAUSE: said})
    elif key in observed.resources:
        left = {HELD: WAITS[stage.phase]} if stage.phase in WAITS else {}
        yield replace(
            observed.resources[key],
            absent=True,
            needs=(),
            facts={CAUSE: "the release is over", **left},
        )


def _mounted(wish: Resource, observed: State) -> Iterator[Resource]:
    """What a service that is left as it is still mounts."""
    there = observed.resources.get(wish.key) if HELD in wish.facts else None
    for key in references(there.spec) if there else ():
        each = observed.resources.get(key)
        if each is not None and key.kind != "network" and each.owner == wish.owner:
            yield each


def of(desired: State) -> dict[Key, Release]:
    """The releases among wishes, by the key of their service."""
    return {each.key: each.facts[RELEASE] for each in desired if RELEASE in each.facts}
