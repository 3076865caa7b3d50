"""The status tree, its words, and the selection of log lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from ailtire_deploy import log_lines, moments, names, proxies, revisions, status, symptoms
from ailtire_deploy.errors import NotFound
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import LogLine
from ailtire_deploy.segments import keeping
from ailtire_deploy.segments.comparing import Findings
from ailtire_deploy.state import Key, Resource, State, Task
from ailtire_deploy.status import LogLineInfo, Status
from ailtire_deploy.traffic import Pace
from ailtire_deploy.views import histories

SHOP = StackPath(("shop",))
ORDERS = SHOP / "orders"
NOW = 1_800_000_000.0


def service(path: StackPath, key: str, **facts: Any) -> Resource:
    owner = path.parent if key == "admin" else path
    labels = {**revisions.labels_of(owner, path), names.LABEL_SERVICE: key}
    spec = {"TaskTemplate": {"ContainerSpec": {"Image": f"shop/{key}:1"}}}
    return Resource(Key("service", names.in_stack(path, key)), spec, labels, created=NOW - 900, facts=facts)


def revision(path: StackPath, number: int, outcome: str = "converged", **body: Any) -> Resource:
    data = revisions.encode({"format": 1, **body})
    labels = {**revisions.labels_of(path.parent, path), names.LABEL_OUTCOME: outcome}
    return Resource(
        Key("config", names.revision_name(path, number)), labels=labels, data=data, created=NOW - 600
    )


def task(owner: Resource, slot: str = "1", state: str = "running", age: float = 300, **rest: Any) -> Task:
    rest.setdefault("desired", "running" if state not in ("failed", "rejected") else "shutdown")
    return Task(
        f"{owner.name}{slot}{state}{age}", owner.name, slot, "node1", state, timestamp=NOW - age, **rest
    )


def healthy(*resources: Resource) -> State:
    tasks = [task(each) for each in resources if each.kind == "service"]
    return State.of(resources, tasks=tuple(tasks))


def shop_and_orders() -> State:
    parts = [service(path, key) for path in (SHOP, ORDERS) for key in ("admin", "gateway")]
    return healthy(
        *parts, service(SHOP, "web"), service(ORDERS, "db"), revision(SHOP, 3), revision(ORDERS, 1)
    )


def seen(observed: State, path: StackPath = SHOP, lines: Mapping[str, LogLineInfo] | None = None) -> Status:
    return status.tree(observed, path, lines or {}, NOW)


def word_of(one: Resource, *tasks: Task) -> tuple[str, str]:
    symptom = symptoms.of(one, State.of([one], tasks=tasks), NOW)
    return symptom.word, symptom.message


def test_a_healthy_tree_runs_at_every_level() -> None:
    tree = seen(shop_and_orders())
    assert (tree["type"], tree["name"], tree["shortName"], tree["status"]) == (
        "Stack",
        "shop",
        "shop",
        "running",
    )
    assert (tree["desired"], tree["running"], tree["revision"], tree["message"]) == (6, 6, 3, "")
    assert tree["since"] == moments.to_text(NOW - 600)


def test_services_and_stacks_of_a_stack_come_sorted_by_name() -> None:
    tree = seen(shop_and_orders())
    assert [each["shortName"] for each in tree["services"]] == ["admin", "gateway", "orders", "web"]
    orders = tree["services"][2]
    assert (orders["type"], orders["name"], orders["revision"]) == ("Stack", "shop/orders", 1)
    assert [each["name"] for each in orders["services"]] == [
        "shop/orders/admin",
        "shop/orders/db",
        "shop/orders/gateway",
    ]


def test_a_service_shows_its_image_and_its_tasks() -> None:
    web = seen(shop_and_orders())["services"][3]
    assert web["image"] == "shop/web:1"
    assert web["tasks"] == [{"slot": "1", "node": "node1", "state": "running"}]
    assert web["since"] == moments.to_text(NOW - 300)


def test_what_is_led_to_by_gateway_and_edge_has_its_traffic() -> None:
    paces = {
        "web.80": Pace(9.0, 0.0, 10.0, 3.7),
        "web.81": Pace(3.0, 0.6, 30.0, 3.7),
        "orders": Pace(1, 0, 4),
    }
    gateway = {proxies.PACES: {**paces, "webs": Pace(100, 0, 0)}}
    edge = service(SHOP, "edge", **{proxies.PACES: {"gateway": Pace(14.0, 0.7, 20.0)}})
    known = shop_and_orders()
    told = healthy(*known, edge, service(SHOP, "gateway", **gateway))
    tree = seen(told)
    nodes = {each["name"]: each for each in [tree, *tree["services"]]}
    assert nodes["shop/web"]["traffic"] == {
        "requests": 12.0,
        "errors": 0.05,
        "milliseconds": 15.0,
        "age": 3,
    }
    assert nodes["shop"]["traffic"]["requests"] == 14.0
    assert nodes["shop/orders"]["traffic"]["requests"] == 1.0
    assert [name for name, each in nodes.items() if "traffic" in each] == ["shop", "shop/orders", "shop/web"]


def test_a_stack_whose_networks_were_looked_at_says_what_was_found() -> None:
    seen = keeping.of(Findings(2, 25), NOW)
    bearing = keeping.with_label(revision(SHOP, 4), seen)
    tree = status.tree(State.of([service(SHOP, "admin"), bearing]), SHOP, {}, NOW)
    assert tree["segmentation"] == {**seen, "time": moments.to_text(NOW)}
    newer = State.of([service(SHOP, "admin"), bearing, revision(SHOP, 5)])
    assert "segmentation" not in status.tree(newer, SHOP, {}, NOW), "that was another definition"
    (line, older) = histories.as_json(revisions.history(newer, SHOP))
    assert ("segmentation" in line, older["segmentation"]["pairs"]) == (False, 25)
    assert any(
        "0 surprises in 25 pairs on 2 networks at 2027-" in each for each in histories.as_text([older])
    )


def test_a_probe_is_not_shown() -> None:
    looking = service(SHOP, "").with_labels(**{names.LABEL_PROBE: "60"})
    tree = status.tree(State.of([service(SHOP, "admin"), looking, revision(SHOP, 1)]), SHOP, {}, NOW)
    assert [each["shortName"] for each in tree["services"]] == ["admin"]


def test_every_node_has_the_same_fields_and_is_json() -> None:
    tree = seen(shop_and_orders())
    always = Status.__annotations__.keys() - {"traffic", "segmentation"}
    assert tree.keys() == tree["services"][0].keys() == always
    assert json.loads(json.dumps(tree)) == tree


def test_the_last_line_of_a_stack_is_the_newest_below_it() -> None:
    lines = {"shop_web": LogLineInfo("old", NOW - 60), "shop_orders_db": LogLineInfo("new", NOW - 5)}
    tree = seen(shop_and_orders(), lines=lines)
    assert (tree["line"], tree["age"]) == ("new", 5)
    assert (tree["services"][3]["line"], tree["services"][3]["age"]) == ("old", 60)


def test_a_deeper_stack_can_be_asked_for_alone() -> None:
    assert seen(shop_and_orders(), ORDERS)["name"] == "shop/orders"


def test_an_unknown_stack_is_not_found() -> None:
    with pytest.raises(NotFound, match="shop/gone"):
        seen(shop_and_orders(), SHOP / "gone")


def test_the_worst_of_its_services_is_said_of_the_stack_with_the_reason() -> None:
    db = service(ORDERS, "db")
    parts = [service(path, "admin") for path in (SHOP, ORDERS)]
    failed = task(db, state="failed", age=3, error="task: non-zero exit (1)")
    healthy_part = healthy(*parts, revision(SHOP, 1), revision(ORDERS, 1))
    observed = State.of([*healthy_part, db], tasks=(*healthy_part.tasks, failed))
    tree = seen(observed)
    assert tree["status"] == "failed"
    assert tree["message"] == ("shop/orders/db: task 1 on node1 failed: task: non-zero exit (1)")


def test_a_failed_revision_says_its_own_reasons() -> None:
    report = json.dumps({"reasons": ["web: no such image"]})
    failed = revision(SHOP, 2, "failed").with_labels(**{names.LABEL_REPORT: report})
    tree = seen(healthy(service(SHOP, "admin"), failed))
    assert (tree["status"], tree["message"]) == ("failed", "web: no such image")


@pytest.mark.parametrize(("number", "word"), [(1, "starting"), (2, "updating")])
def test_a_pending_revision_is_a_start_or_an_update(number: int, word: str) -> None:
    assert seen(healthy(service(SHOP, "admin"), revision(SHOP, number, "pending")))["status"] == word


def test_a_stack_told_to_go_is_shutting_down() -> None:
    tree = seen(healthy(service(SHOP, "admin"), revision(SHOP, 4, "pending", state="absent")))
    assert (tree["status"], tree["message"]) == ("shutdown", "revision 4 says that it shall go")


def test_a_revision_of_another_version_breaks_no_status() -> None:
    strange = Resource(Key("config", "shop.r1"), labels=revision(SHOP, 1).labels, data=b"?", created=NOW)
    assert seen(healthy(service(SHOP, "admin"), strange))["status"] == "running"


def test_a_stack_without_a_controller_is_unreachable_or_not_there_yet() -> None:
    assert seen(healthy(service(SHOP, "web"), revision(SHOP, 1)))["status"] == "unreachable"
    assert seen(healthy(revision(SHOP, 1, "pending")))["status"] == "waiting"


def test_a_stack_known_only_by_something_below_it_is_in_the_tree() -> None:
    deep = service(ORDERS / "billing", "web")
    tree = seen(healthy(service(SHOP, "admin"), revision(SHOP, 1), deep))
    assert [each["name"] for each in tree["services"]] == ["shop/admin", "shop/orders"]
    assert tree["services"][1]["services"][0]["name"] == "shop/orders/billing"


def test_a_service_whose_tasks_all_run_is_running() -> None:
    web = service(SHOP, "web", wanted=2)
    assert word_of(web, task(web, "1"), task(web, "2")) == ("running", "")


def test_a_service_on_its_way_says_how_far_it_is() -> None:
    web = service(SHOP, "web", wanted=2)
    assert word_of(web, task(web, "1"), task(web, "2", "preparing", age=2)) == (
        "starting",
        "1 of 2 tasks run (preparing)",
    )


def test_a_task_that_cannot_be_placed_waits_with_the_engines_reason() -> None:
    web = service(SHOP, "web")
    assert word_of(web, task(web, state="pending", error="no suitable node")) == (
        "waiting",
        "no suitable node",
    )


def test_an_image_that_is_missing_is_an_error() -> None:
    web = service(SHOP, "web")
    word, message = word_of(
        web, *(task(web, state="rejected", age=n, error="No such image: x") for n in (1, 6, 11))
    )
    assert (word, message) == ("error", "task 1 on node1 rejected: No such image: x")


def test_one_failure_with_a_new_attempt_under_way_is_still_a_start() -> None:
    web = service(SHOP, "web")
    tasks = task(web, state="failed", age=4, error="exit (1)"), task(web, state="starting", age=1)
    assert word_of(web, *tasks) == ("starting", "trying again: task 1 on node1 failed: exit (1)")


def test_a_crash_loop_is_a_failure_and_with_tasks_left_a_warning() -> None:
    web = service(SHOP, "web", wanted=2)
    losses = [task(web, state="failed", age=n, error="exit (1)", exit_code=1) for n in (3, 9, 15)]
    assert word_of(web, *losses, task(web, state="ready", age=1))[0] == "failed"
    assert word_of(web, *losses, task(web, state="ready", age=1), task(web, "2"))[0] == "warning"


def test_one_task_replaced_long_ago_is_no_warning_but_many_lately_are() -> None:
    web = service(SHOP, "web")
    assert word_of(web, task(web), task(web, state="failed", age=9, error="killed"))[0] == "running"
    losses = [task(web, state="failed", age=n, error="killed") for n in (9, 20, 30)]
    assert word_of(web, task(web, age=1), *losses)[0] == "warning"


def test_an_end_with_zero_that_nobody_asked_for_is_a_failure() -> None:
    web = service(SHOP, "web")
    assert word_of(web, task(web, state="complete", age=2, message="finished"))[0] == "failed"


def test_a_service_that_need_not_run_on_has_completed() -> None:
    job = service(SHOP, "migrate")
    once = Resource(job.key, {"TaskTemplate": {"RestartPolicy": {"Condition": "none"}}}, job.labels)
    assert word_of(once, task(once, state="complete", desired="shutdown")) == ("completed", "")


def test_an_update_says_how_many_tasks_are_new() -> None:
    web = service(SHOP, "web", wanted=2, update="updating")
    assert word_of(web, task(web, "1"), task(web, "2", current=False)) == ("updating", "1 of 2 tasks are new")


@pytest.mark.parametrize("state", ["paused", "rollback_started", "rollback_paused", "rollback_completed"])
def test_an_update_the_engine_gave_up_has_failed(state: str) -> None:
    web = service(SHOP, "web", update=state, message="update paused due to failure")
    word, message = word_of(web, task(web))
    assert word == "failed"
    assert message.endswith("update paused due to failure")


def test_an_update_the_engine_gave_up_names_the_cause_rather_than_the_task() -> None:
    web = service(SHOP, "web", update="paused", message="update paused due to failure of task x")
    failed = task(web, state="rejected", error="No such image: shop/web:2")
    before = task(web, state="failed", age=5, error="older", current=False)
    assert "No such image: shop/web:2" in word_of(web, failed, before)[1]
    assert word_of(web, before)[1].endswith("failure of task x")


def test_what_was_wrong_before_the_definition_was_corrected_is_no_warning() -> None:
    web = service(SHOP, "web")
    before = [task(web, state="rejected", age=age, error="No such image", current=False) for age in (5, 6, 7)]
    assert word_of(web, task(web), *before) == ("running", "")


def test_slots_come_by_number_and_each_counts_once() -> None:
    web = service(SHOP, "web", wanted=11)
    tasks = [task(web, str(n)) for n in range(11, 0, -1)]
    old = task(web, "2", "failed", age=5, error="x")
    assert [each.slot for each in symptoms.leaders([*tasks, old])] == [str(n) for n in range(1, 12)]


def line(source: str, second: str, text: str = "") -> LogLine:
    return LogLine(source, "stdout", f"2026-01-01T00:00:{second}Z", text)


def test_logs_of_a_stack_ask_every_task_below_it_dead_ones_too() -> None:
    web, db = service(SHOP, "web"), service(ORDERS, "db")
    observed = State.of([web, db], tasks=(task(web), task(web, state="failed"), task(db, "2")))
    assert [each.name for each in log_lines.select(observed, SHOP)] == [
        "shop/orders/db.2",
        "shop/web.1",
        "shop/web.1",
    ]
    assert [each.live for each in log_lines.select(observed, SHOP, recursive=False)] == [False, True]


def test_a_stack_without_services_has_no_logs_but_is_no_error() -> None:
    assert log_lines.within(State.of([revision(SHOP, 1)]), SHOP) == ()


def test_logs_of_one_service_leave_the_others_out() -> None:
    sources = log_lines.select(shop_and_orders(), SHOP, "gateway")
    assert [each.name for each in sources] == ["shop/gateway.1", "shop/orders/gateway.1"]


def test_an_unknown_service_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="there are admin, db, gateway, web"):
        log_lines.select(shop_and_orders(), SHOP, "nothing")
    with pytest.raises(NotFound, match=r"there is no service 'wep' in shop; did you mean web\?"):
        log_lines.select(shop_and_orders(), SHOP, "wep")
    with pytest.raises(NotFound, match="no stack other"):
        log_lines.select(shop_and_orders(), StackPath(("other",)))


def test_lines_come_in_order_of_time_to_the_nanosecond() -> None:
    lines = [
        line("a/b.1", "01.5"),
        line("a/c.1", "01.25"),
        line("a/d.1", "01.250000001"),
        line("a/e.1", "00"),
    ]
    assert [each.source for each in log_lines.in_order(lines)] == ["a/e.1", "a/c.1", "a/d.1", "a/b.1"]
    assert log_lines.is_after(lines[2], lines[1].time)
    assert log_lines.is_after(lines[3], "")
    assert not log_lines.is_after(lines[1], lines[1].time)


def test_a_log_line_as_json_has_its_four_fields() -> None:
    assert log_lines.as_json(line("a/x.1", "01", "hello")) == {
        "source": "a/x.1",
        "stream": "stdout",
        "time": "2026-01-01T00:00:01Z",
        "text": "hello",
    }


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59.9, "59s"), (125, "2m5s"), (3600, "1h"), (98765, "1d3h"), (-3, "0s")]
)
def test_a_duration_is_told_in_two_units(seconds: float, text: str) -> None:
    assert moments.duration(seconds) == text


def test_moments_survive_the_way_to_text_and_back() -> None:
    assert moments.from_text(moments.to_text(NOW)) == NOW
    assert moments.from_text("2026-01-01T00:00:00.123456789Z") == pytest.approx(1767225600.123456)
    assert moments.from_text("2026-01-01T00:00:00") == 1767225600
