"""What the tags of a tree stand for, and who logs in where to find that out; asked once, then recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from ailtire_deploy import images, registries, revisions
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.images import Settling, Tree
from ailtire_deploy.model import Site, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Engine, Tagged
from ailtire_deploy.registries import Login
from ailtire_deploy.state import Resource, State


def nobody(host: str) -> Login | None:
    """The credentials of somebody who has none."""
    return None


@dataclass(frozen=True, slots=True)
class Outfit:
    """What the images of a tree need: their digests, the names of secrets by registry, and the secrets.

    Among these are the ones to be removed, as soon as no controller has them any more.
    """

    digests: Tree
    registries: Mapping[str, str]
    secrets: tuple[Resource, ...]


@dataclass(slots=True)
class Resolver:
    """Asks for what is not recorded; ``again`` asks for everything. One answer serves plan and apply."""

    engine: Engine
    credentials: Callable[[str], Login | None] = nobody
    again: bool = False
    answers: dict[str, Tagged] = field(default_factory=dict)

    def outfit(
        self, stacks: Mapping[StackPath, Stack], root: StackPath, observed: State, salt: bytes, site: Site
    ) -> Outfit:
        """All that a root's launcher has to see to. Where nobody logs in, what is there stays."""
        wanted = images.used(stacks)
        there = registries.mounted(observed, observed, root)
        secrets: dict[str, Resource] = {}
        for host in sorted(registries.named((each for used in wanted.values() for each in used), site)):
            login = self.credentials(host)
            kept = observed.get("secret", there[host]) if host in there else None
            if made := registries.secret(root, host, login, salt) if login else kept:
                secrets[host] = made
        fresh = {host for host, each in secrets.items() if each.key not in observed.resources}
        found = self.digests(stacks, root, observed, fresh)
        stale = registries.superseded(observed, root, [each.key for each in secrets.values()])
        names = {host: each.name for host, each in secrets.items()}
        return Outfit(found, names, (*secrets.values(), *stale))

    def digests(
        self,
        stacks: Mapping[StackPath, Stack],
        path: StackPath,
        observed: State,
        fresh: Collection[str] = (),
    ) -> Tree:
        """The digests of a tree's images; no registry is asked for one that the newest revision has.

        What was taken by its tag is asked for again at registries where somebody has logged in since.
        """
        known = (images.recorded(each, path) for each in bodies(observed, path))
        before = next(known, {})
        settling = Settling(images.used(stacks), before, self.again, frozenset(fresh))
        asked = settling.open()
        self._ask(asked)
        told = {image: self.answers[image].digest for image in asked if self.answers[image].digest}
        earlier = {} if len(told) == len(asked) else images.ever(chain([before], known))
        return settling.settled(told, earlier)

    def notes(self, *, verbose: bool) -> Iterator[str]:
        """What to say of images that stay as tagged; without ``verbose`` only where a login would help."""
        for image, answer in sorted(self.answers.items()):
            host = images.host(image)
            if answer.denied and host != images.HUB:
                known = "refuses the credentials" if self.credentials(host) else "wants a login"
                yield f"{image}: {host} {known}: `docker login {host}`, then apply again"
            elif verbose and not answer.digest:
                yield f"{image}: used as tagged, no registry tells its digest ({answer.problem})"

    def _ask(self, asked: Collection[str]) -> None:
        self.answers.update(self.engine.digests(sorted(set(asked) - self.answers.keys())))


def bodies(observed: State, path: StackPath) -> Iterator[Mapping[str, object]]:
    """What the revisions of a stack mean, newest first; what cannot be read, or means none, is left out."""
    for each in revisions.history(observed, path):
        try:
            body = each.body
        except InvalidInput:
            continue
        if body.get("state") != "absent":
            yield body
