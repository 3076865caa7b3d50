"""A stack's own network: what may be said of it, what other options come to, and whether its tasks fit."""

from __future__ import annotations

import random

import pytest

from ailtire_deploy import pruning, render, specs, topology
from ailtire_deploy.errors import Refused
from ailtire_deploy.model import Site
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import addresses
from ailtire_deploy.state import Key, Resource, State
from tests.definitions import problems, stack
from tests.fakes import Crash
from tests.household import Household, entry, plain

SHOP = StackPath(("shop",))
ONE, TWO = {"subnet": "10.20.0.0/24"}, {"subnet": "10.21.0.0/22"}


@pytest.fixture
def house(tmp_path):
    return Household(tmp_path)


def tree(network=None, inner=None, replicas=2, **more):
    child = {"name": "inner", "services": {"b": plain()}, **({"network": inner} if inner else {})}
    services = {
        "a": plain(deploy={"replicas": replicas}),
        "inner": {"type": "stack", "definition": child},
    }
    own = {"network": network} if network else {}
    return entry({"name": "shop", "services": services, **own, **more})


def networks(house):
    return [each for each in house.names("network") if "sibling" in each]


def errors(house, wished):
    plans = house.launcher().plan(wished).values()
    return [each.error for plan in plans for each in plan.operations if each.error]


@pytest.mark.parametrize(
    ("subnet", "said"),
    [
        ("10.20.0.1/24", "is an address within 10.20.0.0/24"),
        ("10.20.0.0/30", "/16 to /29"),
        ("10.0.0.0/8", "/16 to /29"),
        ("8.8.8.0/24", "belong to others"),
        ("300.1.1.0/24", "not a range"),
        ("ten", "a subnet looks like"),
    ],
)
def test_a_subnet_that_cannot_be_is_refused_with_what_it_should_be(subnet, said):
    (problem,) = problems(f"network: {{subnet: {subnet}}}\nservices: {{a: {{image: a}}}}")
    assert said in str(problem)


@pytest.mark.parametrize("key", ["ipam", "gateway", "ip_range", "driver_opts"])
def test_what_compose_says_of_a_network_is_refused_with_the_way_to_say_it(key):
    (problem,) = problems(f"network: {{{key}: {{}}}}\nservices: {{a: {{image: a}}}}")
    assert f"network.{key}" in str(problem)


def test_a_network_is_rendered_with_its_options_under_a_name_of_their_own():
    made = stack("network: {subnet: 10.20.0.0/22, mtu: 1350}\nservices: {a: {image: a}}")
    artifacts = render.render(made, topology.decide(made), Site("x"), {})
    (own,) = (each for each in specs.resources(made, artifacts, {}) if each.kind == "network")
    assert own.name.startswith("shop_sibling-") and own.facts["subnets"] == ("10.20.0.0/22",)
    assert own.spec["Options"] == {"com.docker.network.driver.mtu": "1350"}
    assert '"subnet": "10.20.0.0/22"' in artifacts.compose


def test_without_options_a_network_keeps_its_plain_name():
    made = stack("network: {}\nservices: {a: {image: a}}")
    assert [each.name for each in topology.decide(made).networks if each.key == "sibling"] == ["shop_sibling"]


def test_changed_options_replace_the_network_and_the_plan_says_how_many_tasks_restart(house):
    house.apply(tree(ONE))
    (before,) = (each for each in networks(house) if "inner" not in each)
    plan = house.launcher().plan(tree(TWO))[SHOP]
    (made,) = (each for each in plan.operations if each.verb == "create" and each.key.kind == "network")
    assert made.impact == "replace network (3 task restarts)"  # two of a, and the gateway
    assert made.cause == f"takes the place of {before}"
    (gone,) = (each for each in plan.operations if each.verb == "remove" and each.key.kind == "network")
    assert gone.key.name == before and "service shop_a to let go of it" in gone.waiting
    house.apply(tree(TWO))
    house.settle()
    assert networks(house) == ["shop_inner_sibling", made.key.name]
    written = len(house.engine.writes)
    house.apply(tree(TWO))
    assert len(house.engine.writes) == written


@pytest.mark.parametrize("call", range(1, 12))
def test_a_replacement_that_is_cut_off_anywhere_is_finished_by_the_next_rounds(tmp_path, call):
    house = Household(tmp_path, random.Random(call))
    house.apply(tree(ONE))
    begun = house.engine.attempts

    def crash(number):
        if number == begun + call:
            raise Crash

    house.engine.before = crash
    try:
        house.apply(tree(TWO))
    except Crash:
        house.apply(tree(TWO))
    house.settle()
    assert len(networks(house)) == 2
    assert house.engine.objects[Key("network", networks(house)[1])].facts["subnets"] == ("10.21.0.0/22",)


def test_two_networks_of_a_tree_that_overlap_are_refused_by_both_names(house):
    (error,) = errors(house, tree(ONE, inner={"subnet": "10.20.0.128/25"}))
    assert "10.20.0.128/25 overlaps 10.20.0.0/24 of the network shop_sibling-" in error
    with pytest.raises(Refused, match="shop/inner: its subnet"):
        pruning.refuse_hopeless(house.launcher().plan(tree(ONE, inner={"subnet": "10.20.0.128/25"})).values())
    assert house.engine.writes == []


def test_a_network_of_a_stranger_that_overlaps_is_named(house):
    house.engine.put(Resource(Key("network", "theirs"), facts={"subnets": ("10.20.0.0/16",)}))
    (error,) = errors(house, tree(ONE))
    assert "overlaps 10.20.0.0/16 of the network theirs" in error


def test_the_same_subnet_with_another_mtu_is_refused_while_the_first_is_there(house):
    house.apply(tree(ONE))
    (error,) = errors(house, tree({**ONE, "mtu": 1350}))
    assert "overlaps" in error and "choose another" in error


def test_more_tasks_than_addresses_are_refused_with_a_larger_subnet(house):
    found = set(errors(house, tree(replicas=300)))
    (said,) = found
    assert said.startswith("the network shop_sibling has 253 addresses, and its tasks need up to 304")
    assert "10.…/23" in said
    assert not errors(house, tree(TWO, replicas=300))


def test_a_network_that_is_nearly_full_is_told_of(house):
    (note,) = house.launcher().plan(tree(replicas=240))[SHOP].notes
    assert "network shop_sibling is nearly full: 244 of 253" in note
    assert house.launcher().plan(tree(replicas=200))[SHOP].notes == ()


@pytest.mark.parametrize(
    ("spec", "nodes", "most"),
    [
        ({"EndpointSpec": {"Mode": "dnsrr"}, "Mode": {"Replicated": {"Replicas": 4}}}, 3, 4),
        ({"Mode": {"Replicated": {"Replicas": 4}}}, 3, 5),
        ({"EndpointSpec": {"Mode": "dnsrr"}, "Mode": {"Global": {}}}, 3, 3),
        ({"UpdateConfig": {"Order": "start-first", "Parallelism": 2}}, 1, 3),
        ({"UpdateConfig": {"Order": "start-first", "Parallelism": 0},
          "Mode": {"Replicated": {"Replicas": 4}}}, 1, 9),
    ],
)  # fmt: skip
def test_a_service_takes_an_address_a_task_and_more_in_an_update(spec, nodes, most):
    assert addresses.most(Resource(Key("service", "a"), spec), nodes) == most


def test_each_node_takes_an_address_for_its_balancer():
    network = Resource(Key("network", "n"), facts={"subnets": ("10.9.0.0/29",)})
    spec = {"TaskTemplate": {"Networks": [{"Target": "n"}]}, "EndpointSpec": {"Mode": "dnsrr"}}
    desired = State.of([network, Resource(Key("service", "a"), spec)])
    assert addresses.demands(desired, State(nodes=3)) == {network.key: (4, 5)}


@pytest.mark.parametrize("condition", ["started", "completed"])
def test_a_dependency_on_a_service_without_replicas_is_refused(condition):
    (problem,) = problems(
        f"services: {{a: {{image: a, depends_on: {{b: {{condition: {condition}}}}}}}, "
        "b: {image: b, deploy: {replicas: 0, restart_policy: {condition: none}}}}"
    )
    assert f"b has no replicas, so it is never {condition}" in str(problem)


def test_a_controller_does_not_make_what_cannot_be_and_says_why(house):
    house.engine.put(Resource(Key("network", "theirs"), facts={"subnets": ("10.20.0.0/16",)}))
    told = house.apply(tree(ONE))
    assert told.verdict == "failed"
    assert any("overlaps 10.20.0.0/16 of the network theirs" in each for each in told.reasons)
    assert not [each for each in networks(house) if "inner" not in each]
