"""The loop: read the world, wish, plan, apply, judge; then sleep until something wakes it.

It is level-triggered: a request or an event only wakes it, and every round starts from what is there. Nothing
is remembered that could not be lost, except how much was changed for the revision at hand.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ailtire_deploy import gates, handing, names, pipeline, recovery, registries, remains, revisions, verdict
from ailtire_deploy.apply import apply
from ailtire_deploy.controller import evidence, outcomes
from ailtire_deploy.controller.journal import Journal
from ailtire_deploy.controller.offers import Offers
from ailtire_deploy.departures import stand_in, sweeper
from ailtire_deploy.errors import AiltireError, Failed, InvalidInput, Problem
from ailtire_deploy.metrics import Work
from ailtire_deploy.model import Site, Stack
from ailtire_deploy.names import LABEL_RESTORES, StackPath
from ailtire_deploy.plan import plan
from ailtire_deploy.ports import Engine
from ailtire_deploy.releases import asking as releases
from ailtire_deploy.releases import moves
from ailtire_deploy.report import Report
from ailtire_deploy.revisions import Revision
from ailtire_deploy.rotation import NEVER, Former
from ailtire_deploy.state import State
from ailtire_deploy.verdict import Progress, Verdict
from ailtire_deploy.writer import Writer

SETTLED = 30.0  # seconds until the next look when nothing moves
MOVING = 1.0
BACK_OFF = (1.0, 2.0, 5.0, 10.0, 30.0)
WATCHING = 5.0  # seconds after each round of a release for which the gateways are listened to closely
BREATH = 0.3  # seconds between two rounds, however many events come
QUICK = 0.025  # the same after rounds that wrote something, doubled with each of them

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the last round saw. One assignment replaces it; readers never wait."""

    observed: State = field(default_factory=State)
    taken: float = 0.0


@dataclass
class Loop:
    """Keeps one stack as its newest revision says."""

    path: StackPath
    engine: Engine
    site: Site
    key: bytes = field(repr=False)
    now: Callable[[], float] = time.time
    snapshot: Snapshot = field(default_factory=Snapshot)
    wake: threading.Event = field(default_factory=threading.Event)
    offers: Offers = field(default_factory=Offers)
    journal: Journal = field(init=False)
    work: Work = field(default_factory=Work)  # one assignment replaces it
    handed: frozenset[str] = frozenset()  # the secrets that this process was handed, by name
    former: Former = NEVER  # the key before
    _progress: Progress | None = None
    _revision: str = ""
    _changed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.offers.heard = self.wake.set
        self.journal = Journal(self.path)

    def run(self, stop: threading.Event) -> None:
        """Round after round until ``stop``; the stack is left running.

        Raises Failed on another swarm than ours.
        """
        failures = busy = 0
        self.check_cluster()
        while not stop.is_set():
            try:
                after, failures = self.reconcile(), 0
            except AiltireError as error:
                log.warning("%s: %s", type(error).__name__, error)
                after = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
                failures += 1
            busy = busy + 1 if after == 0.0 else 0
            stop.wait(min(BREATH, QUICK * 2 ** min(busy, 8)) if busy else BREATH)
            self.wake.wait(0 if stop.is_set() else after)
            self.wake.clear()

    def check_cluster(self) -> None:
        """Two engines on one machine share a file system: the socket may be another swarm's."""
        found = self.engine.info().cluster
        if found != self.site.cluster:
            raise Failed(
                f"this engine is of swarm {found}, {self.path} of {self.site.cluster}: nothing is written"
            )

    def _versions(self) -> tuple[str, str]:
        info = self.engine.info()
        return info.api, info.version

    def reconcile(self) -> float:
        """One round. Returns after how many seconds to look again. Raises what the engine raises."""
        begun, failed = time.monotonic(), 1
        try:
            after, failed = self._round(), 0
            return after
        finally:
            done, seconds = self.work, time.monotonic() - begun
            self.work = replace(
                done,
                rounds=done.rounds + 1,
                failed=done.failed + failed,
                seconds=done.seconds + seconds,
                ended=self.now(),
            )

    def _round(self) -> float:
        observed = self.look()
        last = revisions.newest(observed, self.path)
        if last is None:
            return MOVING
        if last.name != self._revision:
            # Our own service is written before a revision, but also read before it: only the next look surely
            # shows what came with this one.
            self._revision, self._progress, self._changed = last.name, None, Counter()
            return 0.0
        if self._awaits_its_successor(observed):
            return MOVING
        if self._tidied(last, observed):
            return 0.0
        try:
            return self._towards(last, observed)
        except InvalidInput as error:
            refused = Verdict(
                "failed", tuple(str(each) for each in error.problems), Progress(frozenset(), self.now())
            )
            self._tell(last, refused, Report())
            return SETTLED if last.outcome == "failed" else QUICK

    def _awaits_its_successor(self, observed: State) -> bool:
        """Whether it shall have what it has not: what it wrote now, no node could fetch or no edge serve."""
        own = observed.get("service", names.admin_service(self.path))
        return not self.handed.issuperset(handing.handed(own))

    def lacks(self, stack: Stack) -> tuple[Problem, ...]:
        """The certificates of a definition that this process was not handed."""
        said = "was not given to this controller", "apply the root with the command line"
        lacking = set(handing.certificates(stack)) - self.handed
        return tuple(Problem(str(stack.path), 0, 0, f"certificate {each}", *said) for each in sorted(lacking))

    def _tidied(self, last: Revision, observed: State) -> bool:
        """Whether a revision was written: what the newest one means for those before it, and for itself."""
        for each in revisions.history(observed, self.path):
            if each.number < last.number and each.outcome == "pending" and not each.absent:
                self.engine.update(outcomes.superseded(each), each.found)
        back = recovery.undoing(observed, last, str(self.path))
        if back is None:
            return False
        log.warning("%s failed: %s brings %s back", last.name, back.name, back.labels[LABEL_RESTORES])
        self.engine.create(back)
        return True

    def look(self) -> State:
        """The whole tree, as it is now; also what readers see from now on."""
        observed = self.offers.seen(self.engine.observe(self.path.root), self.path)
        self.snapshot = Snapshot(observed, self.now())
        return observed

    def forget(self) -> None:
        """Readers look for themselves next: what was last seen is not what is there."""
        self.snapshot = replace(self.snapshot, taken=0.0)

    def _towards(self, last: Revision, observed: State) -> float:
        writer = self.writer(last, observed)
        if not last.absent:
            stack = pipeline.filled(last)
            gates.refuse([stack], self._versions)
            if lacking := self.lacks(stack):
                raise InvalidInput(lacking)
        desired = pipeline.towards(last, observed, writer)
        ahead = moves.moved(desired, observed, last, self.now())
        if ahead:
            log.info("%s: releases: %s", last.name, ahead.labels[names.LABEL_RELEASE])
            self.engine.update(ahead, last.found)
            return 0.0
        self.offers.put(desired)
        if releases.on(last):
            self.offers.watch(WATCHING)
        step = plan(desired, observed, self.path, self.now())
        self.work = replace(self.work, differing=Counter(each.key.kind for each in step.operations))
        report = apply(step, self.engine)
        helped = self._stand_in(desired, observed, writer)
        self._changed.update(entry.stack for entry in report.changed)
        for entry in (*report.changed, *report.failed, *helped.changed):
            log.info("%s", entry)
        self.journal.report((*report.changed, *report.failed, *helped.changed), last.name)
        if last.absent:
            return self._leave(last, observed)
        patience = verdict.patience(desired, pipeline.filled(last).deadline)
        judged = verdict.judge(desired, observed, step, report, self._progress, self.now(), patience)
        self._progress = judged.progress
        self._tell(last, judged, report)
        if report.changed:
            return 0.0
        return {"converged": SETTLED, "pending": MOVING}.get(judged.outcome, self._after_failure(last))

    def _after_failure(self, last: Revision) -> float:
        """A failure that is news may have to be undone; one that is known is looked at now and then."""
        return BACK_OFF[2] if last.outcome == "failed" else QUICK

    def writer(self, last: Revision, observed: State) -> Writer:
        """Who this controller is when it wishes for something."""
        gone = verdict.lost_below(observed, self.path, self.now())
        wished, back = revisions.wished(observed, last), revisions.brings_back(observed, last)
        known = registries.mounted(observed, observed, self.path)
        return Writer(
            *(
                self.site,
                self.key,
                last.origin,
                str(self.path),
                gone,
                wished,
                last.asks,
                back,
                known,
                self.now(),
            ),
            former=self.former,
        )

    def _stand_in(self, desired: State, observed: State, writer: Writer) -> Report:
        """Take down children that shall go and have no controller any more."""
        going: Iterable[StackPath] = {each.path for each in desired if each.absent and each.path != self.path}
        return Report.of(stand_in(self.engine, observed, each, writer, self.now()) for each in sorted(going))

    def _leave(self, last: Revision, observed: State) -> float:
        """When all is gone, a root that nobody waits for has itself removed."""
        if observed.anything_below(self.path):
            self._tell(last, self._hanging(observed), Report())
            return MOVING
        if self.path.parent:
            return MOVING
        alone = last.cause != revisions.COMMAND_LINE or self.now() - last.found.created > verdict.GRACE
        last_of_all = sweeper(self.path, self.site)
        if alone and last_of_all.key not in observed.resources:
            self.engine.create(last_of_all)
        return MOVING

    def _hanging(self, observed: State) -> Verdict:
        """Of a shutdown: failed as long as nothing goes any more, pending otherwise."""
        left = frozenset([*(str(each.key) for each in observed), *(t.id for t in observed.tasks if t.live)])
        self._progress = verdict.advanced(self._progress, left, self.now())
        if self.now() - self._progress.since <= verdict.CLEARING:
            return Verdict("pending", (), self._progress)
        return Verdict("failed", remains.sentences(observed, self.path), self._progress)

    def _tell(self, last: Revision, judged: Verdict, report: Report) -> None:
        """Write the outcome on the revision, when it is another than before."""
        if judged.outcome not in ("pending", last.outcome):
            reasons = evidence.with_last_lines(judged.reasons, self.snapshot.observed, self.engine)
            judged = replace(judged, reasons=reasons)
            log.info("%s is %s %s", last.name, judged.outcome, "; ".join(judged.reasons))
            told = outcomes.labelled(last, judged, self._changed, report)
            self.engine.update(told, last.found)
