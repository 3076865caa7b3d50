"""What the view draws of a tree: stacks, interfaces, networks, members, and nothing from above."""

from __future__ import annotations

import pytest

from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Key
from ailtire_deploy.views import topologies
from ailtire_deploy.views.topologies import Topology
from tests.household import Household, entry

SHOP = StackPath(("shop",))
DEFINITION = {
    "version": "1.4.0",
    "parameters": {
        "replicas": {"type": "integer", "default": 2, "minimum": 1, "description": "How many"},
        "tag": {"type": "string", "default": "1"},
    },
    "services": {
        "web": {"image": "web:{{ tag }}", "interface": {"/": {"port": 8080}}, "egress": True},
        "orders": {
            "type": "stack",
            "interface": {"/orders": {"path": "/v1"}},
            "definition": {"services": {"api": {"image": "api:1", "interface": {"/v1": {"port": 80}}}}},
        },
    },
    "gateway": {"publish": [8090]},
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Household:
    made = Household(tmp_path_factory.mktemp("house"))
    made.apply(entry(DEFINITION, tag="7"))
    made.settle()
    return made


def drawn(house: Household, path: StackPath = SHOP) -> Topology:
    return topologies.as_json(house.engine.observe(SHOP), path)


def members(found: Topology) -> dict[tuple[str, str], list[str]]:
    return {(each["stack"], each["kind"]): each["members"] for each in found["networks"]}


def test_every_network_is_shown_with_those_who_stand_on_it(house: Household) -> None:
    assert members(drawn(house)) == {
        ("shop", "edge"): ["shop/edge"],
        ("shop", "family"): ["shop/admin", "shop/edge", "shop/gateway"],
        ("shop", "sibling"): ["shop/gateway", "shop/web"],
        ("shop", "egress"): ["shop/web"],
        ("shop/orders", "family"): ["shop/gateway", "shop/orders/admin", "shop/orders/gateway"],
        ("shop/orders", "sibling"): ["shop/orders/api", "shop/orders/gateway"],
    }


def test_a_child_is_shown_nothing_of_what_is_above_it(house: Household) -> None:
    found = drawn(house, SHOP / "orders")
    assert found["stack"] == "shop/orders"
    assert [each["path"] for each in found["stacks"]] == ["shop/orders"]
    assert all(m.startswith("shop/orders/") for each in found["networks"] for m in each["members"])


def test_only_ways_out_and_the_edge_are_not_internal(house: Household) -> None:
    open_ones = {each["kind"] for each in drawn(house)["networks"] if not each["internal"]}
    assert open_ones == {"edge", "egress"}


def test_the_interface_says_who_answers_where(house: Household) -> None:
    shop, orders = drawn(house)["stacks"]
    assert [(each["prefix"], each["service"], each["type"], each["port"]) for each in shop["interface"]] == [
        ("/", "web", "Service", 8080),
        ("/orders", "orders", "Stack", None),
    ]
    assert (shop["version"], shop["publishes"], orders["publishes"]) == ("1.4.0", [8090], [])
    assert [each["prefix"] for each in orders["interface"]] == ["/v1"]


def test_parameters_come_with_their_bounds_and_what_they_are_now(house: Household) -> None:
    replicas, tag = drawn(house)["stacks"][0]["parameters"]
    assert (replicas["name"], replicas["value"], replicas["minimum"]) == ("replicas", 2, 1)
    assert (tag["value"], tag["default"], tag["type"]) == ("7", "1", "string")


def test_a_revision_that_cannot_be_read_leaves_the_networks(house: Household) -> None:
    observed = house.engine.observe(SHOP)
    left = {key: each for key, each in observed.resources.items() if key != Key("config", "shop.r1")}
    found = topologies.as_json(type(observed)(left), SHOP)
    assert found["stacks"][0]["interface"] == []
    assert members(found) == members(drawn(house))
