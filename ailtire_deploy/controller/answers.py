"""What a controller answers: the Stack interface ``update shutdown status register view log`` behind REST.

Called from many threads at once. Nothing here writes but a revision; all else is the loop's, which it wakes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any

from ailtire_deploy import (
    foresight,
    log_lines,
    log_streams,
    pipeline,
    pruning,
    recovery,
    revisions,
    updates,
)
from ailtire_deploy.controller.kin import Kin
from ailtire_deploy.controller.lines import LastLines
from ailtire_deploy.controller.loop import Loop
from ailtire_deploy.errors import Busy, Conflict
from ailtire_deploy.log_lines import Source
from ailtire_deploy.log_streams import newest
from ailtire_deploy.model import Route
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import Plan
from ailtire_deploy.ports import Accepted, Children, LogLine, Reply, Stop
from ailtire_deploy.resolution import Resolver
from ailtire_deploy.revisions import ABSENT, LOCAL, Revision
from ailtire_deploy.state import Resource, State
from ailtire_deploy.views import histories, plans

ATTEMPTS = 5
FRESH = 1.0  # seconds for which a look at the swarm serves readers


class Controller:
    """One stack, as REST sees it. ``loop`` does the work; ``children`` reaches the controllers below."""

    def __init__(self, loop: Loop, children: Children) -> None:
        self.loop = loop
        self.kin = Kin(loop.path, children)
        self.lines = LastLines(loop.engine, loop.now)
        self._looking = threading.Lock()

    @property
    def path(self) -> StackPath:
        return self.loop.path

    @property
    def key(self) -> bytes:
        return self.loop.key

    def children(self) -> Mapping[str, tuple[Route, ...]]:
        """The children by key, each with its routes; on the way out those that were."""
        stack = pipeline.before(self.observed(), self.path)
        return {child.key: child.routes for child in stack.children} if stack else {}

    def observed(self) -> State:
        """The swarm as it was at most a second ago. Raises Unreachable.

        One look serves all who ask meanwhile; nobody waits long for somebody else's, which may hang.
        """
        held = self._seen() is None and self._looking.acquire(timeout=FRESH)
        try:
            seen = self._seen()
            return self.loop.look() if seen is None else seen
        finally:
            if held:
                self._looking.release()

    def _seen(self) -> State | None:
        """What the last look showed, while it is fresh."""
        seen = self.loop.snapshot
        return seen.observed if self.loop.now() - seen.taken < FRESH else None

    def status(self, budget: float) -> Mapping[str, Any]:
        """The tree below this stack; a child that does not answer in time is shown as the swarm sees it."""
        observed = self.observed()
        lines = self.lines.of(observed, self.path)
        return self.kin.status(observed, lines, self.loop.now(), budget)

    def log(
        self, service: str | None, tail: int, since: float, follow: bool, recursive: bool, stop: Stop
    ) -> Iterator[LogLine | None]:
        """Lines, oldest first, the newest ``tail`` of each service. Raises NotFound for an unknown one."""

        def select() -> tuple[Source, ...]:
            return log_lines.select(self.observed(), self.path, service, recursive=recursive)

        started = self.loop.now()
        lines = newest(self.loop.engine, select(), tail, since, stop.is_set)
        return (
            chain(lines, log_streams.follow(self.loop.engine, select, started, stop.is_set))
            if follow
            else iter(lines)
        )

    def update(self, request: Mapping[str, Any], author: str, check: bool) -> Accepted:
        """Validate, plan, and unless ``check`` store a revision and wake the loop.

        Raises InvalidInput and Busy.
        """
        resolver = Resolver(self.loop.engine)
        for _ in range(ATTEMPTS):
            observed = self.loop.look()
            last = self._standing(observed)
            body, stacks = updates.merged(last.body, request, self.path)
            found = resolver.digests(stacks, self.path, observed)
            body = updates.with_digests(body, found, self.path)
            draft = revisions.make(
                observed, self.path, body, cause=LOCAL, origin=self._origin(observed), author=author
            )
            ahead = self._foreseen(draft, last, observed)
            shown = plans.as_json(ahead.values())
            if check:
                return Accepted("", shown)
            if not request.get("allow_prune"):
                updates.refuse_excess(pruning.excess(ahead, observed))
            try:
                self.loop.engine.create(draft)
            except Conflict:
                continue  # somebody else has taken this number: read again
            self.loop.wake.set()
            return Accepted(draft.name, shown)
        raise Busy(f"{self.path}: others write revisions faster than this one could be; try again")

    def rollback(self, number: int | None, author: str) -> Accepted:
        """Bring an older revision back. Raises NotFound and Busy."""
        for _ in range(ATTEMPTS):
            observed = self.loop.look()
            last = self._standing(observed)
            draft = recovery.restoring(observed, recovery.target(observed, self.path, number), author)
            shown = plans.as_json(self._foreseen(draft, last, observed).values())
            with suppress(Conflict):
                self.loop.engine.create(draft)
                self.loop.wake.set()
                return Accepted(draft.name, shown)
        raise Busy(f"{self.path}: others write revisions faster than this one could be; try again")

    def _foreseen(self, draft: Resource, last: Revision, observed: State) -> dict[StackPath, Plan]:
        """The plans of the tree, if a revision stood."""
        ahead = foresight.as_revision(self.path, draft)
        writer = self.loop.writer(last, observed)
        return dict(foresight.plans(ahead, observed, writer, self.loop.now()))

    def _standing(self, observed: State) -> Revision:
        last = revisions.newest(observed, self.path)
        if last is None or last.absent:
            raise Busy(f"{self.path} is shutting down")
        return last

    def _origin(self, observed: State) -> str:
        """A root's revision is its own origin; below, one stands until the root's next."""
        root = revisions.newest(observed, self.path.root) if self.path.parent else None
        return root.name if root else ""

    def shutdown(self, author: str) -> Mapping[str, Any]:
        """Persist the intent and wake the loop; asking again is no error."""
        for _ in range(ATTEMPTS):
            observed = self.loop.look()
            last = revisions.newest(observed, self.path)
            if last is not None and last.absent:
                return {"revision": last.name}
            origin = self._origin(observed)
            draft = revisions.make(observed, self.path, ABSENT, cause=LOCAL, origin=origin, author=author)
            try:
                self.loop.engine.create(draft)
            except Conflict:
                continue
            self.loop.wake.set()
            return {"revision": draft.name}
        raise Busy(f"{self.path}: others write revisions faster than this one could be; try again")

    def offered(
        self, service: str, agent: str, live: str, refused: Mapping[str, str], wait: float, stop: Stop
    ) -> Mapping[str, str] | None:
        """What a proxy shall serve instead, as soon as there is such."""
        return self.loop.offers.pull(service, agent, live, refused, wait, stop)

    def register(self, child: str, url: str) -> Mapping[str, Any]:
        """The child called ``child`` is alive.

        Raises Refused when ``url`` is not what the definition implies.
        """
        return self.kin.heard_of(child, url, self.loop.now())

    def history(self) -> list[dict[str, Any]]:
        """The revisions, newest first."""
        return [dict(each) for each in histories.as_json(revisions.history(self.observed(), self.path))]

    def forward(
        self, child: str, method: str, subpath: str, query: str, body: bytes, role: str, budget: float
    ) -> Reply:
        """Make a signed call to a child. Raises Unreachable."""
        return self.kin.children.forward(self.path / child, method, subpath, query, body, role, budget)
