"""What a controller answers: the Stack interface ``update shutdown status register view log`` behind REST.

Called from many threads at once. Nothing here writes but a revision; all else is the loop's, which it wakes.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

from ailtire_deploy import (
    deadlines,
    followup,
    foresight,
    log_lines,
    pipeline,
    recovery,
    revisions,
    revocation,
    survey,
    withdrawal,
)
from ailtire_deploy.controller.changes import Changes
from ailtire_deploy.controller.journal import Event
from ailtire_deploy.controller.kin import Kin
from ailtire_deploy.controller.lines import LastLines
from ailtire_deploy.controller.looks import Looks
from ailtire_deploy.controller.loop import Loop
from ailtire_deploy.errors import NotFound, Unreachable
from ailtire_deploy.idempotency import Once
from ailtire_deploy.log_lines import Asked, Source
from ailtire_deploy.log_streams import Reading
from ailtire_deploy.maintenance import Wish
from ailtire_deploy.metrics import Family, families
from ailtire_deploy.model import Route
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Accepted, Children, LogLine, Reply, Stop
from ailtire_deploy.proxies import Offer
from ailtire_deploy.revocation import Revoked
from ailtire_deploy.rotation import Former
from ailtire_deploy.segments import matrix
from ailtire_deploy.state import State
from ailtire_deploy.traffic import Traffic
from ailtire_deploy.views import histories, matrices, plans, topologies, withdrawn

FRESH = 1.0  # seconds for which a look at the swarm serves readers


class Controller:
    """One stack, as REST sees it. ``loop`` does the work; ``children`` reaches the controllers below."""

    def __init__(self, loop: Loop, children: Children) -> None:
        self.loop = loop
        self.kin = Kin(loop.path, children)
        self.lines = LastLines(loop.engine, loop.now)
        self.changes = Changes(loop)
        self.looks = Looks(loop)
        self._looking = threading.Lock()
        self._away: dict[str, float] = {}
        self._telling = threading.Lock()
        self._told: tuple[State | None, float, Mapping[str, Any]] = None, 0.0, {}

    @property
    def path(self) -> StackPath:
        return self.loop.path

    @property
    def key(self) -> bytes:
        return self.loop.key

    @property
    def former(self) -> Former:
        return self.loop.former

    def revoked(self) -> Revoked:
        """The tokens that were taken back, as the last look showed. Raises Unreachable before the first."""
        seen = self.loop.snapshot.observed
        return revocation.held(seen if seen.resources else self.observed(), self.path)

    def take_back(self, id: str | None) -> Mapping[str, Any]:
        """Take a token of the tree back, or all of them. Raises NotFound below the root, and InvalidInput."""
        if self.path.parent:
            raise NotFound(f"tokens of {self.path} are taken back at its root")
        mark = revocation.by_id(id) if id is not None else None
        found = withdrawal.write(self.loop.engine, self.path, mark, self.loop.now())
        self.loop.wake.set()
        return withdrawn.as_json(found)

    def taken_back(self) -> Mapping[str, Any]:
        """Which tokens of the tree are taken back and have not ended."""
        observed = self.loop.engine.observe(
            self.path.root
        )  # not the last look: a moment ago it was otherwise
        return withdrawn.as_json(revocation.held(observed, self.path).with_ids(self.loop.now()))

    def children(self) -> Mapping[str, tuple[Route, ...]]:
        """The children by key, each with its routes; on the way out those that were."""
        stack = pipeline.before(self.observed(), self.path)
        return {child.key: child.routes for child in stack.children} if stack else {}

    def origins(self) -> tuple[str, ...]:
        """The sites whose pages may show the view, by what the last round saw."""
        stack = pipeline.before(self.loop.snapshot.observed, self.path)
        return stack.gateway.origins if stack else ()

    def topology(self) -> Mapping[str, Any]:
        """What the view draws of this stack and of those below."""
        return topologies.as_json(self.observed(), self.path)

    def matrix(self) -> Mapping[str, Any]:
        """Who can reach whom in this stack and in those below, as the newest revisions mean it."""
        stacks = survey.stacks(self.observed(), self.path.root)
        return matrices.as_json(matrix.of_tree(stacks), self.path)

    def verify(self, patience: float, *, keep: bool) -> Mapping[str, Any]:
        """Begin a look at the living networks. Raises NotFound and Busy."""
        return self.looks.start(self.observed(), patience, keep=keep)

    def verified(self) -> Mapping[str, Any]:
        """How far the last look is, or what came of it."""
        return self.looks.shown()

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
        """The tree below this stack; a child that does not answer in time is shown as the swarm sees it.

        Who asks while nothing newer was seen gets the same answer, if it had no less time.
        """
        observed = self.observed()
        held = self._told_of(observed, budget) is None and self._telling.acquire(timeout=FRESH)
        try:
            told = self._told_of(observed, budget)
            return self._tell(observed, budget) if told is None else told
        finally:
            if held:
                self._telling.release()

    def _told_of(self, observed: State, budget: float) -> Mapping[str, Any] | None:
        of, had, told = self._told
        return told if of is observed and had >= budget else None

    def _tell(self, observed: State, budget: float) -> Mapping[str, Any]:
        lines = self.lines.of(observed, self.path)
        told = self.kin.status(observed, lines, self.loop.now(), budget)
        self._told = observed, budget, told
        return told

    def metrics(self) -> tuple[Family, ...]:
        """Numbers about this stack; while the swarm cannot be seen, those of the last look."""
        with suppress(Unreachable):
            self.observed()
        loop = self.loop
        heard = self.kin.heartbeats(loop.now())
        return families(loop.snapshot.observed, self.path, loop.work, loop.engine.usage(), heard)

    def log(self, asked: Asked, stop: Stop) -> Iterator[LogLine | None]:
        """The lines asked for, oldest first; then what comes, if they are followed.

        Raises NotFound for an unknown service.
        """

        def select() -> tuple[Source, ...]:
            return log_lines.select(self.observed(), self.path, asked.service, recursive=asked.recursive)

        return Reading(self.loop.engine, select, asked, self.loop.now(), stop.is_set, self._away).lines()

    def update(
        self, request: Mapping[str, Any], author: str, check: bool, once: Once | None = None
    ) -> Accepted:
        """Validate, plan, and unless ``check`` store a revision and wake the loop.

        Raises InvalidInput and Busy.
        """
        return self.changes.update(request, author, check, once)

    def rollback(
        self,
        number: int | None,
        author: str,
        check: bool = False,
        once: Once | None = None,
        allowed: Collection[str] = (),
    ) -> Accepted:
        """Bring an older revision back. Raises NotFound, InvalidInput and Busy."""
        return self.changes.rollback(number, author, check, once, allowed)

    def maintenance(self, wish: Wish, author: str, check: bool = False, once: Once | None = None) -> Accepted:
        """Close a service or the whole stack, or open it again. Raises InvalidInput and Busy."""
        return self.changes.maintenance(wish, author, check, once)

    def shutdown(self, author: str, check: bool = False, once: Once | None = None) -> Accepted:
        """Persist the intent and wake the loop; asking again is no error."""
        return self.changes.shutdown(author, check, once)

    def release(self, service: str, what: str, author: str) -> Mapping[str, Any]:
        """Ask something of a release that is on. Raises NotFound and Busy."""
        return self.changes.release(service, what, author)

    def plan(self) -> Mapping[str, Any]:
        """What is still to do for the newest revision, here and below."""
        observed = self.observed()
        last = revisions.newest(observed, self.path)
        if last is None:
            raise NotFound(f"{self.path} has no revision")
        if last.absent:
            return plans.as_json(foresight.removal(observed, self.path))
        writer = self.loop.writer(last, observed)
        return plans.as_json(dict(foresight.plans(last, observed, writer, self.loop.now())).values())

    def offered(
        self,
        service: str,
        agent: str,
        live: str,
        refused: Mapping[str, str],
        counted: Traffic,
        wait: float,
        stop: Stop,
    ) -> Offer | None:
        """What a proxy shall serve instead, as soon as there is such."""
        return self.loop.offers.pull(service, agent, live, refused, wait, stop, counted)

    def register(self, child: str, url: str) -> Mapping[str, Any]:
        """The child called ``child`` is alive.

        Raises Refused when ``url`` is not what the definition implies.
        """
        return self.kin.heard_of(child, url, self.loop.now())

    def history(self) -> list[dict[str, Any]]:
        """The revisions, newest first."""
        return [dict(each) for each in histories.as_json(revisions.history(self.observed(), self.path))]

    def revision(self, number: int) -> dict[str, Any]:
        """One of them, with how far it has come. Raises NotFound."""
        observed = self.observed()
        found = next((r for r in revisions.history(observed, self.path) if r.number == number), None)
        if found is None:
            raise NotFound(f"{self.path} has no revision {number}")
        return {**histories.as_json([found])[0], "progress": followup.of(observed, found, self.loop.now())}

    def difference(self, number: int, against: int | None) -> dict[str, Any]:
        """What differs in a revision from another, or from the one before. Raises NotFound."""
        observed = self.observed()
        newer = recovery.numbered(observed, self.path, number)
        older = (each for each in revisions.history(observed, self.path) if each.number < number)
        before = next((each for each in older if not each.absent), newer)
        found = recovery.numbered(observed, self.path, against) if against else before
        return histories.difference_as_json(found, newer)

    def deadlines(self) -> Mapping[str, str]:
        """By when what is on its way has to have come further, as sentences by path."""
        return deadlines.sentences(self.observed(), self.path, self.loop.now())

    def events(self, last: str, stop: Stop) -> Iterator[Event | None]:
        """What happens from now on, or from after the event ``last``."""
        return self.loop.journal.follow(last, self.observed, self.loop.now, stop.is_set)

    def forward(
        self, child: str, method: str, subpath: str, query: str, body: bytes, role: str, budget: float
    ) -> Reply:
        """Make a signed call to a child. Raises Unreachable."""
        return self.kin.children.forward(self.path / child, method, subpath, query, body, role, budget)
