"""What is seen while a tree is on its way: a live tree on a terminal, a line a change elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ailtire_deploy import status
from ailtire_deploy.cli.console import Console
from ailtire_deploy.errors import NotFound
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import State
from ailtire_deploy.status import Status
from ailtire_deploy.views import plain, trees

Watch = Callable[[State], None]
SILENCE = 25.0  # seconds after which something is said even when nothing changed
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
        first = not self.began
        self.began = self.began or now
        self.spoke = self.spoke or now
        nodes = seen(observed, self.path, now)
        words: dict[str, str] = {name: each["status"] for name, each in nodes.items()}
        for name, each in nodes.items():
            quiet_start = first and each["status"] in SETTLED
            if self.words.get(name) != each["status"] and not quiet_start:
                self._say(now, entry(name, each))
        for name in sorted(self.words.keys() - words.keys()):
            self._say(now, f"{name} gone")
        self.words = words
        if now - self.spoke >= SILENCE:
            self._say(now, still(nodes))

    def _say(self, now: float, text: str) -> None:
        self.spoke = now
        self.tell(f"{now - self.began:4.0f}s {plain.line(text)}")


def entry(name: str, node: Status) -> str:
    """One status with its reason."""
    return f"{name} {node['status']}: {node['message']}" if node["message"] else f"{name} {node['status']}"


def still(nodes: dict[str, Status]) -> str:
    """What everybody is waiting for."""
    open_ends = [entry(name, each) for name, each in nodes.items() if each["status"] not in SETTLED]
    return f"still at work: {'; '.join(open_ends[-3:]) or 'waiting for the controllers'}"
