"""Many who read the logs at once: they share looks and turns, and leave room for everything else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from ailtire_deploy import log_streams
from ailtire_deploy.controller import Controller
from ailtire_deploy.log_lines import Asked, Source
from ailtire_deploy.log_streams import Reading
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import LogLine
from ailtire_deploy.state import State
from tests.fakes import FakeEngine

SOURCES = tuple(Source(f"task{number}", f"shop/web.{number}", "shop_web", True) for number in range(5))


class Logs(FakeEngine):
    """Counts how many logs are read, and how many at once."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.read = self.now_reading = self.most = 0

    def logs(self, task_id: str, source: str, *, tail: int, since: float = 0.0) -> Iterator[LogLine]:
        with self.lock:
            self.read += 1
            self.now_reading += 1
            self.most = max(self.most, self.now_reading)
        time.sleep(0.005)
        with self.lock:
            self.now_reading -= 1
        return iter([LogLine(source, "stdout", "2030-01-01T00:00:00Z", "said")])


def newest(engine: Logs, stop: Callable[[], bool] = log_streams.never) -> list[LogLine]:
    return list(Reading(engine, lambda: SOURCES, Asked(tail=10), stop=stop).newest())


def test_many_readers_take_turns() -> None:
    engine = Logs()
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: newest(engine), range(20)))
    assert [len(lines) for lines in found] == [5] * 20
    assert engine.most == log_streams.READERS


def test_nothing_more_is_read_for_a_reader_who_has_gone() -> None:
    engine = Logs()
    assert len(newest(engine, stop=lambda: engine.read == 2)) == 2
    assert engine.read == 2


def controller(look: Any) -> Controller:
    loop: Any = SimpleNamespace(
        path=StackPath(("shop",)),
        engine=FakeEngine(),
        now=time.monotonic,
        snapshot=SimpleNamespace(observed=State({}), taken=float("-inf")),
    )

    def looking() -> State:
        found: State = look()
        loop.snapshot = SimpleNamespace(observed=found, taken=loop.now())
        return found

    loop.look = looking
    return Controller(loop, SimpleNamespace())  # type: ignore[arg-type]


def test_one_look_at_the_swarm_serves_all_who_ask_meanwhile() -> None:
    looks: list[float] = []

    def look() -> State:
        looks.append(time.monotonic())
        time.sleep(0.05)
        return State({})

    asked = controller(look)
    with ThreadPoolExecutor(20) as pool:
        assert len(list(pool.map(lambda _: asked.observed(), range(20)))) == 20
    assert len(looks) == 1


def test_a_look_that_hangs_holds_up_nobody_else_for_long() -> None:
    hang = threading.Event()
    first = threading.Event()

    def look() -> State:
        if not first.is_set():
            first.set()
            hang.wait(10)
        return State({})

    asked = controller(look)
    with ThreadPoolExecutor(2) as pool:
        hanging = pool.submit(asked.observed)
        first.wait(5)
        begun = time.monotonic()
        asked.observed()
        assert time.monotonic() - begun < 3
        hang.set()
        hanging.result()
