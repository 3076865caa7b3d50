"""Releases on whole trees, with the real launcher and the real controllers, on the model of the engine."""

from __future__ import annotations

import random
import re
from copy import deepcopy

import pytest

from ailtire_deploy import closing, names, revisions
from ailtire_deploy.maintenance import Wish
from ailtire_deploy.model import WHOLE, Closed
from ailtire_deploy.names import StackPath
from ailtire_deploy.releases import asking, stages
from ailtire_deploy.releases.course import DRAIN
from ailtire_deploy.state import Key
from ailtire_deploy.traffic import Counters
from tests.fakes import Crash
from tests.household import Household, entry, plain

SHOP = StackPath(("shop",))
WEB, NEXT = Key("service", "shop_web"), Key("service", "shop_web__next")
CANARY = {
    "type": "canary",
    "steps": [{"weight": 5, "pause": "10s"}, {"weight": 50, "pause": "20s"}],
    "abort_if": {"errors": "1%", "slower_than": {"500ms": "1%"}},
}
FLIP = {"type": "blue-green", "pause": "30s"}
WEIGHT = re.compile(r"str\(web\.next\) if \{ var\(txn\.back\) -m str web \}(?: \{ rand\(100\) lt (\d+) \})?")


def shop(word="one", way=CANARY, replicas=4, **more):
    web = plain(
        interface={"/": {"port": 8080}},
        strategy=way,
        deploy={"replicas": replicas},
        environment={"WORD": word},
        **more.pop("web", {}),
    )
    return entry({"name": "shop", "services": {"web": web}, **more})


@pytest.fixture
def house(tmp_path):
    return Household(tmp_path)


def weight(house):
    """Which part of the requests goes to the candidate, as the gateway is told."""
    text = house.loops[SHOP].offers._files["gateway"]["haproxy.cfg"]
    found = WEIGHT.search(text)
    assert ("backend web.next" in text) == ("txn.back" in text)
    return int(found[1] or 100) if found else 0


def word(house, key):
    each = house.engine.objects.get(key)
    return (
        dict(v.partition("=")[::2] for v in each.spec["TaskTemplate"]["ContainerSpec"]["Env"])["WORD"]
        if each
        else ""
    )


def size(house, key):
    each = house.engine.objects.get(key)
    return each.spec["Mode"]["Replicated"]["Replicas"] if each else 0


def begun(house, *args, **more):
    """An apply that waits for nothing: the release has only begun."""
    return house.apply(shop(*args, **more), wait=False)


def stage(house, service="web"):
    last = revisions.newest(house.engine.observe(SHOP), SHOP)
    return stages.read(last.found).get(service)


def until(house, phase, step=0, rounds=100):
    for _ in range(rounds):
        found = stage(house)
        if found and (found.phase, found.step) == (phase, step):
            return found
        house.live()
    raise AssertionError(f"never {phase} {step}: {stage(house)}")


def ask(house, what, service="web"):
    observed = house.engine.observe(SHOP)
    wish = asking.asked(observed, SHOP, service, what, "anna")
    house.engine.update(wish, observed.resources[wish.key])


def count(house, requests, errors=0, slow=0):
    """What the gateway's agents count from here on."""
    house.loops[SHOP].offers.traffic = {"web.next": Counters(requests, errors, slow={500: slow})}


def hasten(house, seconds=5.0):
    """Let each round take longer: what lasts for minutes need not take hundreds of rounds."""
    original = house.live
    house.live = lambda passed=1.0: original(seconds)


def outcomes(house):
    return [(each.number, each.outcome) for each in revisions.history(house.engine.observe(SHOP), SHOP)]


@pytest.mark.parametrize("phase", ["holding", "leaving", "draining"])
def test_a_stack_that_is_closed_meanwhile_goes_on_with_its_release(house, phase):
    house.apply(shop())
    begun(house, "two")
    until(house, "holding")
    if phase != "holding":
        ask(house, stages.ABORT)
        until(house, phase)
    observed = house.engine.observe(SHOP)
    house.engine.create(closing.draft(observed, SHOP, Wish(WHOLE, Closed()), "anna"))
    house.settle(130)
    assert NEXT not in house.engine.objects
    assert word(house, WEB) == ("two" if phase == "holding" else "one")
    assert outcomes(house)[0][1] == "converged"
    written = len(house.engine.writes)
    house.settle(20)
    assert len(house.engine.writes) == written


def test_a_first_deployment_needs_no_release(house):
    assert house.apply(shop()).verdict == "converged"
    assert NEXT not in house.engine.objects
    assert stage(house) is None


def test_a_canary_goes_step_by_step_and_leaves_nothing_behind(house):
    house.apply(shop())
    begun(house, "two")
    seen = []
    for _ in range(200):
        house.live()
        now = (weight(house), size(house, NEXT), word(house, NEXT), word(house, WEB))
        if not seen or seen[-1] != now:
            seen.append(now)
    assert seen == [
        (0, 0, "", "one"),
        (0, 1, "two", "one"),
        (5, 1, "two", "one"),
        (5, 2, "two", "one"),
        (50, 2, "two", "one"),
        (50, 4, "two", "one"),
        (100, 4, "two", "one"),
        (100, 4, "two", "two"),
        (0, 4, "two", "two"),
        (0, 0, "", "two"),
    ]
    assert outcomes(house)[0] == (2, "converged")


def test_apply_waits_for_a_release_and_a_second_one_does_nothing(house):
    house.apply(shop())
    began = house.time
    assert house.apply(shop("two")).verdict == "converged"
    assert house.time - began > 10 + 20 + 20 + DRAIN
    writes = list(house.engine.writes)
    assert house.apply(shop("two")).verdict == "converged"
    house.settle(5)
    assert house.engine.writes == writes


def test_more_replicas_need_no_candidate(house):
    house.apply(shop())
    assert house.apply(shop(replicas=6)).verdict == "converged"
    assert not [each for each in house.engine.writes if "__next" in each]


def test_a_canary_with_errors_is_stopped_at_its_first_step(house):
    house.apply(shop())
    begun(house, "two")
    until(house, "holding")
    count(house, 60, 1)
    house.live()
    assert weight(house) == 5, "one error among the first requests says nothing yet"
    count(house, 80, 3)
    house.live()
    house.live()
    assert weight(house) == 0
    house.settle(30)
    assert NEXT not in house.engine.objects
    assert word(house, WEB) == "one"
    assert outcomes(house) == [(3, "converged"), (2, "failed"), (1, "converged")]


def test_the_apply_that_waits_hears_why(house):
    house.apply(shop())
    original = house.live

    def live(seconds=1.0):
        original(seconds)
        if (found := stage(house)) and found.phase == "holding":
            count(house, 200, slow=9)

    house.live = live
    recap = house.apply(shop("two"))
    assert (recap.verdict, recap.exit_code) == ("rolled back", 5)
    said = "9 of 200 requests to the new version took longer than 500 ms, more than 1 %"
    assert recap.reasons == (f"shop/web: canary aborted at 5 %: {said}",)
    assert outcomes(house) == [(3, "converged"), (2, "failed"), (1, "converged")]
    assert (word(house, WEB), NEXT in house.engine.objects) == ("one", False)
    assert "update service shop_web" not in " ".join(house.engine.writes)


def test_blue_green_flips_and_flips_back(house):
    house.apply(shop(way=FLIP))
    begun(house, "two", FLIP)
    until(house, "holding")
    house.live()
    assert (weight(house), size(house, NEXT)) == (100, 4)
    ask(house, stages.ABORT)
    house.live()
    house.live()
    house.live()
    assert (weight(house), size(house, NEXT)) == (0, 4), "the candidate stays for what it began"
    house.settle(40)
    assert NEXT not in house.engine.objects
    assert word(house, WEB) == "one"
    assert outcomes(house) == [(3, "converged"), (2, "failed"), (1, "converged")]


def test_a_manual_release_waits_for_a_person_and_the_verdict_waits_with_it(house):
    way = {**FLIP, "promote": "manual"}
    house.apply(shop(way=way))
    begun(house, "two", way)
    until(house, "holding")
    hasten(house)
    house.settle(120)
    assert (weight(house), outcomes(house)[0]) == (0, (2, "pending"))
    ask(house, stages.PROMOTE)
    until(house, "holding", 1)
    house.live()
    assert weight(house) == 100
    house.settle(120)
    assert outcomes(house)[0] == (2, "converged")


def test_nobody_promotes_for_a_day(house):
    way = {**FLIP, "promote": "manual"}
    house.apply(shop(way=way))
    begun(house, "two", way)
    until(house, "holding")
    house.time += 24 * 3600
    house.settle(60)
    assert outcomes(house) == [(3, "converged"), (2, "failed"), (1, "converged")]
    assert word(house, WEB) == "one"


def test_to_promote_fully_skips_every_pause(house):
    house.apply(shop())
    begun(house, "two")
    until(house, "holding")
    ask(house, stages.FULLY)
    began = house.time
    until(house, "settling", 2)
    assert house.time - began < 30


def test_a_controller_that_was_killed_goes_on_at_the_same_step(house):
    house.apply(shop())
    begun(house, "two")
    before = until(house, "holding", 1)
    house.loops.clear()
    house.settle(5)
    assert stage(house) == before
    assert weight(house) == 50
    until(house, "growing", 2)
    assert 20 <= house.time - before.since < 23


def test_a_changed_wish_begins_anew_with_the_same_candidate(house):
    house.apply(shop())
    begun(house, "two")
    until(house, "holding", 1)
    house.live()
    assert weight(house) == 50
    begun(house, "three")
    house.settle(2)
    house.live()
    assert weight(house) == 0
    until(house, "holding")
    house.live()
    assert (weight(house), size(house, NEXT), word(house, NEXT), word(house, WEB)) == (5, 1, "three", "one")
    house.settle(150)
    assert (word(house, WEB), outcomes(house)[0]) == ("three", (3, "converged"))


def test_a_rollback_by_hand_is_quick_and_keeps_the_new_version_out_of_the_way(house):
    house.apply(shop())
    house.apply(shop("two"))
    draft, _ = house.launcher().plan_rollback(SHOP, 1)
    began = house.time
    assert house.launcher().carry_out(SHOP, draft, lambda observed: None).verdict == "converged"
    assert house.time - began < DRAIN + 40
    assert word(house, WEB) == "one"
    assert "create service shop_web__next" in house.engine.writes[-12:] or NEXT not in house.engine.objects


def test_a_candidate_that_never_runs_is_given_up_and_costs_nothing(house):
    house.apply(shop())
    house.engine.stuck.add(NEXT.name)
    recap = house.apply(shop("two"))
    assert (recap.verdict, recap.exit_code) == ("rolled back", 5)
    assert any("shop/web.next" in each for each in recap.reasons)
    assert (word(house, WEB), NEXT in house.engine.objects) == ("one", False)


def test_what_a_hand_changes_during_a_release_is_healed(house):
    house.apply(shop())
    begun(house, "two")
    until(house, "holding")
    for key in (WEB, NEXT):
        found = house.engine.observe(SHOP).resources[key]
        template = found.spec["TaskTemplate"]
        container = {**template["ContainerSpec"], "Env": ["WORD=hand"]}
        spec = {**found.spec, "TaskTemplate": {**template, "ContainerSpec": container}}
        house.engine.put(type(found)(key, spec, found.labels))
    assert {word(house, WEB), word(house, NEXT)} == {"hand"}
    house.live()
    assert (word(house, WEB), word(house, NEXT)) == ("one", "two")
    house.settle(150)
    assert outcomes(house)[0] == (2, "converged")


def test_a_candidate_without_tasks_gets_no_request(house):
    house.apply(shop())
    begun(house, "two")
    until(house, "holding", 1)
    house.live()
    house.engine.remove(house.engine.observe(SHOP).resources[NEXT])
    house.engine.lag = 5
    house.live()
    house.live()
    assert weight(house) == 0
    house.settle(20)
    assert weight(house) == 50


def test_with_pause_an_aborted_release_stays_as_it_was(house):
    quiet = {"strategy": {"on_failure": "pause"}}
    house.apply(shop(**quiet))
    begun(house, "two", **quiet)
    until(house, "holding")
    ask(house, stages.ABORT)
    house.settle(60)
    assert outcomes(house) == [(2, "failed"), (1, "converged")]
    assert (word(house, WEB), NEXT in house.engine.objects) == ("one", False)
    writes = list(house.engine.writes)
    house.settle(20)
    assert house.engine.writes == writes
    begun(house, "two", **quiet)
    until(house, "holding")


def test_a_service_that_left_and_a_stack_that_goes_take_the_candidate_with_them(house):
    house.apply(shop())
    begun(house, "two")
    until(house, "holding")
    house.loops.clear()
    other = deepcopy(house)
    house.apply(entry({"name": "shop", "services": {"desk": plain()}}))
    assert not {WEB, NEXT} & house.engine.objects.keys()
    other.shutdown("shop")
    assert not other.names("service")


def test_a_child_releases_its_services_and_its_parent_waits(house):
    def tree(word):
        web = plain(
            interface={"/": {"port": 8080}}, strategy={**FLIP, "pause": "10m"}, environment={"WORD": word}
        )
        child = {"name": "orders", "services": {"web": web}}
        kid = {"type": "stack", "definition": child, "interface": {"/orders": {}}}
        return entry({"name": "shop", "services": {"orders": kid}})

    house.apply(tree("one"))
    hasten(house)
    began = house.time
    recap = house.apply(tree("two"))
    assert recap.verdict == "converged", recap.reasons
    assert house.time - began > 600


def test_what_is_asked_names_what_is_there(house):
    house.apply(shop())
    observed = house.engine.observe(SHOP)
    assert asking.place(observed, SHOP / "web") == (SHOP, "web")
    assert asking.place(observed, SHOP) == (SHOP, "")
    from ailtire_deploy.errors import Busy, NotFound

    with pytest.raises(NotFound, match="no release is on in shop/web"):
        ask(house, stages.PROMOTE)
    begun(house, "two")
    until(house, "holding")
    with pytest.raises(NotFound, match="one is on in shop/web"):
        ask(house, stages.PROMOTE, "desk")
    ask(house, stages.FULLY, "")
    until(house, "settling", 2)
    with pytest.raises(Busy, match="too late"):
        ask(house, stages.ABORT)


def struck(house, number):
    """Whoever makes the write of that number dies, before or after it by turns; tells whether that was."""
    first, done = house.engine.attempts, []

    def strike(now):
        if now - first == number and not done:
            done.append(now)
            raise Crash

    house.chance = random.Random(number)
    if number % 2:
        house.engine.before = strike
    else:
        house.engine.after = strike
    return done


def test_a_crash_at_any_write_of_a_release_is_mended(tmp_path):
    house = Household(tmp_path)
    house.apply(shop(way=FLIP))
    house.loops.clear()
    for number in range(1, 100):
        each = deepcopy(house)
        done = struck(each, number)
        try:
            recap = each.apply(shop("two", FLIP))
        except Crash:
            recap = each.apply(shop("two", FLIP))
        assert recap.verdict == "converged", (number, recap.reasons)
        assert (word(each, WEB), NEXT in each.engine.objects) == ("two", False)
        if not done:
            break
    assert number > 8


def test_names_of_candidates_meet_no_other():
    assert names.candidate_service(SHOP, "web") == "shop_web__next"
    assert len(names.candidate_service(StackPath(("a" * 40,)), "b" * 40)) <= 63


def test_a_plan_tells_the_whole_course_and_is_what_happens(house):
    house.apply(shop())
    plans = house.launcher().plan(shop("two"))
    ops = {str(each.key): each for each in plans[SHOP].operations}
    assert sorted(ops) == ["service shop_web", "service shop_web__next"]
    course = "canary: 5 % for 10s, then 50 % for 20s, then 100 % for 20s"
    made, updated = ops["service shop_web__next"], ops["service shop_web"]
    assert made.cause == f"beside shop_web for its {course}; then that is updated, and this one goes"
    assert (made.verb, made.ready, updated.waiting) == ("create", True, f"its {course}")
    assert any("WORD" in str(each) for each in updated.changes)
    begins = len(house.engine.writes)
    house.apply(shop("two"))
    own = [each for each in house.engine.writes[begins:] if "config" not in each]
    assert own == [
        "create service shop_web__next",
        "update service shop_web__next",
        "update service shop_web__next",
        "update service shop_web",
        "remove service shop_web__next",
    ]
    configs = [each for each in house.engine.writes[begins:] if each.startswith("create config")]
    assert configs == ["create config shop.r2"], "weights are told to agents, and stand in no config"


def broken(house, key):
    """The tasks of a service end, and no new one starts."""
    house.engine.stuck.add(key.name)
    house.live()


def test_a_candidate_that_shall_go_serves_on_while_the_service_has_no_task(house):
    house.apply(shop(way=FLIP))
    begun(house, "two", FLIP)
    until(house, "holding")
    house.live()
    broken(house, WEB)
    ask(house, stages.ABORT)
    house.settle(30)
    assert (weight(house), NEXT in house.engine.objects) == (100, True)
    house.engine.stuck.clear()
    house.settle(60)
    assert (NEXT in house.engine.objects, word(house, WEB)) == (False, "one")


def test_what_the_engine_gave_up_is_updated_without_a_candidate(house):
    house.apply(shop())
    found = house.engine.objects[WEB]
    house.engine.objects[WEB] = type(found)(
        *(found.key, found.spec, {**found.labels, names.LABEL_HASH: "other"}),
        version=found.version,
        created=found.created,
        facts={**found.facts, "update": "paused"},
    )
    house.apply(shop("two"))
    assert word(house, WEB) == "two"
    assert not [each for each in house.engine.writes if "__next" in each]
