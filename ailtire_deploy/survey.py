"""A look at the living networks of a tree: on each a short-lived service of our image asks who answers.

Controllers leave these services alone, nothing shows them, and they are removed at the end whatever happens.
What a killed command left behind goes at the next look, at the latest when its time is over and whoever owns
the network looks at it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from secrets import token_hex

from ailtire_deploy import names, pipeline, recovery, revisions
from ailtire_deploy.errors import (
    AiltireError,
    Busy,
    InvalidInput,
    NotFound,
    OutOfSequence,
    Overtaken,
    Unreachable,
)
from ailtire_deploy.model import Stack
from ailtire_deploy.names import LABEL_CANDIDATE, StackPath
from ailtire_deploy.ports import Attachment, Engine
from ailtire_deploy.segments import asking, comparing, dialogue, keeping, matrix
from ailtire_deploy.segments.comparing import Findings, Scene
from ailtire_deploy.segments.dialogue import Answer
from ailtire_deploy.segments.matrix import Matrix
from ailtire_deploy.state import Resource, State, Task

PATIENCE = 120  # seconds for all answers
LONGEST = 3600  # the same at most: what a killed look leaves behind has to go some time
SPARE = 60  # seconds that a probe may be there beyond that
POLL = 0.5
LINES = 100_000  # of one answer
CLEANING = 15.0  # seconds in which an engine that is away may come back before probes are left behind
IN_VAIN = 4  # looks at the log of a probe that has ended
ATTEMPTS = 5  # races for the label of a revision that may be lost
OVER = ("complete", "failed", "rejected", "orphaned", "shutdown", "remove")


def quiet(line: str) -> None:
    """Nothing is told."""


@dataclass(slots=True)
class Survey:
    """One look at the networks of a tree. ``image`` is ours; ``tell`` hears how far it is."""

    engine: Engine
    image: str
    tell: Callable[[str], None] = quiet
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    id: str = field(default_factory=lambda: token_hex(8))

    def look(self, path: StackPath, patience: float = PATIENCE) -> Findings:
        """What is not as the definitions say on the networks of the stack at ``path`` and all below it.

        Raises NotFound without such a stack, Busy while it is shutting down or when somebody else looks too.
        """
        observed = self.engine.observe(path.root)
        insist(observed, path)
        if left := [each for each in observed.probes if path.covers(each.path)]:
            self.tell(f"removing {len(left)} probes of an earlier look")
            self._clear(path.root, lambda probe: path.covers(probe.path))
        drawn = with_candidates(matrix.of_tree(stacks(observed, path.root)), observed)
        networks = {e.name: e for e in observed if e.kind == "network" and path.covers(e.path)}
        before = self._standing(networks)
        self.tell(f"asking on {len(networks)} networks")
        try:
            for each in networks.values():
                question = asking.question(drawn, before, each.name)
                lasts = int(patience) + SPARE
                self._ask(asking.probe(each, question, self.image, lasts, self.id))
            heard = self._hear(path.root, networks, patience)
            after = self._standing(networks)
        finally:
            self._clear(path.root, self._is_ours)
        stable = sorted({*before} & {*after})
        closed = {name: bool(each.spec.get("Internal", False)) for name, each in networks.items()}
        scene = Scene(drawn, path, stable, sorted({*before, *after}), heard.answers, closed)
        return comparing.compare(scene, heard.why)

    def keep(self, path: StackPath, found: Findings) -> str:
        """Write the result down at the newest revision, whose name is returned. Raises Busy."""
        kept = keeping.of(found, self.now())
        for _ in range(ATTEMPTS):
            newest = revisions.newest(self.engine.observe(path.root), path)
            if newest is None:
                raise NotFound(f"there is no stack {path} on this swarm any more")
            with suppress(OutOfSequence):
                self.engine.update(keeping.with_label(newest.found, kept), newest.found)
                return newest.name
        raise Busy(f"{path}: its newest revision changes all the time; the result is not written down")

    def _ask(self, probe: Resource) -> None:
        try:
            self.engine.create(probe)
        except Overtaken:
            raise Busy(f"there is {probe.key} already: somebody else looks at this tree") from None

    def _is_ours(self, probe: Resource) -> bool:
        return probe.labels.get(names.LABEL_LOOK) == self.id

    def _clear(self, root: StackPath, meant: Callable[[Resource], bool]) -> None:
        """Remove some probes of a tree. An engine that is away gets some seconds, then they are left."""
        deadline = self.now() + CLEANING
        while True:
            try:
                for each in filter(meant, self.engine.observe(root).probes):
                    self.engine.remove(each)
                return
            except (Unreachable, OutOfSequence) as error:
                if self.now() >= deadline:
                    self.tell(f"probes are left behind: {error}; the next look removes them")
                    return
                self.sleep(POLL)

    def _standing(self, networks: Iterable[str]) -> set[Attachment]:
        """Who stands where, but for our probes."""
        ours = {names.probe_service(each) for each in networks}
        return {each for each in self.engine.attachments() if each.service not in ours}

    def _hear(self, root: StackPath, networks: Iterable[str], patience: float) -> Hearing:
        """What the probes on some networks say. Raises Busy when one was taken away."""
        found = Hearing(self.engine, self.tell, self._is_ours, dict.fromkeys(networks, 0))
        deadline = self.now() + patience
        while found.open and self.now() < deadline:
            self.sleep(POLL)
            with suppress(Unreachable):
                found.listen(self.engine.observe(root))
        return found


@dataclass(slots=True)
class Hearing:
    """The answers so far.

    ``open`` are networks that have not answered, and how often an ended probe was asked in vain; ``why`` says
    what is known of them.
    """

    engine: Engine
    tell: Callable[[str], None]
    is_ours: Callable[[Resource], bool]
    open: dict[str, int]
    answers: dict[str, Answer] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)

    def listen(self, observed: State) -> None:
        """Look at every probe that has not answered yet."""
        there = {each.name for each in observed.probes if self.is_ours(each)}
        for network in list(self.open):
            probe = names.probe_service(network)
            if probe not in there:
                said = f"the probe on {network} was taken away"
                raise Busy(f"{said}: somebody else looks at this tree, or the network goes")
            task = next(iter(observed.tasks_of(probe)), None)
            self.why[network] = told(task) if task else "its probe has no task yet"
            if task and task.state in OVER:
                self._ask(network, task)

    def _ask(self, network: str, task: Task) -> None:
        answer = None
        with suppress(AiltireError):  # a node that is away keeps its logs to itself
            answer = dialogue.heard(line.text for line in self.engine.logs(task.id, "", tail=LINES))
        if answer is not None:
            self.answers[network] = answer
            del self.why[network], self.open[network]
            self.tell(f"{network} has answered, {len(self.open)} to go")
        elif self.open[network] >= IN_VAIN:
            del self.open[network]
            self.tell(f"{network} gives no answer: {self.why[network]}")
        else:
            self.open[network] += 1


def insist(observed: State, path: StackPath) -> None:
    """Raises NotFound without the stack, Busy while it goes."""
    recovery.insist(observed, path)
    last = revisions.newest(observed, path)
    with suppress(InvalidInput):
        if last is not None and last.absent:
            raise Busy(f"{path} is shutting down")


def stacks(observed: State, root: StackPath) -> Iterator[Stack]:
    """Every stack of a tree, each by the newest of its revisions that can be read."""
    for path in revisions.stacks(observed, root):
        stack = pipeline.before(observed, path)
        if stack is not None:
            yield stack


def with_candidates(drawn: Matrix, observed: State) -> Matrix:
    """Beside a service stands its next version, while both are there, without its short name."""
    known = drawn.by_service()
    found = []
    for each in observed:
        of = known.get(names.in_stack(each.path, each.labels.get(LABEL_CANDIDATE, "")))
        if LABEL_CANDIDATE in each.labels and of:
            seats: Mapping[str, tuple[str, ...]] = dict.fromkeys(of.seats, ())
            found.append(replace(of, key=each.service, service=each.name, seats=seats))
    return replace(drawn, members=(*drawn.members, *found))


def told(task: Task) -> str:
    """How far a probe is, or why it ended."""
    said = task.error or task.message
    return f"its task on {task.node or 'no node yet'} is {task.state}{f': {said}' if said else ''}"
