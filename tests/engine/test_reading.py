"""What the engine lists, read without an engine."""

from __future__ import annotations

from typing import Any

import pytest

from ailtire_deploy.engine.reading import is_ours, read
from ailtire_deploy.engine.tasks import Places, task
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Key, Resource

SHOP = StackPath(("shop",))
OURS = {"ailtire.root": "shop", "ailtire.owner": "shop", "ailtire.path": "shop/orders"}
PLACES = Places({"s1": "shop_web"}, {"n1": "one", "n2": "two"}, frozenset({"n2"}), {"s1": {"ForceUpdate": 0}})

NETWORK: dict[str, Any] = {
    "Name": "shop_sibling",
    "Id": "abc",
    "Created": "2026-11-22T20:24:41.45290931Z",
    "Scope": "swarm",
    "Driver": "overlay",
    "EnableIPv6": False,
    "IPAM": {
        "Driver": "default",
        "Options": None,
        "Config": [{"Subnet": "10.0.1.0/24", "Gateway": "10.0.1.1"}],
    },
    "Internal": True,
    "Ingress": False,
    "Containers": None,
    "Options": {"com.docker.network.driver.overlay.vxlanid_list": "4097"},
    "Labels": None,
}


def raw_task(**rest: Any) -> dict[str, Any]:
    status = {"State": rest.pop("state", "running"), "Timestamp": "2026-11-22T20:24:42.968092255Z"}
    return {"ID": "t1", "ServiceID": "s1", "NodeID": "n1", "Slot": 1, "Status": status, **rest}


def test_what_the_engine_chose_for_a_network_is_no_part_of_its_spec() -> None:
    (found,) = read("network", [NETWORK])
    assert found.resource.spec == {"Driver": "overlay", "Internal": True}
    assert found.resource.facts["subnets"] == ("10.0.1.0/24",)
    assert found.resource.created == pytest.approx(1795379081.45290931, abs=1e-5)


def test_a_network_without_addresses_yet_has_no_subnets() -> None:
    (found,) = read("network", [{**NETWORK, "Driver": "", "IPAM": {"Driver": "default", "Config": None}}])
    assert found.resource.facts["subnets"] == ()
    assert found.resource.spec["Driver"] == "overlay", "it is no other network than the one that was wished"


def test_local_copies_of_networks_that_left_the_swarm_are_passed_over() -> None:
    left = {"Containers": {}, "Peers": [{"Name": "x", "IP": "10.0.0.1"}]}
    assert read("network", [{**NETWORK, **left}, {**NETWORK, "Containers": {"c": {}}}]) == []


@pytest.mark.parametrize(
    ("labels", "ours"),
    [
        (OURS, True),
        ({**OURS, "ailtire.owner": "-"}, True),
        ({**OURS, "ailtire.owner": "shop/orders"}, True),
        ({}, False),
        ({"ailtire.root": "shop"}, False),
        ({**OURS, "ailtire.root": "other"}, False),
        ({**OURS, "ailtire.owner": "shop/orders/deep"}, False),
        ({**OURS, "ailtire.owner": "../etc"}, False),
        ({**OURS, "ailtire.path": "-"}, False),
        ({**OURS, "ailtire.path": "other/orders", "ailtire.owner": "other"}, False),
    ],
)
def test_only_what_bears_all_our_labels_and_rightly_so_is_ours(labels: dict[str, str], ours: bool) -> None:
    assert is_ours(Resource(Key("config", "x"), labels=labels), SHOP) is ours


def test_a_tree_is_told_from_another_one() -> None:
    mine = Resource(Key("config", "x"), labels=OURS)
    assert not is_ours(mine, StackPath(("other",)))
    assert is_ours(mine, StackPath())


def test_a_service_without_a_number_of_replicas_wants_one() -> None:
    raw = {
        "ID": "s1",
        "Version": {"Index": 3},
        "CreatedAt": "2026-11-22T20:24:41Z",
        "Spec": {"Name": "x", "TaskTemplate": {"ForceUpdate": 4}, "Mode": {"Replicated": {}}},
        "UpdateStatus": {"State": "paused", "Message": "update paused due to failure"},
    }
    (found,) = read("service", [raw])
    facts = found.resource.facts
    assert (facts["wanted"], facts["update"], facts["force"]) == (1, "paused", 4)
    assert facts["message"] == "update paused due to failure"
    assert facts["previous"] == frozenset()
    assert "ForceUpdate" not in found.resource.spec.get("TaskTemplate", {})


def test_a_task_without_a_slot_is_called_by_its_node() -> None:
    assert task(raw_task(Slot=None), PLACES).slot == "one"
    assert task(raw_task(), PLACES).slot == "1"


def test_a_task_is_current_while_it_runs_the_template_of_its_service() -> None:
    assert task(raw_task(Spec={"ForceUpdate": 0}), PLACES).current
    assert task(raw_task(Spec={"ForceUpdate": 0, "Placement": {"Constraints": ["x"]}}), PLACES).current
    assert not task(raw_task(Spec={"ForceUpdate": 1}), PLACES).current
    assert not task(raw_task(ServiceID="gone"), PLACES).current
    assert task(raw_task(ServiceID="gone"), PLACES).service == ""


def test_what_was_told_to_end_on_a_node_that_is_down_is_given_up() -> None:
    lost = raw_task(NodeID="n2", DesiredState="shutdown")
    assert task(lost, PLACES).state == "orphaned"
    assert not task(lost, PLACES).live
    assert task({**lost, "DesiredState": "running"}, PLACES).state == "running"
    assert task({**lost, "NodeID": "n1"}, PLACES).live


def test_only_an_end_has_an_exit_code() -> None:
    ended = raw_task(state="failed")
    ended["Status"]["ContainerStatus"] = {"ExitCode": 3}
    assert task(ended, PLACES).exit_code == 3
    ended["Status"]["State"] = "running"
    assert task(ended, PLACES).exit_code is None
