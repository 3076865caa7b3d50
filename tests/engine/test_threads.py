"""One engine used by many threads, and writes that come too late."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import engine
from ailtire_deploy.engine import SwarmEngine
from ailtire_deploy.engine.observe import Sight
from ailtire_deploy.errors import OutOfSequence, Unreachable
from ailtire_deploy.names import StackPath
from tests.contract import wishes
from tests.engine.test_wire import answer, at_a_socket
from tests.engine.test_wire import engine as answering

SHOP = StackPath(("shop",))


def test_looks_come_one_after_the_other_and_the_last_one_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[Sight] = []
    inside = threading.Semaphore(1)

    def look(wire: Any, root: StackPath, before: Sight) -> Sight:
        assert inside.acquire(blocking=False)
        assert not order or before is order[-1]
        threading.Event().wait(0.005)
        order.append(Sight())
        inside.release()
        return order[-1]

    monkeypatch.setattr(engine, "look", look)
    swarm = SwarmEngine("unix:///nowhere")
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(swarm.observe, [SHOP] * 24))) == 24


def test_an_engine_that_keeps_one_waiting_does_not_collect_all(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    monkeypatch.setattr(engine, "TIMEOUT", 0.05)
    monkeypatch.setattr(engine, "look", lambda *_: answers.wait(10) and Sight())
    swarm = SwarmEngine("unix:///nowhere")
    first = threading.Thread(target=swarm.observe, args=(SHOP,))
    first.start()
    with pytest.raises(Unreachable, match="keeps others waiting"):
        swarm.observe(SHOP)
    answers.set()
    first.join()


def test_a_service_whose_network_went_meanwhile_is_tried_again(tmp_path: Path) -> None:
    gone = answer(404, '{"message": "network contract_sibling not found"}')
    with answering(at_a_socket(tmp_path), gone) as wire:
        swarm = SwarmEngine(wire.address.url)
        swarm._sight.ids[wishes.network().key] = "an id of before"
        with pytest.raises(OutOfSequence, match="names something that is gone"):
            swarm.create(wishes.service("web"))
        swarm.close()
