"""What only a real engine shows: logs, events, and networks that linger."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from ailtire_deploy.apply import apply
from ailtire_deploy.engine import SwarmEngine
from ailtire_deploy.plan import plan
from ailtire_deploy.state import State, Task
from tests.contract import wishes
from tests.contract.conftest import Bench, real
from tests.swarm import Swarm

TALK = "echo out; echo err >&2; sleep 1; echo later; sleep 1000"


@pytest.fixture
def bench(request: pytest.FixtureRequest, swarm: Swarm) -> Iterator[Bench]:
    made = real(request)
    yield made
    made.clear()
    made.engine.close()


@pytest.fixture
def talker(bench: Bench) -> Task:
    """A task that writes three lines."""
    bench.engine.create(wishes.network())
    bench.engine.create(wishes.service(Command=["sh", "-c", TALK]))
    state = bench.until(lambda now: now.settled("contract_web"))
    return state.tasks_of("contract_web")[0]


def test_logs_are_told_by_stream_and_in_order(bench: Bench, talker: Task) -> None:
    def said() -> list[tuple[str, str]]:
        found = bench.engine.logs(talker.id, "contract/web.1", tail=10)
        return sorted((each.stream, each.text) for each in found)

    end = time.monotonic() + 20
    while len(said()) < 3 and time.monotonic() < end:
        time.sleep(0.2)
    assert said() == [("stderr", "err"), ("stdout", "later"), ("stdout", "out")]
    (last,) = bench.engine.logs(talker.id, "contract/web.1", tail=1)
    assert (last.source, last.text) == ("contract/web.1", "later")
    assert last.time.endswith("Z")


def test_a_wait_ends_when_something_is_written_and_otherwise_in_time(bench: Bench) -> None:
    bench.engine.wait(0.2)
    time.sleep(1)
    bench.engine.wait(0.2)  # what happened while the listener connected
    threading.Timer(0.3, lambda: bench.engine.create(wishes.config())).start()
    started = time.monotonic()
    bench.engine.wait(20)
    assert 0.2 < time.monotonic() - started < 20
    started = time.monotonic()
    bench.engine.wait(0.5)
    assert time.monotonic() - started < 20


def test_closing_ends_a_wait(swarm: Swarm) -> None:
    engine = SwarmEngine(swarm.host)
    started = time.monotonic()
    threading.Timer(0.5, engine.close).start()
    engine.wait(20)
    assert time.monotonic() - started < 30


def test_a_network_that_left_the_swarm_is_not_there_though_the_engine_lists_it(bench: Bench) -> None:
    bench.engine.create(wishes.network())
    bench.engine.create(wishes.service())
    state = bench.until(lambda now: now.settled("contract_web"))
    bench.engine.remove(state.resources[wishes.service().key])
    bench.engine.remove(state.resources[wishes.network().key])
    now = bench.observe()
    assert wishes.network().key not in now.resources
    assert wishes.network().key not in now.foreign
    assert now.tasks_on("contract_sibling")


def test_a_name_that_lingers_is_made_anew_as_soon_as_it_is_free(bench: Bench) -> None:
    for _ in range(3):
        desired = State.of([wishes.network(), wishes.service()])
        bench.until(
            lambda now, wanted=desired: not apply_all(bench, wanted, now) and now.settled("contract_web")
        )
        for each in ("service", "network"):
            bench.engine.remove(next(r for r in bench.observe() if r.kind == each))


def apply_all(bench: Bench, desired: State, observed: State) -> list[str]:
    """What was done in this round; nothing may fail."""
    report = apply(plan(desired, observed, wishes.ROOT, 0.0), bench.engine)
    assert not report.failed, report.reasons
    return [str(each) for each in report if each.outcome != "ok"]
