"""What is seen while a tree is on its way: a live tree on a terminal, a line a change elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from ailtire_deploy import deadlines, revisions, status
from ailtire_deploy.cli.console import Console
from ailtire_deploy.errors import NotFound
from ailtire_deploy.names import StackPath
from ailtire_deploy.releases import asking
from ailtire_deploy.state import State
from ailtire_deploy.status import Status
from ailtire_deploy.views import plain, trees

Watch = Callable[[State], None]
SILENCE = 25.0  # seconds after which something is said even when nothing changed
NOTHING: Mapping[str, str] = MappingProxyType({})
SETTLED = ("running", "completed", "shutdown")


@contextmanager
def watching(console: Console, path: StackPath) -> Iterator[Watch]:
    """A watcher for one root stack, to be called with each new look at the swarm."""
    if console.quiet:
        yield ignore
    elif console.draws:
        from ailtire_deploy.cli.live import live

        with live(console, path) as watch:
            yield watch
    else:
        yield Journal(console.tell, path)


def ignore(observed: State) -> None:
    """Nothing is shown."""


def seen(observed: State, path: StackPath, now: float) -> dict[str, Status]:
    """Every stack and service of a tree by its name; none when the tree is not there."""
    try:
        tree = status.tree(observed, path, {}, now)
    except NotFound:
        return {}
    return {each["name"]: each for _, each in trees.walk(tree)}


def releases(observed: State, path: StackPath) -> dict[str, str]:
    """How far each service has come that is being released, by its name."""
    stacks = {each: asking.on(revisions.newest(observed, each)) for each in revisions.stacks(observed, path)}
    return {f"{each}/{key}": stage.shown() for each, going in stacks.items() for key, stage in going.items()}


@dataclass(slots=True)
class Journal:
    """A line whenever the status of something changes: ``12s shop/orders/db starting: …``."""

    tell: Callable[[str], None]
    path: StackPath
    now: Callable[[], float] = time.time
    began: float = 0.0
    spoke: float = 0.0
    words: dict[str, str] = field(default_factory=dict)

    def __call__(self, observed: State) -> None:
        now = self.now()
        nodes, times = seen(observed, self.path, now), deadlines.sentences(observed, self.path, now)
        self.note(nodes, times, releases(observed, self.path))

    def note(
        self,
        nodes: dict[str, Status],
        times: Mapping[str, str] = NOTHING,
        steps: Mapping[str, str] = NOTHING,
    ) -> None:
        """The same with stacks and services by name, by when they have to have come further, and releases."""
        now = self.now()
        first = not self.began
        self.began = self.began or now
        self.spoke = self.spoke or now
        if first and str(self.path) in times:
            self._say(now, f"{self.path} {times[str(self.path)]}")
        words = {name: f"{each['status']} {steps.get(name, '')}" for name, each in nodes.items()}
        for name, each in nodes.items():
            quiet_start = first and each["status"] in SETTLED
            if self.words.get(name) != words[name] and not quiet_start:
                self._say(now, entry(name, each, nodes))
        for name in sorted(self.words.keys() - words.keys()):
            self._say(now, f"{name} gone")
        self.words = words
        if now - self.spoke >= SILENCE:
            self._say(now, still(nodes, times))

    def _say(self, now: float, text: str) -> None:
        self.spoke = now
        self.tell(f"{now - self.began:4.0f}s {plain.line(text)}")


def entry(name: str, node: Status, others: Iterable[str] = ()) -> str:
    """One status with its reason; of a stack with that of others only its name."""
    told = node["message"].partition(": ")[0]
    if node["type"] == "Stack" and told in others:
        return f"{name} {node['status']}: see {told}"
    return f"{name} {node['status']}: {node['message']}" if node["message"] else f"{name} {node['status']}"


def still(nodes: dict[str, Status], times: Mapping[str, str]) -> str:
    """What everybody is waiting for, each reason once, and for how long."""
    open_ends = {name: each for name, each in nodes.items() if each["status"] not in SETTLED}
    told = [entry(name, each) for name, each in open_ends.items() if not repeats(each, open_ends)]
    limits = [f"{name} {text}" for name, text in times.items()][-1:]
    return f"still at work: {'; '.join([*told[-3:], *limits]) or 'waiting for the controllers'}"


def repeats(node: Status, others: Iterable[str]) -> bool:
    """Whether a stack says no more than something in it."""
    return node["type"] == "Stack" and node["message"].partition(": ")[0] in others
