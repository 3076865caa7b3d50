"""Jobs in whole trees: they run once for each change of their inputs, and gate what depends on them."""

from __future__ import annotations

import random

import pytest

from ailtire_deploy import revisions, status, verdict
from ailtire_deploy.controller import Controller
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import State, Task
from tests.contract import wishes
from tests.fakes import Crash
from tests.household import Household, entry, plain

SHOP = StackPath(("shop",))


@pytest.fixture
def house(tmp_path):
    return Household(tmp_path)


def shop(command: str = "migrate", web: str = "1", **job):
    """A database, a job that needs it, a service that needs the job, and one that needs none."""
    return {
        "name": "shop",
        "parameters": {"store": {"type": "string", "default": "1"}},
        "services": {
            "db": plain(environment={"STORE": "{{ store }}"}),
            "web": plain(depends_on={"migrate": {"condition": "completed"}}, environment={"WEB": web}),
            "side": plain(environment={"SIDE": web}),
        },
        "jobs": {
            "migrate": {
                "image": "ailtire-demo/echo",
                "command": [command],
                "depends_on": {"db": {"condition": "healthy"}},
                **job,
            }
        },
    }


def paused(*args, **more):
    """The same, where a failure is left to be looked at."""
    return {**shop(*args, **more), "strategy": {"on_failure": "pause"}}


def nested(command: str = "migrate"):
    """The same as a child, with something that waits for it."""
    return {
        "name": "top",
        "services": {
            "shop": {"type": "stack", "definition": shop(command, timeout="5m"), "interface": {"/": {}}},
            "web": plain(depends_on={"shop": {"condition": "healthy"}}),
        },
    }


def writes(house, start: int = 0):
    """Writes of plain services, in order."""
    own = ("db", "web", "side", "migrate")
    pairs = (each.split(" service shop_") for each in house.engine.writes[start:] if " service shop_" in each)
    return [f"{verb} {name}" for verb, name in pairs if name in own]


def runs(house, name: str = "shop_migrate") -> int:
    return house.engine.started[name]


def word(house, name: str) -> str:
    tree = status.tree(house.engine.observe(SHOP), SHOP, {}, house.now())
    return next(each["status"] for each in tree["services"] if each["shortName"] == name)


def test_a_job_runs_once_what_it_needs_is_there_before_and_what_needs_it_comes_after(house):
    assert house.apply(entry(shop())).verdict == "converged"
    made = writes(house)
    assert made.index("create db") < made.index("create migrate") < made.index("create web")
    assert runs(house) == 1
    assert word(house, "migrate") == "completed"


def test_a_second_apply_does_not_run_it_again(house):
    house.apply(entry(shop()))
    before = list(house.engine.writes)
    assert house.apply(entry(shop())).verdict == "converged"
    house.settle()
    assert house.engine.writes == before
    assert runs(house) == 1


def test_a_change_of_what_stands_beside_it_does_not_run_it_again(house):
    house.apply(entry(shop()))
    house.apply(entry(shop(web="2")))
    assert runs(house) == 1


def test_a_changed_command_runs_it_again_and_dependants_wait_for_it(house):
    house.apply(entry(shop()))
    start = len(house.engine.writes)
    planned = [
        op for each in house.launcher().plan(entry(shop("more", "2"))).values() for op in each.operations
    ]
    assert {op.key.name for op in planned if op.waiting} == {"shop_web"}
    assert house.apply(entry(shop("more", "2"))).verdict == "converged"
    made = writes(house, start)
    assert sorted(made) == ["update migrate", "update side", "update web"]
    assert made.index("update migrate") < made.index("update web")
    assert runs(house) == 2


def test_a_job_waits_for_the_update_of_what_it_needs(house):
    house.apply(entry(shop()))
    start = len(house.engine.writes)
    assert house.apply(entry(shop("more"), store="2")).verdict == "converged"
    assert writes(house, start) == ["update db", "update migrate"]
    assert runs(house) == 2


def test_a_job_that_fails_fails_the_apply_and_its_dependants_stay_as_they_are(house):
    house.apply(entry(shop()))
    start = len(house.engine.writes)
    house.engine.exits["shop_migrate"] = 4
    house.engine.output["shop_migrate"] = ["one", "two", "the table is \x1b[2Jlocked"]
    recap = house.apply(entry(shop("more", "2")))
    assert any(each.endswith(" (last lines: two | the table is  [2Jlocked)") for each in recap.reasons)
    assert (recap.verdict, recap.exit_code) == ("rolled back", 5)
    assert any("shop/migrate" in each and "exit 4" in each for each in recap.reasons), recap.reasons
    assert "update web" not in writes(house, start)


def test_a_job_that_fails_is_looked_at_where_nothing_is_taken_back(house):
    house.apply(entry(paused()))
    house.engine.exits["shop_migrate"] = 4
    recap = house.apply(entry(paused("more", "2")))
    assert (recap.verdict, recap.exit_code) == ("failed", 4)
    assert word(house, "migrate") == "failed"


def test_the_way_back_from_a_failed_job_runs_none_and_a_better_one_runs(house):
    house.apply(entry(shop()))
    house.engine.exits["shop_migrate"] = 4
    house.apply(entry(shop("more", "2")))
    assert runs(house) == 2
    assert word(house, "migrate") == "completed"
    house.settle(50)
    assert house.apply(entry(shop())).verdict == "converged"
    assert all(each.empty for each in house.launcher().plan(entry(shop())).values())
    assert runs(house) == 2
    assert house.apply(entry(shop("more", "2"))).exit_code == 5
    assert runs(house) == 3
    house.engine.exits.clear()
    assert house.apply(entry(shop("more", "2"))).verdict == "converged"
    assert runs(house) == 4
    assert word(house, "migrate") == "completed"


def test_a_service_that_fails_after_its_job_goes_back_and_the_job_does_not_run_again(house):
    house.apply(entry(shop()))
    house.engine.stuck.add("ailtire-demo/bad:latest")
    bad = shop("more")
    bad["services"]["web"]["image"] = "ailtire-demo/bad"
    assert house.apply(entry(bad)).exit_code == 5
    assert runs(house) == 2
    assert house.apply(entry(shop("more", "3"))).verdict == "converged"
    assert runs(house) == 2, "it has run with these inputs, and nothing else since"
    assert house.apply(entry(shop("most", "3"))).verdict == "converged"
    assert runs(house) == 3


def test_a_rollback_by_hand_runs_no_job_that_had_completed(house):
    house.apply(entry(shop()))
    house.apply(entry(shop("more", "2")))
    controller = Controller(house.loops[SHOP], None)
    controller.rollback(None, "anna")
    house.settle(30)
    observed = house.engine.observe(SHOP)
    assert revisions.newest(observed, SHOP).outcome == "converged"
    assert runs(house) == 2
    assert house.apply(entry(shop("more", "2"))).verdict == "converged"
    assert runs(house) == 2


def test_the_plan_of_a_way_back_is_what_happens_below(house):
    house.apply(entry(nested(), "top"))
    house.apply(entry(nested("more"), "top"))
    controller = Controller(house.loops[StackPath(("top",))], None)
    shown = controller.rollback(None, "anna").plan
    operations = [each for stack in shown["stacks"].values() for each in stack]
    assert {each["name"]: each["impact"] for each in operations}["top_shop_migrate"] == "labels"
    start = len(house.engine.writes)
    house.settle(30)
    assert "update service top_shop_migrate" in house.engine.writes[start:]
    assert runs(house, "top_shop_migrate") == 2


def test_a_failed_job_of_a_child_takes_the_whole_change_back_and_runs_once(house):
    house.apply(entry(nested(), "top"))
    house.engine.exits["top_shop_migrate"] = 4
    assert house.apply(entry(nested("more"), "top")).exit_code == 5
    house.settle(50)
    assert runs(house, "top_shop_migrate") == 2


def test_a_config_that_a_job_left_as_it_is_still_mounts_stays_and_is_no_open_end(house):
    def mounting(content):
        tree = shop(configs=["settings"])
        return {**tree, "configs": {"settings": {"content": content}}}

    house.apply(entry(mounting("a")))
    house.engine.exits["shop_migrate"] = 4
    assert house.apply(entry(mounting("b"))).exit_code == 5
    assert house.apply(entry(mounting("a"))).verdict == "converged"
    house.time += 1000  # old enough to be collected
    house.settle(20)
    assert all(each.empty for each in house.launcher().plan(entry(mounting("a"))).values())


def test_a_job_that_fails_in_the_first_apply_lets_nothing_start_that_needs_it(house):
    house.engine.exits["shop_migrate"] = 4
    assert house.apply(entry(shop())).exit_code == 4
    assert "create web" not in writes(house)


def test_nobody_runs_a_failed_job_again_but_another_apply(house):
    house.engine.exits["shop_migrate"] = 4
    house.apply(entry(shop()))
    house.settle(100)
    assert runs(house) == 1
    assert house.apply(entry(shop())).exit_code == 4
    house.settle(100)
    assert runs(house) == 2
    house.engine.exits.clear()
    assert house.apply(entry(shop())).verdict == "converged"
    assert runs(house) == 3
    assert "create web" in writes(house)


def test_the_plan_says_that_a_failed_job_runs_again(house):
    house.engine.exits["shop_migrate"] = 4
    house.apply(entry(shop()))
    planned = [op for each in house.launcher().plan(entry(shop())).values() for op in each.operations]
    again = next(op for op in planned if op.key.name == "shop_migrate")
    assert again.cause == "its last run failed, so it runs again"


def test_retries_are_made_by_the_swarm_and_are_not_a_failure_yet(house):
    house.engine.exits["shop_migrate"] = 4
    recap = house.apply(entry(shop(retries=2)))
    assert recap.exit_code == 4
    assert runs(house) == 3


def test_a_job_may_take_longer_than_anything_else(house):
    house.engine.stuck.add("shop_migrate")
    start = house.now()
    assert house.apply(entry(shop(timeout="5m"))).verdict == "failed"
    assert 300 < house.now() - start < 400
    house.engine.stuck.clear()
    assert house.apply(entry(shop(timeout="5m"))).verdict == "converged"
    assert runs(house) == 1


@pytest.mark.parametrize(
    ("state", "times"), [("running", [90.0]), ("preparing", [90.0]), ("pending", []), ("failed", [])]
)
def test_a_job_is_waited_for_while_it_runs_and_not_while_it_cannot_be_placed(state, times):
    job = wishes.job().with_labels(**{"ailtire.job": "90"})
    task = Task("t", job.name, "1", "n", state, "running")
    assert list(verdict.job_times([job], State.of([job], tasks=(task,)))) == times


def test_a_job_in_a_child_is_waited_for_as_long(house):
    house.engine.stuck.add("top_shop_migrate")
    start = house.now()
    assert house.apply(entry(nested(), "top")).verdict == "failed"
    assert 300 < house.now() - start < 500


def test_the_tree_goes_down_in_the_reverse_order(house):
    house.apply(entry(shop()))
    start = len(house.engine.writes)
    house.shutdown("shop")
    assert house.names() == []
    gone = [each for each in writes(house, start) if each != "remove side"]
    assert gone == ["remove web", "remove migrate", "remove db"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_at_any_write_never_runs_a_job_twice(tmp_path, moment):
    fresh = Household(tmp_path / "fresh")
    fresh.apply(entry(nested(), "top"))
    for number in range(1, fresh.engine.attempts + 1):
        house = Household(tmp_path / str(number), random.Random(number))

        def crash(k, number=number):
            if k == number:
                raise Crash

        setattr(house.engine, moment, crash)
        try:
            house.apply(entry(nested(), "top"))
        except Crash:
            house.live()
        assert house.apply(entry(nested(), "top")).verdict == "converged", number
        assert runs(house, "top_shop_migrate") == 1, number


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_at_any_write_of_a_change_runs_a_job_once_more(tmp_path, moment):
    fresh = Household(tmp_path / "fresh")
    fresh.apply(entry(shop()))
    start = fresh.engine.attempts
    fresh.apply(entry(shop("more", "2")))
    for number in range(1, fresh.engine.attempts - start + 1):
        house = Household(tmp_path / str(number), random.Random(number))
        house.apply(entry(shop()))

        def crash(k, last=house.engine.attempts + number):
            if k == last:
                raise Crash

        setattr(house.engine, moment, crash)
        try:
            house.apply(entry(shop("more", "2")))
        except Crash:
            house.live()
        assert house.apply(entry(shop("more", "2"))).verdict == "converged", number
        assert runs(house) == 2, number
