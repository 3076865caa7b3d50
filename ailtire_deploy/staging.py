"""What a stack's files mean as resources, its releases where they stand.

Rendering comes first, since only the result tells whether a service has to become another one; where requests
are divided it comes once more, with the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from ailtire_deploy import names, render, revisions, specs, topology
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.model import Site, Stack, Strategy
from ailtire_deploy.releases import course, stages, wishes
from ailtire_deploy.releases.wishes import Release
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Resource, State

Filled = Callable[[Revision], Stack]


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

    def resources(self) -> tuple[list[Resource], dict[str, Release]]:
        """All that was rendered, and the releases that are on or due."""
        made = self._rendered({})
        releases = self._releases(made)
        weights = wishes.weights(releases, self.observed)
        return (self._rendered(weights) if weights else made), releases

    def _rendered(self, weights: Mapping[str, int]) -> list[Resource]:
        return rendered(self.stack, self.observed, self.site, self.children, weights)

    def _releases(self, made: Iterable[Resource]) -> dict[str, Release]:
        own = self.observed.get("config", self.revision)
        begins = own is None or own.labels.get(names.LABEL_OUTCOME) == "pending"
        return wishes.current(self._strategies(), made, self.observed, stages.read(own), begins)

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
        made = rendered(lone, self.observed, self.site, {}, {}) if chosen else []
        return next((each for each in made if each.key == found.key), None)


def rendered(
    stack: Stack, observed: State, site: Site, children: Mapping[str, str], weights: Mapping[str, int]
) -> list[Resource]:
    """A stack as resources; ``weights`` say which services share their requests with a candidate."""
    shape = topology.decide(stack, weights)
    artifacts = render.render(stack, shape, site, subnets(observed))
    return specs.resources(stack, artifacts, children)


def subnets(observed: State) -> Mapping[str, tuple[str, ...]]:
    """The address ranges the engine chose, by network."""
    return {each.name: tuple(each.facts.get("subnets", ())) for each in observed if each.kind == "network"}
