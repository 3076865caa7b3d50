"""What a controller tells of its children: their own words, or what the swarm shows when they are silent."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from ailtire_deploy import proxies
from ailtire_deploy.controller import kin
from ailtire_deploy.controller.kin import Kin
from ailtire_deploy.errors import Refused, Unreachable
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Reply
from ailtire_deploy.revisions import PARENT, labels_of, make
from ailtire_deploy.state import Key, Resource, State, Task
from ailtire_deploy.status import Status, tree
from ailtire_deploy.traffic import Pace

SHOP = StackPath(("shop",))
NOW = 1000.0


def swarm(*children: str) -> State:
    """A root and its children; each has a controller that runs and a revision that has converged."""
    found: list[Resource] = []
    for path in (SHOP, *(SHOP / key for key in children)):
        labels = {**labels_of(path.parent, path), "ailtire.service": "admin"}
        found.append(Resource(Key("service", f"{path.engine}_admin"), labels=labels, facts={"wanted": 1}))
        written = make(State(), path, {"format": 1}, cause=PARENT, origin="", author="")
        found.append(written.with_labels(**{"ailtire.outcome": "converged"}))
    services = [each.name for each in found if each.kind == "service"]
    tasks = tuple(Task(f"t-{name}", name, "1", "node", "running", "running") for name in services)
    return State.of(found, tasks=tasks)


class Answering:
    """Children that answer with a function of their path."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def call(self, child: StackPath, *call: Any) -> Reply:
        found = self.answer(child, call[-1])
        assert isinstance(found, Reply)
        return found


def silent(child: StackPath, budget: float) -> Reply:
    raise Unreachable("no answer")


def below(family: Kin, observed: State, budget: float = 2.0) -> dict[str, Status]:
    told = family.status(observed, {}, NOW, budget)
    return {each["shortName"]: each for each in told["services"] if each["type"] == "Stack"}


def test_what_is_led_to_a_child_is_added_to_its_own_word() -> None:
    own = dict(tree(swarm("orders"), SHOP / "orders", {}, NOW))
    family = Kin(SHOP, Answering(lambda child, budget: Reply(200, own)))  # type: ignore[arg-type]
    observed = swarm("orders")
    paces = {proxies.PACES: {"orders": Pace(2.0, 1.0, 5.0)}}
    labels = {**labels_of(SHOP, SHOP), "ailtire.service": "gateway"}
    gateway = Resource(Key("service", "shop_gateway"), labels=labels, facts={"wanted": 1, **paces})
    told = below(family, State.of([*observed, gateway], tasks=observed.tasks))["orders"]
    assert told["traffic"] == {"requests": 2.0, "errors": 0.5, "milliseconds": 5.0, "age": 0}


def test_a_childs_own_word_takes_the_place_of_what_the_swarm_shows() -> None:
    own = {**tree(swarm("orders"), SHOP / "orders", {}, NOW), "message": "my own word"}
    family = Kin(SHOP, Answering(lambda child, budget: Reply(200, own)))  # type: ignore[arg-type]
    assert below(family, swarm("orders"))["orders"]["message"] == "my own word"


def test_a_child_that_is_silent_is_marked_with_when_it_was_last_heard_of() -> None:
    family = Kin(SHOP, Answering(silent))  # type: ignore[arg-type]
    family.heard_of("orders", "http://shop_orders_admin:3000", NOW - 90)
    told = below(family, swarm("orders", "wiki"))
    assert {key: (each["status"], each["message"]) for key, each in told.items()} == {
        "orders": ("unreachable", "no answer; it registered 1m30s ago"),
        "wiki": ("unreachable", "no answer; it has not registered yet"),
    }


def test_a_registration_with_another_address_is_refused_and_forgotten() -> None:
    family = Kin(SHOP, Answering(silent))  # type: ignore[arg-type]
    with pytest.raises(Refused, match="is at http://shop_orders_admin:3000"):
        family.heard_of("orders", "http://elsewhere:3000", NOW)
    assert not family.heard


def test_children_that_hang_take_no_more_than_the_budget_together(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(child: StackPath, budget: float) -> Reply:
        threading.Event().wait(budget)
        raise Unreachable("no answer")

    monkeypatch.setattr(kin, "AT_ONCE", 2)
    begun = time.monotonic()
    told = below(Kin(SHOP, Answering(hang)), swarm(*"abcdefgh"), budget=0.5)  # type: ignore[arg-type]
    assert time.monotonic() - begun < 1.9  # four batches, one after the other, would take 2
    assert sorted(each["status"] for each in told.values()) == ["running"] * 6 + ["unreachable"] * 2


@pytest.mark.parametrize("odd", [Reply(500, {}), Reply(200, []), Reply(200, {"type": "Service"})])
def test_an_answer_that_is_no_status_of_a_stack_is_passed_over(odd: Reply) -> None:
    family = Kin(SHOP, Answering(lambda child, budget: odd))  # type: ignore[arg-type]
    assert below(family, swarm("orders"))["orders"]["status"] == "running"
