"""Arrived, on its way, or failed: and never without a sentence."""

from dataclasses import replace

from ailtire_deploy import names, verdict
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import plan
from ailtire_deploy.report import Entry, Report
from ailtire_deploy.revisions import PARENT, labels_of, make
from ailtire_deploy.state import Key, Resource, State, Task

SHOP = StackPath(("shop",))
ORDERS = SHOP / "orders"
NOW = 1000.0


def service(key, path=SHOP, owner=SHOP, **facts):
    labels = {**labels_of(owner, path), names.LABEL_SERVICE: key}
    return Resource(Key("service", names.in_stack(path, key)), labels=labels, facts={"wanted": 1, **facts})


def task(name, state="running", **rest):
    return Task(f"t-{name}-{state}", name, "1", "node", state, "running", **rest)


def judged(desired, observed, before=None, now=NOW, report=None, patience=60.0):
    step = plan(desired, observed, SHOP, now)
    return verdict.judge(desired, observed, step, report or Report(), before, now, patience)


WEB = service("web")
RUNNING = State.of([WEB], tasks=(task("shop_web"),))
STUCK = State.of([WEB], tasks=(task("shop_web", "pending", error="no suitable node"),))


def test_all_running_and_nothing_to_do_is_converged():
    assert judged(State.of([WEB]), RUNNING).outcome == "converged"


def test_a_missing_task_is_pending_until_nothing_has_come_further_for_too_long():
    first = judged(State.of([WEB]), STUCK)
    assert first.outcome == "pending"
    late = judged(State.of([WEB]), STUCK, first.progress, NOW + 61)
    assert late.outcome == "failed"
    assert late.reasons == ("shop/web: no suitable node",)


def test_what_was_never_made_says_for_what_it_waits():
    held = Report((Entry("shop", "create", "service", "shop_web", "waiting", "for network n to be there"),))
    first = judged(State.of([WEB]), State(), report=held)
    late = judged(State.of([WEB]), State(), first.progress, NOW + 61, held)
    assert late.reasons == ("shop/web: it was not created; still waiting: for network n to be there",)


def test_what_cannot_be_removed_says_so_in_the_engines_words():
    left = State.of([replace(WEB, key=Key("network", "shop_old"))])
    busy = Report((Entry("shop", "remove", "network", "shop_old", "waiting", "the engine says: in use"),))
    late = judged(State(), left, judged(State(), left, report=busy).progress, NOW + 61, busy)
    assert late.reasons == ("shop_old: still waiting: the engine says: in use",)


def test_progress_starts_the_clock_anew():
    two = State.of([WEB, service("db")])
    neither = judged(two, State.of(two, tasks=()))
    one = judged(two, State.of(two, tasks=(task("shop_web"),)), neither.progress, NOW + 50)
    assert one.progress.since == NOW + 50
    assert judged(two, State.of(two, tasks=(task("shop_web"),)), one.progress, NOW + 100).outcome == "pending"


def test_a_refusal_fails_at_once():
    refused = Report((Entry("shop", "create", "network", "shop_sibling", "failed", "it is not ours"),))
    found = judged(State.of([WEB]), STUCK, report=refused)
    assert found.outcome == "failed"
    assert found.reasons == ("create network shop_sibling: it is not ours",)


def test_an_update_that_the_engine_gave_up_fails_at_once():
    paused = State.of(
        [service("web", update="paused", message="too many failures")], tasks=(task("shop_web"),)
    )
    found = judged(State.of([WEB]), paused)
    assert found.outcome == "failed"
    assert "too many failures" in found.reasons[0]


def test_what_is_written_at_this_moment_gets_its_chance_first():
    paused = State.of([service("web", update="paused", message="no")], tasks=(task("shop_web"),))
    wished = State.of([replace(WEB, spec={"Mode": {"Replicated": {"Replicas": 2}}})])
    assert judged(wished, paused).outcome == "pending"


def test_a_failure_that_another_looks_after_is_not_told_before_that_one_tells_it():
    """An update that stopped may be that of the revision before."""
    theirs = service("db", path=ORDERS, owner=ORDERS, update="paused", message="no")
    observed = State.of([WEB, theirs], tasks=(task("shop_web"), task(theirs.name)))
    step = plan(State.of([WEB]), observed, SHOP, NOW)
    found = verdict.judge(State.of([WEB]), observed, step, Report(), None, NOW, 60.0, [theirs])
    assert found.outcome == "pending"
    late = verdict.judge(State.of([WEB]), observed, step, Report(), found.progress, NOW + 61, 60.0, [theirs])
    assert (late.outcome, len(late.reasons)) == ("failed", 1)


def child(outcome, report="{}"):
    body = {"format": 1}
    made = make(State(), ORDERS, body, cause=PARENT, origin="shop.r1", author="")
    return made.with_labels(**{names.LABEL_OUTCOME: outcome, names.LABEL_REPORT: report})


ADMIN = service("admin", ORDERS)
SLOW = {"name": "orders", "services": {"api": {"image": "api"}}}


API = service("api", ORDERS, ORDERS)
AT_WORK = State.of([ADMIN, child("pending"), API], tasks=(task("shop_orders_admin"),))


def test_a_child_at_work_is_waited_for_longer_than_it_waits_itself_and_not_for_ever():
    first = judged(AT_WORK, AT_WORK, patience=5.0)
    assert judged(AT_WORK, AT_WORK, first.progress, NOW + 119, patience=5.0).outcome == "pending"
    late = judged(AT_WORK, AT_WORK, first.progress, NOW + 121, patience=5.0)
    assert late.outcome == "failed"


def test_a_controller_that_runs_and_says_nothing_is_named():
    wished = State.of([ADMIN, child("pending")])
    found = State.of(wished, tasks=AT_WORK.tasks)
    late = judged(wished, found, judged(wished, found).progress, NOW + 121)
    assert late.reasons == ("shop/orders: its controller runs and says nothing; its log may tell why",)


def test_what_a_child_gets_done_is_progress():
    first = judged(AT_WORK, AT_WORK)
    more = replace(AT_WORK, tasks=(*AT_WORK.tasks, task("shop_orders_api")))
    assert judged(more, more, first.progress, NOW + 100).progress.since == NOW + 100


def test_a_child_may_take_as_long_as_its_definition_says():
    body = {"format": 1, "parameters": {}, "environment": {}, "definition": {**SLOW, "deadline": "10m"}}
    slow = make(State(), ORDERS, body, cause=PARENT, origin="shop.r1", author="")
    found = State.of([ADMIN, slow], tasks=AT_WORK.tasks)
    first = judged(found, found)
    assert judged(found, found, first.progress, NOW + 600).outcome == "pending"
    assert judged(found, found, first.progress, NOW + 661).outcome == "failed"


def test_to_come_back_to_where_one_was_is_no_progress():
    two = State.of([WEB, service("db")])
    up, down = State.of(two, tasks=(task("shop_web"),)), State.of(two)
    found = judged(two, down)
    for moment in range(1, 8):
        found = judged(two, (down, up)[moment % 2], found.progress, NOW + 12 * moment)
    assert (found.outcome, found.progress.since) == ("failed", NOW + 12)


def test_once_all_was_well_the_clock_starts_anew():
    first = judged(State.of([WEB]), STUCK)
    well = judged(State.of([WEB]), RUNNING, first.progress, NOW + 50)
    assert judged(State.of([WEB]), STUCK, well.progress, NOW + 100).progress.since == NOW + 100


def test_a_child_without_a_controller_fails_its_parent_in_the_end():
    found = State.of([ADMIN, child("pending")])
    first = judged(found, found)
    late = judged(found, found, first.progress, NOW + 61)
    assert late.outcome == "failed"
    assert late.reasons[0].startswith("shop/orders/admin: ")


def test_a_childs_reasons_are_its_parents():
    failed = child("failed", '{"reasons": ["shop/orders/api: exit code 1"]}')
    found = State.of([ADMIN, failed], tasks=(task("shop_orders_admin"),))
    assert judged(found, found).reasons == ("shop/orders/api: exit code 1",)


def test_patience_is_as_long_as_the_slowest_health_check_may_take():
    check = {
        "Test": ["CMD", "x"],
        "Interval": 5 * 10**9,
        "Timeout": 5 * 10**9,
        "Retries": 4,
        "StartPeriod": 20 * 10**9,
    }
    spec = {"TaskTemplate": {"ContainerSpec": {"Healthcheck": check}}}
    slow = replace(WEB, spec=spec)
    assert verdict.patience(State.of([slow])) == verdict.GRACE + 20 + 4 * 10
    assert verdict.patience(State.of([slow]), 7.0) == 7.0


def test_a_controller_that_cannot_start_is_lost_after_a_while_and_one_that_runs_never():
    rejected = [replace(task("shop_orders_admin", "rejected", timestamp=NOW), id=str(n)) for n in range(3)]
    assert verdict.lost(State.of([ADMIN], tasks=tuple(rejected)), ORDERS, NOW)
    assert not verdict.lost(State.of([ADMIN], tasks=tuple(rejected[:1])), ORDERS, NOW)
    assert not verdict.lost(State.of([replace(ADMIN, created=NOW - 5)], tasks=tuple(rejected)), ORDERS, NOW)
    assert not verdict.lost(State.of([ADMIN], tasks=(task("shop_orders_admin"),)), ORDERS, NOW)
    assert not verdict.lost(State(), ORDERS, NOW)


def test_a_controller_that_has_waited_for_long_is_lost():
    waiting = task("shop_orders_admin", "pending", timestamp=NOW - 61)
    assert verdict.lost(State.of([ADMIN], tasks=(waiting,)), ORDERS, NOW)


MONITORED = {"UpdateConfig": {"Monitor": 5 * 10**9}}
YOUNG = replace(WEB, spec=MONITORED)


def ran(seconds, *lost, spec=MONITORED):
    """A service whose task has run for so long; ``lost`` are the ages of those before it that failed."""
    web = replace(WEB, spec=spec)
    ended = (
        replace(
            task(web.name, "failed", error="task: non-zero exit (1)", timestamp=NOW - age),
            id=f"f{age}",
            desired="shutdown",
        )
        for age in lost
    )
    return State.of([web], tasks=(task(web.name, timestamp=NOW - seconds), *ended))


def test_a_new_task_without_a_health_check_has_to_last_as_long_as_updates_are_watched():
    assert judged(State.of([YOUNG]), ran(3.0)).outcome == "pending"
    assert judged(State.of([YOUNG]), ran(5.5)).outcome == "converged"


def test_a_task_that_shows_its_health_has_only_to_be_found_by_the_gateways():
    spec = {**MONITORED, "TaskTemplate": {"ContainerSpec": {"Healthcheck": {"Test": ["CMD", "x"]}}}}
    wished = replace(WEB, spec=spec)
    assert judged(State.of([wished]), ran(2.5, spec=spec)).outcome == "converged"
    assert judged(State.of([wished]), ran(2.5, 4.0, spec=spec)).outcome == "pending"


def test_after_a_failure_a_task_has_to_last_longer():
    assert judged(State.of([YOUNG]), ran(8.0, 9.0)).outcome == "pending"
    assert judged(State.of([YOUNG]), ran(10.5, 12.0)).outcome == "converged"


def test_a_crash_loop_never_converges_however_one_looks_and_fails_in_the_end():
    """A program that ends every three seconds: found running, found missing, in turn."""
    found, outcomes = None, set()
    for second in range(130):
        now = NOW + second
        life = second % 4
        observed = ran(life, 4.0 + life) if life < 3 else State.of([YOUNG], tasks=ran(0, 1.0).tasks[1:])
        moved = replace(
            observed, tasks=tuple(replace(t, timestamp=t.timestamp + second) for t in observed.tasks)
        )
        found = judged(State.of([YOUNG]), moved, found and found.progress, now)
        outcomes.add(found.outcome)
        if found.outcome == "failed":
            break
    assert outcomes == {"pending", "failed"}
    assert "non-zero exit (1)" in found.reasons[0]


def test_a_missing_image_is_a_verdict_after_the_third_rejection():
    lost = [
        replace(
            task("shop_web", "rejected", error="No such image: nope:1", timestamp=NOW - age),
            id=str(age),
            desired="shutdown",
        )
        for age in (1.0, 6.0, 11.0)
    ]
    begun = judged(State.of([WEB]), State.of([WEB]), now=NOW - 20).progress
    found = judged(State.of([WEB]), State.of([WEB], tasks=tuple(lost)), begun)
    assert found.outcome == "failed"
    assert found.reasons[0].startswith(
        "shop/web: task 1 on node rejected: No such image: nope:1; push the image"
    )
    twice = State.of([WEB], tasks=tuple(lost[:2]))
    assert judged(State.of([WEB]), twice, begun).outcome == "pending"


def test_an_impossible_constraint_is_borne_for_half_the_time():
    words = "no suitable node (scheduling constraints not satisfied on 1 node)"
    held = State.of([WEB], tasks=(task("shop_web", "pending", error=words),))
    first = judged(State.of([WEB]), held)
    assert judged(State.of([WEB]), held, first.progress, NOW + 29).outcome == "pending"
    late = judged(State.of([WEB]), held, first.progress, NOW + 31)
    assert late.outcome == "failed"
    assert "docker node inspect" in late.reasons[0]


def test_each_task_that_an_update_replaces_is_progress():
    web = service("web", wanted=3, update="updating")
    old = [replace(task(web.name), id=f"o{n}", slot=str(n), current=False) for n in range(3)]
    new = [replace(task(web.name), id=f"n{n}", slot=str(n)) for n in range(3)]
    wished, found = State.of([WEB]), None
    for number in range(3):
        observed = State.of([web], tasks=(*new[:number], *old[number:]))
        found = judged(wished, observed, found and found.progress, NOW + 50 * number)
        assert found.outcome == "pending"


def test_patience_knows_the_rests_of_an_update():
    slow = replace(WEB, spec={"UpdateConfig": {"Delay": 30 * 10**9, "Monitor": 5 * 10**9}})
    assert verdict.patience(State.of([slow])) == verdict.GRACE + 35
