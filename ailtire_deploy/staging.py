"""What a stack's files mean as resources, its releases where they stand.

Rendering comes first, since only the result tells whether a service has to become another one. How requests
are divided is told to the gateways alone: no config of the swarm holds it, so none starts with old weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from ailtire_deploy import names, proxies, render, revisions, specs, topology
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.model import Site, Stack, Strategy
from ailtire_deploy.releases import course, stages, wishes
from ailtire_deploy.releases.wishes import Release
from ailtire_deploy.render import proxy
from ailtire_deploy.render.files import GATEWAY
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Resource, State

Filled = Callable[[Revision], Stack]

Given = tuple[Stack, Site, Mapping[str, str], Mapping[str, tuple[str, ...]]]
KEPT = 16  # renderings that are kept; a round of one stack needs few
_kept: list[tuple[Given, tuple[Resource, ...]]] = []


@dataclass(frozen=True, slots=True)
class Staging:
    """Where a stack is rendered: ``children`` are the names of its children's revisions by key, ``revision``
    that of its own, ``back`` whether that one is a way back, ``filled`` what a revision means.
    """

    stack: Stack
    observed: State
    site: Site
    children: Mapping[str, str]
    revision: str
    back: bool
    filled: Filled

    def resources(self) -> list[Resource]:
        """All that was rendered."""
        return rendered(self.stack, self.observed, self.site, self.children)

    def released(self, made: Iterable[Resource], now: float) -> list[Resource]:
        """The same with what is being released where it stands, and the gateway as it then divides."""
        found = list(made)
        releases = self._releases(found)
        staged = wishes.staged(found, releases, self.observed, self.former, now)
        weights = wishes.weights(releases, self.observed)
        return [self._dividing(each, weights) for each in staged] if weights else staged

    def _dividing(self, each: Resource, weights: Mapping[str, int]) -> Resource:
        if proxies.SERVES not in each.facts or each.service != names.GATEWAY:
            return each
        text = proxy.gateway(topology.decide(self.stack, weights)).decode()
        files = {**each.facts[proxies.SERVES], GATEWAY: text}
        return replace(each, facts={**each.facts, proxies.SERVES: files})

    def _releases(self, made: Iterable[Resource]) -> dict[str, Release]:
        own = self._newest()
        begins = own is None or own.labels.get(names.LABEL_OUTCOME) == "pending"
        return wishes.current(self._strategies(), made, self.observed, stages.read(own), begins)

    def _newest(self) -> Resource | None:
        """What bears the stages: the revision, or the newest that only changes maintenance on top of it."""
        history = revisions.history(self.observed, self.stack.path)
        return next((each.found for each in history if each.asks == self.revision), None)

    def _strategies(self) -> dict[str, Strategy]:
        plain = {each.key: each.strategy for each in self.stack.services if not each.job}
        if not self.back:
            return plain
        return {key: course.quick(each) if each.staged else each for key, each in plain.items()}

    def former(self, found: Resource) -> Resource | None:
        """The wish that a found service was made of, by the newest revision that means it."""
        for each in revisions.history(self.observed, self.stack.path):
            with suppress(InvalidInput):
                wish = None if each.absent else self._alone(self.filled(each), found)
                if wish and wish.hash == found.hash:
                    return wish
        return None

    def _alone(self, stack: Stack, found: Resource) -> Resource | None:
        """What a stack means for one of its services; what that waits for does not matter."""
        chosen = [replace(each, depends_on=()) for each in stack.services if each.key == found.service]
        lone = replace(stack, services=tuple(chosen), children=())
        made = rendered(lone, self.observed, self.site, {}) if chosen else []
        return next((each for each in made if each.key == found.key), None)


def rendered(stack: Stack, observed: State, site: Site, children: Mapping[str, str]) -> list[Resource]:
    """A stack as resources. What was given lately is not rendered again: a controller does so every round."""
    given: Given = stack, site, children, subnets(observed)
    for known, before in _kept:
        if known == given:
            return list(before)
    made = specs.resources(stack, render.render(stack, topology.decide(stack), site, given[3]), children)
    _kept[:] = [(given, tuple(made)), *_kept[: KEPT - 1]]
    return made


def subnets(observed: State) -> Mapping[str, tuple[str, ...]]:
    """The address ranges the engine chose, by network."""
    return {each.name: tuple(each.facts.get("subnets", ())) for each in observed if each.kind == "network"}
