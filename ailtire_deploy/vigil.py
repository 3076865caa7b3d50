"""Watching a tree until its verdict: the launcher's part is kept as wished, the rest is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ailtire_deploy import names, recovery, revisions, rotation, verdict
from ailtire_deploy.apply import apply
from ailtire_deploy.errors import Busy, Unreachable
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import plan
from ailtire_deploy.ports import Engine
from ailtire_deploy.report import Report
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import State
from ailtire_deploy.verdict import Progress, Verdict

OUTERMOST = StackPath()
POLL = 1.0  # seconds between two looks at a tree that is on its way
SHORTEST = 0.1  # the first of them; later ones come more slowly
SPARING = 3  # times as long as a look took: what looks takes time from those at work
LONGEST = 5.0  # seconds until the next look, however long one takes
OUTAGE = 60.0  # seconds for which the engine may be away while somebody waits
Watch = Callable[[State], None]


@dataclass(slots=True)
class Vigil:
    """One wait for one revision. ``made`` collects what was written meanwhile."""

    engine: Engine
    path: StackPath
    revision: str
    desired: State
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    made: list[Report] = field(default_factory=list)
    generation: int = 1  # of the keys that every controller of the tree shall have
    _lagging: float = 0.0
    _failed_at: float = 0.0

    def until_settled(self, watch: Watch, asked: float | None, *, wait: bool = True) -> tuple[State, Verdict]:
        """What is there in the end, and what to say of it.

        A revision that its controller takes back is waited for until the old one is there again. Raises Busy
        when somebody else's takes its place.
        """
        progress, pause = None, SHORTEST
        while True:
            begun = self.now()
            observed = look(self.engine, self.path.root, self.now, self.sleep)
            last = standing(observed, self.path, self.revision)
            judged, report = self._judge(observed, last, progress, asked)
            progress = judged.progress
            watch(observed)
            judged = self._with_keys(self._in_the_end(judged, observed, last), observed)
            if judged.outcome != "pending" or not wait:
                self.made.append(Report(tuple(each for each in report if each.outcome != "changed")))
                return observed, judged
            self.sleep(max(pause, min(LONGEST, SPARING * (self.now() - begun))))
            pause = min(POLL, pause * 1.5)

    def _judge(
        self, observed: State, last: Revision, progress: Progress | None, asked: float | None
    ) -> tuple[Verdict, Report]:
        desired = State.of([*self.desired, last.found])
        step = plan(desired, observed, OUTERMOST, self.now())
        report = apply(step, self.engine)
        self.made.append(Report(report.changed))
        patience = verdict.patience(observed, asked)
        below = [each for each in observed if each.kind == "service"]  # they may have lost tasks since
        return (
            verdict.judge(desired, observed, step, report, progress, self.now(), patience, below),
            report,
        )

    def _with_keys(self, judged: Verdict, observed: State) -> Verdict:
        """The same verdict, but for a rotation that has not gone down to the leaves: it takes no revision."""
        if self.generation == 1 or judged.outcome != "converged":
            return judged
        left = rotation.lagging(observed, self.path, self.generation)
        if not left:
            return judged
        self._lagging = self._lagging or self.now()
        overdue = self.now() - self._lagging > verdict.GRACE * len(left) + verdict.GRACE
        said = tuple(f"{each}: its controller still has the key before" for each in left)
        return replace(judged, outcome="failed" if overdue else "pending", reasons=said)

    def _in_the_end(self, judged: Verdict, observed: State, last: Revision) -> Verdict:
        """The same verdict, but for a change that is taken back: that is over when the old one is back."""
        if self.revision in (last.name, last.asks):
            if judged.outcome != "failed" or recovery.undoing(observed, last, "") is None:
                return judged
            self._failed_at = self._failed_at or self.now()
            overdue = self.now() - self._failed_at > verdict.GRACE
            return judged if overdue else replace(judged, outcome="pending")
        first = next(
            each for each in revisions.history(observed, self.path) if each.name == self.revision
        ).report
        reasons = tuple(map(str, first.get("reasons", ())))
        if judged.outcome == "converged":
            return replace(judged, outcome=verdict.ROLLED_BACK, reasons=reasons)
        return replace(judged, reasons=(*reasons, *judged.reasons))


def look(engine: Engine, path: StackPath, now: Callable[[], float], sleep: Callable[[float], None]) -> State:
    """The tree as it is. Leaders change and engines restart: an outage of a minute is borne."""
    deadline = now() + OUTAGE
    while True:
        try:
            return engine.observe(path)
        except Unreachable:
            if now() >= deadline:
                raise
            sleep(POLL)


def standing(observed: State, path: StackPath, revision: str) -> Revision:
    """The newest revision: ours, one that only adds maintenance to it, or the one that takes ours back.

    Raises Busy for anybody else's.
    """
    last = revisions.newest(observed, path)
    if last is not None and revision in (last.name, last.asks, last.undoes):
        return last
    author = last.found.labels.get(names.LABEL_AUTHOR) or "somebody" if last else ""
    raise Busy(f"{path}: {revision} was replaced by {f'{last.name} of {author}' if last else 'a shutdown'}")
