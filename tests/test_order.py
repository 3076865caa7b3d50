"""``depends_on`` in whole trees: on the way up, at each change, on the way back and on the way down."""

from __future__ import annotations

import random

import pytest

from tests.household import Household, entry, plain

ONCE = {"restart_policy": {"condition": "none", "max_attempts": 1}}


@pytest.fixture
def house(tmp_path):
    return Household(tmp_path)


def chain(of: str, *, note: str = "1", condition: str = "healthy"):
    """``web`` waits for ``db``; either may be a child, whose one service is ``it``. Both know the note."""
    kind = dict(zip(("web", "db"), of.split(" after "), strict=True))
    services = {name: (child if kind[name] == "child" else noted)(note) for name in kind}
    services["web"]["depends_on"] = {"db": {"condition": condition}}
    return {"name": "shop", "services": services, "strategy": {"on_failure": "pause"}}


def child(note: str):
    return {"type": "stack", "definition": {"name": "kid", "services": {"it": noted(note)}}}


def noted(note: str):
    return plain(environment={"NOTE": note})


def key(of: str, name: str) -> str:
    """The engine name of the service that carries the note."""
    kind = dict(zip(("web", "db"), of.split(" after "), strict=True))
    return f"shop_{name}_it" if kind[name] == "child" else f"shop_{name}"


def note_of(house, name: str) -> str:
    found = [each for each in house.engine.objects.values() if each.kind == "service" and each.name == name]
    return found[0].spec["TaskTemplate"]["ContainerSpec"]["Env"][0] if found else ""


PAIRS = ["plain after plain", "plain after child", "child after plain", "child after child"]


@pytest.mark.parametrize("of", PAIRS)
def test_what_depends_is_made_after(house, of):
    house.engine.stuck.add(key(of, "db"))
    assert house.apply(entry(chain(of))).verdict == "failed"
    assert note_of(house, key(of, "web")) == ""
    house.engine.stuck.clear()
    assert house.apply(entry(chain(of))).verdict == "converged"
    assert note_of(house, key(of, "web")) == "NOTE=1"


@pytest.mark.parametrize("of", PAIRS)
def test_what_depends_is_changed_after_and_changed_back_after(house, of):
    house.apply(entry(chain(of)))
    for note in ("2", "1"):  # forth, and back as a rollback does
        before = note_of(house, key(of, "web"))
        house.engine.stuck.add(key(of, "db"))
        assert house.apply(entry(chain(of, note=note))).verdict == "failed"
        assert note_of(house, key(of, "db")) == f"NOTE={note}"
        assert note_of(house, key(of, "web")) == before
        house.engine.stuck.clear()
        assert house.apply(entry(chain(of, note=note))).verdict == "converged"
        assert note_of(house, key(of, "web")) == f"NOTE={note}"


@pytest.mark.parametrize("of", ["plain after plain", "child after plain", "child after child"])
def test_what_depends_goes_first(tmp_path, of):
    for seed in range(5):  # controllers make their rounds in an order drawn by chance
        house = Household(tmp_path / str(seed), random.Random(seed))
        house.apply(entry(chain(of)))
        gone = taken_down(house)
        assert gone.index(key(of, "web")) < gone.index(key(of, "db")), seed


def taken_down(house):
    """The services in the order in which they were removed."""
    start = len(house.engine.writes)
    house.shutdown("shop")
    assert house.names() == []
    return [each.removeprefix("remove service ") for each in house.engine.writes[start:]]


def test_children_that_depend_on_each_other_by_way_of_a_service_go_in_that_order(tmp_path):
    tree = chain("child after child")
    tree["services"]["between"] = plain(depends_on=["db"])
    tree["services"]["web"]["depends_on"] = ["between"]
    for seed in range(5):
        house = Household(tmp_path / str(seed), random.Random(seed))
        house.apply(entry(tree))
        gone = taken_down(house)
        assert gone.index("shop_web_it") < gone.index("shop_db_it"), seed


def test_what_a_stack_holds_goes_after_the_children_it_depends_on(house):
    house.apply(entry(chain("plain after child")))
    gone = taken_down(house)
    assert gone.index("shop_db_it") < gone.index("shop_web")


def test_started_waits_for_a_task_of_the_new_form_only(house):
    house.engine.stuck.add("shop_db")
    assert house.apply(entry(chain("plain after plain", condition="started"))).verdict == "failed"
    assert note_of(house, "shop_web") == ""
    house.engine.stuck.clear()
    assert house.apply(entry(chain("plain after plain", condition="started"))).verdict == "converged"


def test_a_service_that_need_not_run_on_may_be_waited_for_like_a_job(house):
    tree = chain("plain after plain", condition="completed")
    tree["services"]["db"]["deploy"] = ONCE
    assert house.apply(entry(tree)).verdict == "converged"
    assert house.engine.started["shop_db"] == 1
    before = list(house.engine.writes)
    assert house.apply(entry(tree)).verdict == "converged"
    assert house.engine.writes == before


def test_what_depends_on_a_service_that_did_not_end_well_is_not_made(house):
    house.engine.exits["shop_db"] = 1
    tree = chain("plain after plain", condition="completed")
    tree["services"]["db"]["deploy"] = ONCE
    assert house.apply(entry(tree)).verdict == "failed"
    assert note_of(house, "shop_web") == ""


def test_what_is_not_required_holds_nothing_up_once_it_has_failed(house):
    house.engine.exits["shop_db"] = 1
    tree = chain("plain after plain", condition="completed")
    tree["services"]["db"]["deploy"] = ONCE
    tree["services"]["web"]["depends_on"]["db"]["required"] = False
    house.apply(entry(tree))
    assert note_of(house, "shop_web") == "NOTE=1"


def test_what_is_not_required_is_waited_for_while_it_may_still_come(house):
    house.engine.stuck.add("shop_db")
    tree = chain("plain after plain")
    tree["services"]["web"]["depends_on"]["db"]["required"] = False
    house.apply(entry(tree))
    assert note_of(house, "shop_web") == ""


def test_what_is_not_required_may_be_missing(house):
    tree = chain("plain after plain")
    tree["services"]["web"]["depends_on"] = {"nobody": {"required": False}}
    assert house.apply(entry(tree)).verdict == "converged"


def test_a_service_that_need_not_run_on_may_change(house):
    def made(note):
        tree = chain("plain after plain", note=note, condition="completed")
        tree["services"]["db"]["deploy"] = ONCE
        return entry(tree)

    house.apply(made("1"))
    assert house.apply(made("2")).verdict == "converged"
    assert house.engine.started["shop_db"] == 2
