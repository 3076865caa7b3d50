"""Whole trees on the engine model: the promises, said as properties."""

from itertools import pairwise

import pytest

from ailtire_deploy import revisions, status
from ailtire_deploy.controller import Controller
from ailtire_deploy.errors import Busy, Failed, Unreachable
from ailtire_deploy.names import StackPath
from ailtire_deploy.views import plans
from tests.household import Household, entry, three_levels


@pytest.fixture
def house(tmp_path):
    return Household(tmp_path)


def test_a_three_level_tree_arrives_by_itself(house):
    recap = house.apply(entry(three_levels()))
    assert (recap.verdict, recap.reasons) == ("converged", ())
    assert set(recap.stacks) == {"shop", "shop/orders", "shop/orders/ledger"}
    assert "shop_orders_ledger_book" in house.names("service")


def test_nothing_to_do_is_nothing_done(house):
    house.apply(entry(three_levels()))
    before = list(house.engine.writes)
    recap = house.apply(entry(three_levels()))
    house.settle()
    assert house.engine.writes == before
    assert {counts["changed"] for counts in recap.stacks.values()} == {0}
    assert all(each.empty for each in house.launcher().plan(entry(three_levels())).values())


def test_the_plan_is_what_happens(house):
    house.apply(entry(three_levels()))
    wished = entry(three_levels(), replicas=3)
    planned = [op for each in house.launcher().plan(wished).values() for op in each.operations]
    done = len(house.engine.writes)
    recap = house.apply(wished)
    labels = [each for each in house.engine.writes[done:] if ".r" in each and each.startswith("update")]
    writes = [each for each in house.engine.writes[done:] if each not in labels]
    assert sorted(writes) == sorted(f"{op.verb} {op.key}" for op in planned)
    assert {path: counts["changed"] for path, counts in recap.stacks.items()} == {
        "shop": 2,
        "shop/orders": 0,
        "shop/orders/ledger": 0,
    }


def test_a_change_for_a_grandchild_is_planned_and_happens_there_only(house):
    house.apply(entry(three_levels()))
    wished = entry(three_levels(), size=2)
    planned = {op.key.name for each in house.launcher().plan(wished).values() for op in each.operations}
    assert planned == {"shop.r2", "shop_orders.r2", "shop_orders_store"}
    recap = house.apply(wished)
    assert recap.stacks["shop/orders"]["changed"] == 2
    assert all(each.empty for each in house.launcher().plan(wished).values())


def test_nothing_above_goes_while_something_below_lives_and_nothing_is_left(house):
    house.apply(entry(three_levels()))
    writes = len(house.engine.writes)
    house.shutdown("shop")
    assert house.names() == []
    removed = [
        each.removeprefix("remove service ")
        for each in house.engine.writes[writes:]
        if "remove service" in each
    ]
    order = [
        "shop_orders_ledger_book",
        "shop_orders_ledger_admin",
        "shop_orders_api",
        "shop_orders_admin",
        "shop_web",
    ]
    assert [each for each in removed if each in order] == order
    assert removed.index("shop_web") < removed.index("shop_gateway") < removed.index("shop_edge")
    assert removed[-1] == "shop_admin"


def test_a_child_that_left_the_definition_goes_with_all_it_holds(house):
    house.apply(entry(three_levels()))
    without = three_levels()
    del without["services"]["orders"]
    without["services"]["web"]["depends_on"] = {}
    assert house.apply(entry(without)).verdict == "converged"
    assert not [each for each in house.names() if each.startswith("shop_orders")]
    assert house.apply(entry(three_levels())).verdict == "converged"


def test_a_dead_controller_does_not_stop_a_shutdown(house):
    house.apply(entry(three_levels()))
    orders = next(each for each in house.controllers() if each.key == "orders")
    house.dead.add(orders)
    house.engine.stuck.add("shop_orders_admin")
    for task in house.engine.running:
        if task.service == "shop_orders_admin":
            task.state = "failed"
    watched_shutdown(house)


def test_controllers_that_are_all_dead_do_not_stop_a_shutdown(house):
    house.apply(entry(three_levels()))
    house.dead.update(house.controllers())
    for task in house.engine.running:
        if task.service.endswith("_admin"):
            house.engine.stuck.add(task.service)
            task.state = "failed"
    watched_shutdown(house)


def watched_shutdown(house: Household) -> None:
    """All goes, and no controller's service before everything below it, dead or alive."""
    wrong = []

    def watch(observed) -> None:
        there = {each.name for each in observed if each.kind == "service"}
        for above, below in pairwise(("shop", "shop_orders", "shop_orders_ledger")):
            if f"{above}_admin" not in there:
                wrong.extend(each for each in there if each.startswith(f"{below}_"))

    house.launcher().shutdown(StackPath(("shop",)), watch)
    assert (wrong, house.names()) == ([], [])


def test_a_revision_that_means_nothing_does_not_stop_a_shutdown(house):
    house.apply(entry(three_levels()))
    shop = entry(three_levels()).path
    body = {**entry(three_levels()).body, "definition": {"services": {"web": {"from": "the future"}}}}
    observed = house.engine.observe(shop)
    house.engine.create(revisions.make(observed, shop, body, cause="local", origin="", author="eve"))
    house.settle(3)
    now, refused, _ = revisions.history(house.engine.observe(shop), shop)
    assert (now.undoes, now.restores) == ("shop.r2", "shop.r1")
    assert refused.outcome == "failed"
    assert refused.report["reasons"][0].endswith("the key 'image' is missing")
    house.shutdown("shop")
    assert house.names() == []


def test_an_apply_during_a_shutdown_is_refused(house):
    house.apply(entry(three_levels()))
    house.dead.update(house.controllers())
    launcher = house.launcher()
    launcher.sweep_once(entry(three_levels()).path, house.engine.observe(entry(three_levels()).path))
    with pytest.raises(Busy, match="is shutting down"):
        house.apply(entry(three_levels()))


def test_what_somebody_else_applied_meanwhile_wins_and_is_said(house):
    house.apply(entry(three_levels()))
    first, second = entry(three_levels(), replicas=3), entry(three_levels(), replicas=4)
    launcher = house.launcher()
    interrupt = iter([None, lambda: house.apply(second)])

    def watch(observed):
        meanwhile = next(interrupt, None)
        if meanwhile:
            meanwhile()

    with pytest.raises(Busy, match=r"shop\.r2 was replaced by shop\.r3 of anna"):
        launcher.apply(first, watch)
    assert house.apply(second).verdict == "converged"


def test_a_service_that_never_starts_fails_with_a_sentence_and_then_the_better_definition_arrives(house):
    house.engine.stuck.add("shop_orders_store")
    recap = house.apply(entry(three_levels()))
    assert recap.verdict == "failed"
    assert recap.exit_code == 4
    assert any("shop/orders/store" in reason for reason in recap.reasons)
    house.engine.stuck.clear()
    assert house.apply(entry(three_levels())).verdict == "converged"


def test_a_definition_says_how_long_it_may_take(house):
    house.engine.stuck.add("shop_web")
    start = house.now()
    assert house.apply(entry(three_levels(deadline="5s"))).verdict == "failed"
    assert house.now() - start < 40


def test_an_engine_that_is_away_for_a_while_is_waited_for(house):
    outages = iter([False, False, False, True, True, True])
    observe = house.engine.observe

    def sometimes(root):
        if next(outages, False):
            raise Unreachable("the engine does not answer")
        return observe(root)

    house.engine.observe = sometimes
    assert house.apply(entry(three_levels())).verdict == "converged"


def test_an_engine_that_stays_away_is_said_to_be(house):
    def never(root):
        raise Unreachable("the engine does not answer")

    house.apply(entry(three_levels()))
    house.engine.observe = never
    with pytest.raises(Unreachable):
        house.shutdown("shop")


def test_a_local_update_of_a_child_stands_after_an_older_change_of_the_root(house):
    house.apply(entry(three_levels()))
    house.apply(entry(three_levels(), replicas=3))
    orders = Controller(house.loops[StackPath(("shop", "orders"))], None)
    assert (
        orders.update({"parameters": {"size": 2}, "replace": False}, "ben", check=False).revision
        == "shop_orders.r2"
    )
    house.settle(20)
    assert [each["cause"] for each in orders.history()] == ["local", "parent"]
    assert house.apply(entry(three_levels(), replicas=3)).verdict == "converged"
    assert orders.history()[0]["cause"] == "parent"


def test_an_apply_does_not_call_a_broken_tree_converged(house):
    house.apply(entry(three_levels()))
    house.engine.stuck.add("shop_orders_store")
    for task in house.engine.running:
        if task.service == "shop_orders_store":
            task.age = -1000
    recap = house.apply(entry(three_levels()))
    assert recap.verdict == "failed"
    assert recap.reasons[0].startswith("shop/orders/store: ")


def test_a_shutdown_that_hangs_says_which_task_does_not_end(house):
    house.apply(entry(three_levels()))
    age, deepest = house.engine._age, StackPath(("shop", "orders", "ledger"))
    house.engine._age = lambda task: None if task.service == "shop_orders_ledger_book" else age(task)
    with pytest.raises(
        Failed,
        match="180 s: shop_orders_ledger_book: task 1 on node1 is still running; its program may not end",
    ):
        house.shutdown("shop")
    house.settle(20)
    observed = house.engine.observe(deepest.root)
    newest = revisions.newest(observed, deepest)
    assert (newest.absent, newest.outcome) == (True, "failed")
    assert "is still running" in newest.report["reasons"][0]
    assert "is still running" in status.tree(observed, deepest, {}, house.time)["message"]
    house.engine._age = age
    assert house.shutdown("shop").verdict == "gone"
    assert house.names() == []


def test_a_first_plan_shows_no_hash_that_is_drawn_when_it_is_applied(house):
    def shown():
        made = house.launcher().plan(entry(three_levels(name="shop")))
        return [line for line in plans.as_text(made.values()) if " secret shop_token" in line]

    assert [line.split()[-1] for line in shown()] == ["shop_token-(new)"]
    assert shown() == shown()
    house.apply(entry(three_levels()))
    assert shown() == []
