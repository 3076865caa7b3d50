"""The way back, on whole trees: by itself after a failure, and by hand."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from ailtire_deploy import recovery, revisions
from ailtire_deploy.controller import Controller
from ailtire_deploy.errors import Busy, NotFound
from ailtire_deploy.names import StackPath
from tests.fakes import Crash
from tests.household import Household, entry, plain

BAD = "ailtire-demo/bad:latest"
SHOP, ORDERS = StackPath(("shop",)), StackPath(("shop", "orders"))


def tree(image="ailtire-demo/echo", word="one", orders=None, **more):
    """A root with two services and a child with two; ``image`` is that of one in the child."""
    child = {
        "name": "orders",
        "parameters": {"image": {"type": "string", "default": "ailtire-demo/echo"}},
        "services": {"api": plain(image="{{ image }}"), "store": plain()},
        **(orders or {}),
    }
    services = {
        "web": plain(environment={"WORD": word}),
        "desk": plain(),
        "orders": {"type": "stack", "definition": child, "parameters": {"image": image}},
    }
    return entry({"name": "shop", "services": services, **more})


@pytest.fixture
def house(tmp_path):
    made = Household(tmp_path)
    made.engine.stuck.add(BAD)
    return made


def specs(house):
    """What services are made of."""
    return {key.name: each.spec for key, each in house.engine.objects.items() if key.kind == "service"}


def history(house, path=SHOP):
    found = revisions.history(house.engine.observe(path.root), path)
    return [(each.number, each.outcome, each.cause) for each in found]


def test_what_a_failed_change_touched_is_taken_back_on_every_level(house):
    house.apply(tree())
    before = specs(house)
    recap = house.apply(tree(BAD, "two"))
    assert (recap.verdict, recap.exit_code) == ("rolled back", 5)
    assert any(reason.startswith("shop/orders/api: ") for reason in recap.reasons)
    assert specs(house) == before
    assert history(house) == [
        (3, "converged", "rollback"),
        (2, "failed", "command line"),
        (1, "converged", "command line"),
    ]
    assert [each[1] for each in history(house, ORDERS)] == ["converged", "failed", "converged"]


def test_a_failed_revision_is_not_brought_back_by_healing_or_new_controllers(house):
    house.apply(tree())
    before = specs(house)
    house.apply(tree(BAD))
    house.loops.clear()
    writes = list(house.engine.writes)
    house.settle(100)
    assert specs(house) == before
    assert house.engine.writes == writes


def test_a_crash_at_any_write_of_a_way_back_is_mended(tmp_path):
    def made(number):
        house = Household(tmp_path / str(number), random.Random(number))
        house.engine.stuck.add(BAD)
        house.apply(tree())
        return house

    whole = made(0)
    start = whole.engine.attempts
    whole.apply(tree(BAD, "two"))
    count = whole.engine.attempts - start
    assert count > 8
    for number in range(1, count + 1):
        for moment in ("before", "after"):
            house = made(f"{number}{moment}")
            before = specs(house)

            def crash(k, last=house.engine.attempts + number):
                if k == last:
                    raise Crash

            setattr(house.engine, moment, crash)
            try:
                house.apply(tree(BAD, "two"))
            except Crash:
                house.settle(300)
            assert specs(house) == before, (number, moment)
            assert house.apply(tree()).verdict == "converged"


def test_the_same_files_again_are_tried_again(house):
    house.apply(tree())
    house.apply(tree(BAD))
    house.engine.stuck.clear()
    assert house.apply(tree(BAD)).verdict == "converged"
    assert history(house)[0][0] == 4


@pytest.mark.parametrize("wish", ["pause", "continue"])
def test_a_definition_may_ask_to_stay_as_it_is(house, wish):
    house.apply(tree())
    recap = house.apply(tree(BAD, strategy={"on_failure": wish}))
    assert (recap.verdict, recap.exit_code) == ("failed", 4)
    house.settle(100)
    assert [each[0] for each in history(house)] == [2, 1]


def test_an_update_that_the_engine_stopped_goes_on_when_it_is_applied_again(house):
    paused = {"strategy": {"on_failure": "pause"}}
    house.apply(tree(**paused))
    house.apply(tree(BAD, **paused))
    key = next(each for each in house.engine.objects if each.name == "shop_orders_api")
    found = house.engine.objects[key]
    facts = {**found.facts, "update": "paused", "updated": house.now()}
    house.engine.objects[key] = replace(found, facts=facts)
    house.engine.stuck.clear()
    house.settle(20)
    assert house.engine.objects[key].facts["update"] == "paused", "nobody wished it again"
    assert house.apply(tree(BAD, **paused)).verdict == "converged"


def test_only_with_continue_a_failed_task_does_not_stop_an_update(house):
    for wish, action in (("rollback", "pause"), ("continue", "continue")):
        house.apply(tree(strategy={"on_failure": wish}))
        assert specs(house)["shop_web"]["UpdateConfig"]["FailureAction"] == action


def test_a_first_revision_that_fails_stays_to_be_looked_at(house):
    recap = house.apply(tree(BAD))
    assert (recap.verdict, recap.exit_code) == ("failed", 4)
    house.settle(100)
    assert [each[0] for each in history(house)] == [1]


def test_a_way_back_that_fails_as_well_is_the_last(house):
    house.apply(tree())
    house.engine.stuck.add("shop_desk")
    for task in house.engine.running:
        task.age -= 10_000 if task.service == "shop_desk" else 0
    recap = house.apply(tree(BAD))
    assert (recap.verdict, recap.exit_code) == ("failed", 4)
    house.settle(200)
    assert [each[1] for each in history(house)] == ["failed", "failed", "converged"]


def test_what_was_well_and_breaks_later_is_not_taken_back(house):
    house.apply(tree())
    house.apply(tree(word="two"))
    house.engine.stuck.add("shop_desk")
    for task in house.engine.running:
        task.age -= 10_000 if task.service == "shop_desk" else 0
    house.settle(200)
    assert history(house)[0] == (2, "failed", "command line")
    house.engine.stuck.discard("shop_desk")
    for task in house.engine.running:
        task.age = max(task.age, 0)
    house.settle(20)
    assert history(house)[0] == (2, "converged", "command line")


def test_a_child_that_was_changed_by_itself_goes_back_by_itself(house):
    house.apply(tree())
    before = specs(house)
    orders = Controller(house.loops[ORDERS], None)
    orders.update({"parameters": {"image": BAD}, "replace": False}, "ben", check=False)
    house.settle(300)
    assert specs(house) == before
    assert [each[1:] for each in history(house, ORDERS)] == [
        ("converged", "rollback"),
        ("failed", "local"),
        ("converged", "parent"),
    ]
    assert len(history(house)) == 1, "the root wrote nothing"


def test_an_older_revision_comes_back_by_its_number(house):
    for word in ("one", "two", "three"):
        house.apply(tree(word=word))
    first = house.engine.objects
    draft, plans = house.launcher().plan_rollback(SHOP, 1)
    planned = sorted(f"{op.verb} {op.key}" for each in plans.values() for op in each.operations)
    done = len(house.engine.writes)
    recap = house.launcher().carry_out(SHOP, draft, lambda observed: None)
    assert recap.verdict == "converged"
    assert specs(house)["shop_web"]["TaskTemplate"]["ContainerSpec"]["Env"] == ["WORD=one"]
    labels = [each for each in house.engine.writes[done:] if each.startswith("update config")]
    written = [each for each in house.engine.writes[done + 1 :] if each not in labels]
    assert sorted(written) == planned[1:] == ["update service shop_web"]
    assert planned[0] == "create config shop.r4"
    assert first is house.engine.objects
    assert history(house)[0] == (4, "converged", "rollback")


def test_without_a_number_it_is_the_last_that_was_well(house):
    for word in ("one", "two"):
        house.apply(tree(word=word))
    house.apply(tree(BAD, "three", strategy={"on_failure": "pause"}))
    observed = house.engine.observe(SHOP)
    assert recovery.target(observed, SHOP, None).number == 2
    controller = Controller(house.loops[SHOP], None)
    accepted = controller.rollback(None, "ben")
    assert accepted.revision == "shop.r4"
    house.settle(100)
    assert history(house)[0] == (4, "converged", "rollback")


def test_the_files_applied_after_a_rollback_count_again(house):
    house.apply(tree(word="one"))
    house.apply(tree(word="two"))
    draft, _ = house.launcher().plan_rollback(SHOP, None)
    house.launcher().carry_out(SHOP, draft, lambda observed: None)
    planned = [op for each in house.launcher().plan(tree(word="two")).values() for op in each.operations]
    assert {op.key.name for op in planned} == {"shop.r4", "shop_web"}
    assert house.apply(tree(word="two")).verdict == "converged"
    assert specs(house)["shop_web"]["TaskTemplate"]["ContainerSpec"]["Env"] == ["WORD=two"]


def test_a_child_alone_can_go_back(house):
    house.apply(tree())
    house.apply(tree(orders={"services": {"api": plain(), "till": plain()}}))
    draft, _ = house.launcher().plan_rollback(ORDERS, None)
    assert house.launcher().carry_out(ORDERS, draft, lambda observed: None).verdict == "converged"
    assert "shop_orders_store" in specs(house) and "shop_orders_till" not in specs(house)
    house.settle(100)
    assert history(house, ORDERS)[0][1:] == ("converged", "rollback")


def test_what_is_not_there_is_said_to_be_not_there(house):
    with pytest.raises(NotFound, match="no stack shop"):
        house.launcher().plan_rollback(SHOP, None)
    house.apply(tree())
    with pytest.raises(NotFound, match="no revision 7; there are 1"):
        house.launcher().plan_rollback(SHOP, 7)
    with pytest.raises(NotFound, match="no earlier revision"):
        house.launcher().plan_rollback(SHOP, None)
    house.loops[SHOP].engine.create(
        revisions.make(
            house.engine.observe(SHOP), SHOP, revisions.ABSENT, cause="local", origin="", author="eve"
        )
    )
    with pytest.raises(Busy, match="shutting down"):
        house.launcher().plan_rollback(SHOP, 1)


def with_secret(key):
    wanted = {"secrets": {key: {"from": {"env": "X"}}}, "services": {"web": plain(secrets=[key])}}
    return entry({"name": "shop", **wanted})


def test_secrets_that_a_kept_revision_names_stay_and_a_lost_one_is_named(house):
    house.apply(with_secret("old"))
    house.apply(with_secret("new"))
    house.time += 10_000
    house.settle(5)
    old = [name for name in house.names("secret") if "old" in name]
    assert old, "a rollback would need it"
    draft, _ = house.launcher().plan_rollback(SHOP, 1)
    del house.engine.objects[next(key for key in house.engine.objects if key.name == old[0])]
    with pytest.raises(NotFound, match=old[0]):
        house.launcher().plan_rollback(SHOP, 1)
    assert draft.labels["ailtire.restores"] == "shop.r1"


def test_the_last_that_was_well_is_kept_however_many_failed_since(house):
    house.apply(tree())
    for number in range(12):
        house.apply(tree(BAD, str(number), strategy={"on_failure": "pause"}))
        house.time += 1000
    numbers = [each[0] for each in history(house)]
    assert 1 in numbers
    assert len(numbers) <= 12


def test_a_revision_that_was_replaced_before_it_arrived_is_superseded(house):
    house.apply(tree())
    controller = Controller(house.loops[SHOP], None)
    observed = house.engine.observe(SHOP)
    last = revisions.newest(observed, SHOP)
    for word in ("two", "three"):
        body = {**last.body, "environment": {"WORD": word}}
        house.engine.create(
            revisions.make(house.engine.observe(SHOP), SHOP, body, cause="local", origin="", author="ben")
        )
    house.settle(30)
    assert [each["outcome"] for each in controller.history()] == ["converged", "superseded", "converged"]


def test_old_revisions_go_when_a_new_one_is_written_and_at_no_other_time(house):
    for number in range(14):
        house.apply(tree(word=str(number)))
        house.time += 1000
        plans = house.launcher().plan(tree(word=str(number))).values()
        assert [str(op) for each in plans for op in each.operations] == []
    assert len(history(house)) <= revisions.KEPT + 1
    writes = list(house.engine.writes)
    house.settle(20)
    assert house.apply(tree(word="13")).verdict == "converged"
    assert house.engine.writes == writes
