"""The two engines, and the hand of a stranger on each."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from ailtire_deploy.engine import SwarmEngine
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Engine
from ailtire_deploy.state import Key, Resource, State
from tests.fakes import FakeEngine

ROOT = StackPath(("contract",))
PATIENCE = 60.0


@dataclass
class Bench:
    """An engine, after how long another look is worth it, and the hand of a stranger."""

    engine: Engine
    pause: float
    foreign: Callable[[Key], None]

    def observe(self) -> State:
        return self.engine.observe(ROOT)

    def until(self, question: Callable[[State], object]) -> State:
        """Look until the answer counts as true. AssertionError when it never does."""
        end = time.monotonic() + PATIENCE
        while not question(state := self.observe()):
            assert time.monotonic() < end, f"never: {list(state)}, {state.tasks}"
            time.sleep(self.pause)
        return state

    def clear(self) -> None:
        """Remove everything of ours, in the order that works."""
        state = self.observe()
        for kind in ("service", "secret", "config", "network"):
            for each in (r for r in state if r.kind == kind):
                if kind == "network":
                    state = self.until(lambda now, name=each.name: not now.tasks_on(name))
                self.engine.remove(each)
        self.until(lambda now: not list(now) and not now.tasks)


@pytest.fixture(params=["model", pytest.param("swarm", marks=pytest.mark.engine)])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The same tests on the model and on a real swarm; nothing is left on either."""
    made = model() if request.param == "model" else real(request)
    yield made
    made.clear()
    made.engine.close()


def model() -> Bench:
    engine = FakeEngine(lag=2)
    return Bench(engine, 0.0, lambda key: engine.put(Resource(key)))


def real(request: pytest.FixtureRequest) -> Bench:
    swarm = request.getfixturevalue("swarm")

    def docker(*args: str) -> None:
        subprocess.run(
            ["docker", "--host", swarm.host, *args], input=b"theirs", check=True, capture_output=True
        )

    def foreign(key: Key) -> None:
        request.addfinalizer(lambda: docker(key.kind, "rm", key.name))
        create: dict[str, list[str]] = {
            "network": ["--driver=overlay", key.name],
            "service": ["--detach", f"--name={key.name}", "--replicas=0", "ailtire-demo/echo"],
        }
        docker(key.kind, "create", *create.get(key.kind, [key.name, "-"]))

    return Bench(SwarmEngine(swarm.host), 0.2, foreign)
