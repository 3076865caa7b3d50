"""The last lines of a stack's services, beside the status that shows them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ailtire_deploy.controller import lines
from ailtire_deploy.controller.lines import LastLines
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import LogLine
from ailtire_deploy.revisions import labels_of
from ailtire_deploy.state import Key, Resource, State, Task
from tests.swarm import eventually

SHOP = StackPath(("shop",))
WEB = Resource(Key("service", "shop_web"), labels={**labels_of(SHOP, SHOP), "ailtire.service": "web"})
SEEN = State.of([WEB], tasks=(Task("t1", "shop_web", "1", "node", "running", "running"),))


class Node:
    """A node that answers for its logs once it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.asked = 0

    def logs(self, task_id: str, source: str, **options: Any) -> Iterator[LogLine]:
        self.asked += 1
        self.answers.wait(10)
        yield LogLine(source, "stdout", "2030-01-01T00:00:00.5Z", f"line {self.asked}")


def test_lines_are_kept_for_a_while_and_then_read_anew() -> None:
    node, time_ = Node(), [1000.0]
    node.answers.set()
    last = LastLines(node, lambda: time_[0])  # type: ignore[arg-type]
    assert last.of(SEEN, SHOP)["shop_web"].text == "line 1"
    time_[0] += lines.KEPT - 1
    assert last.of(SEEN, SHOP)["shop_web"].text == "line 1"
    time_[0] += 2
    assert last.of(SEEN, SHOP)["shop_web"].text == "line 2"


def test_a_node_that_is_away_holds_nobody_up_and_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "PATIENCE", 0.05)
    node = Node()
    last = LastLines(node, lambda: 1000.0)  # type: ignore[arg-type]
    begun = time.monotonic()
    assert [last.of(SEEN, SHOP) for _ in range(5)] == [{}] * 5
    assert time.monotonic() - begun < 10
    assert node.asked == 1
    node.answers.set()
    assert eventually(lambda: last.of(SEEN, SHOP), 5)["shop_web"].text == "line 1"
