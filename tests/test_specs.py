"""From the compose file to the engine's form; ``engine/test_stack_deploy_equal`` asks the real engine."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from ailtire_deploy import names, specs
from ailtire_deploy.images import tagged
from ailtire_deploy.model import Child, Dependency, Mount, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import render
from ailtire_deploy.specs.normal import normalise
from ailtire_deploy.specs.service import capabilities, words
from ailtire_deploy.state import Key, Need, Resource
from ailtire_deploy.topology import decide
from tests.stacks import SITE, few, launching, rendered, shop, stacks

REVISIONS = {"orders": "shop_orders.r3"}


def made(stack: Stack) -> dict[Key, Resource]:
    """All resources of a stack by key."""
    revisions = {child.key: f"{child.key}.r1" for child in stack.children} | REVISIONS
    return {each.key: each for each in specs.resources(stack, rendered(stack), revisions)}


def service(stack: Stack, key: str) -> Resource:
    return made(stack)[Key("service", names.in_stack(stack.path, key))]


def container(stack: Stack, key: str) -> dict[str, Any]:
    found: dict[str, Any] = service(stack, key).spec["TaskTemplate"]["ContainerSpec"]
    return found


def test_a_root_becomes_these_objects() -> None:
    kinds: dict[str, list[str]] = {}
    for key in made(shop()):
        kinds.setdefault(key.kind, []).append(
            key.name.rpartition("-")[0] if key.kind == "config" else key.name
        )
    assert {kind: sorted(found) for kind, found in kinds.items()} == {
        "network": ["shop_edge", "shop_orders_family", "shop_sibling"],
        "config": ["shop_edge", "shop_faces", "shop_gateway", "shop_routes"],
        "service": ["shop_db", "shop_edge", "shop_gateway", "shop_orders_admin", "shop_web"],
    }


def test_the_command_line_makes_the_network_and_the_controller_of_the_root() -> None:
    assert sorted(made(launching())) == [("network", "shop_family"), ("service", "shop_admin")]


def test_labels_say_who_writes_it_and_what_it_is_about() -> None:
    labels = {
        **service(shop(), "orders_admin").labels,
        names.LABEL_HASH: "",
    }
    assert labels == {
        "ailtire.root": "shop",
        "ailtire.owner": "shop",
        "ailtire.path": "shop/orders",
        "ailtire.service": "admin",
        "ailtire.hash": "",
        "com.docker.stack.namespace": "shop",
    }


def test_what_the_command_line_makes_stands_in_the_namespace_of_the_root() -> None:
    found = made(launching())[Key("service", "shop_admin")]
    assert (str(found.owner), str(found.path), found.service) == ("-", "shop", "admin")
    assert found.labels[names.LABEL_NAMESPACE] == "shop"


def test_a_family_network_is_about_the_child() -> None:
    assert made(shop())[Key("network", "shop_orders_family")].path == StackPath(("shop", "orders"))


def test_a_service_waits_for_what_it_depends_on() -> None:
    assert service(shop(), "web").needs == (
        Need("config", "shop_orders.r3", "converged"),
        Need("service", "shop_db", "started"),
    )


def test_a_child_waits_for_what_it_depends_on() -> None:
    child = Child("orders", {}, depends_on=(Dependency("db", "healthy"),))
    assert service(shop(children=(child,)), "orders_admin").needs == (Need("service", "shop_db", "healthy"),)


def test_the_gateway_waits_for_the_addresses_of_its_networks() -> None:
    stack = shop(children=())
    artifacts = render(stack, decide(stack), SITE, {"shop_sibling": ("10.0.1.0/24",)})
    web = replace(stack.services[0], depends_on=())
    waiting = specs.resources(replace(stack, services=(web, stack.services[1])), artifacts, {})
    need = (Need("network", "shop_family", "addressed"),)
    assert {str(each.key).split("-")[0]: each.needs for each in waiting if each.needs} == {
        "config shop_faces": need,
        "service shop_gateway": need,
    }


def test_the_hash_follows_the_wish_and_nothing_else() -> None:
    other = replace(shop().services[1], image="postgres:17")
    changed = made(shop(services=(shop().services[0], other)))
    same = made(shop())
    different = {key for key in same if same[key].hash != changed[key].hash}
    assert different == {Key("service", "shop_db")}


def test_configs_carry_their_content() -> None:
    found = made(shop(configs={"site": b"\0\xff"}))
    assert [each.data for key, each in found.items() if key.name.startswith("shop_site-")] == [b"\0\xff"]


def test_a_plain_service_in_the_form_of_the_engine() -> None:
    assert service(shop(), "web").spec == {
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": "shop/web:1",
                "Env": ["ORDERS_URL=http://orders"],
                "Init": True,
                "CapabilityDrop": ["ALL"],
            },
            "RestartPolicy": {"Condition": "any", "Delay": 2_000_000_000},
            "Networks": [{"Target": "shop_sibling", "Aliases": ["web"]}],
        },
        "Mode": {"Replicated": {"Replicas": 2}},
        "UpdateConfig": {
            "Parallelism": 1,
            "FailureAction": "pause",
            "Monitor": 5_000_000_000,
            "Order": "start-first",
        },
        "EndpointSpec": {"Mode": "dnsrr"},
    }


def test_a_secret_is_named_by_its_object() -> None:
    assert container(shop(), "db")["Secrets"] == [
        {
            "File": {"Name": "db_password", "UID": "0", "GID": "0", "Mode": 0o444},
            "SecretName": "shop_db.password-0123456789ab",
        }
    ]


def test_a_volume_says_whose_it_is() -> None:
    assert container(shop(), "db")["Mounts"] == [
        {
            "Type": "volume",
            "Source": "shop_data",
            "Target": "/var/lib/postgresql/data",
            "VolumeOptions": {
                "Labels": {
                    "ailtire.root": "shop",
                    "ailtire.path": "shop",
                    "com.docker.stack.namespace": "shop",
                }
            },
        }
    ]


def test_volumes_of_two_stacks_never_meet() -> None:
    def source(path: tuple[str, ...], key: str) -> str:
        web = Service("web", "web", mounts=(Mount("volume", key, "/data"),))
        stack = Stack(StackPath(path), services=(web,), volumes={key: {}})
        return str(container(stack, "web")["Mounts"][0]["Source"])

    assert source(("a",), "b_c") != source(("a", "b"), "c")


def test_the_controller_sees_the_socket_of_the_engine_and_its_key() -> None:
    found = container(shop(), "orders_admin")
    assert {each["Target"]: each.get("Source") for each in found["Mounts"]} == {
        "/tmp": None,
        "/var/run/docker.sock": "/var/run/docker.sock",
    }
    assert [each["SecretName"] for each in found["Secrets"]] == ["shop_orders.key"]
    assert found["User"] == "10001:105"
    assert found["ReadOnly"] is True


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("web", "web:latest"),
        ("web:1", "web:1"),
        ("registry:5000/web", "registry:5000/web:latest"),
        ("registry:5000/web:1", "registry:5000/web:1"),
        ("web@sha256:00", "web@sha256:00"),
    ],
)
def test_an_image_without_a_tag_is_the_latest(image: str, full: str) -> None:
    assert tagged(image) == full


@pytest.mark.parametrize(
    ("add", "drop", "expected"),
    [
        (["chown"], ["ALL"], (["CAP_CHOWN"], ["ALL"])),
        (["CAP_CHOWN", "CHOWN"], [], (["CAP_CHOWN"], [])),
        (["ALL", "CHOWN"], ["CHOWN"], (["ALL"], ["CAP_CHOWN"])),
        (["CHOWN"], ["CHOWN", "KILL"], (["CAP_CHOWN"], ["CAP_KILL"])),
    ],
)
def test_capabilities_have_one_form(add: list[str], drop: list[str], expected: tuple[Any, Any]) -> None:
    assert capabilities(add, drop) == expected


def test_a_command_in_one_text_is_split_like_a_shell_would() -> None:
    assert words("send --every '5 minutes'") == ["send", "--every", "5 minutes"]


@few
@given(stacks())
def test_the_normal_form_is_normal(stack: Stack) -> None:
    for each in made(stack).values():
        assert normalise(each.kind, each.spec) == each.spec


@few
@given(stacks())
def test_what_the_engine_adds_is_no_difference(stack: Stack) -> None:
    for each in made(stack).values():
        if each.kind == "service":
            spec = copy.deepcopy(dict(each.spec))
            spec |= {"Name": each.name, "Labels": dict(each.labels)}
            template = spec["TaskTemplate"]
            template |= {"ForceUpdate": 0, "Runtime": "container", "Placement": template.get("Placement", {})}
            template["ContainerSpec"] |= {"Isolation": "default", "Privileges": {"CredentialSpec": None}}
            for use in template["ContainerSpec"].get("Configs", ()):
                use["ConfigID"] = "abc"
            template["RestartPolicy"]["MaxAttempts"] = 0
            template["Networks"].reverse()
            assert normalise("service", spec) == each.spec


@few
@given(stacks())
def test_everything_bears_all_our_labels(stack: Stack) -> None:
    for each in made(stack).values():
        assert each.owner == stack.path
        assert stack.path.covers(each.path)
        assert len(each.hash) == 64
        assert (each.kind == "service") == bool(each.service)


def test_a_counter_of_zero_is_an_answer() -> None:
    given = {"Mode": {"Replicated": {"Replicas": 0}}, "UpdateConfig": {"Parallelism": 0, "Delay": 0}}
    found = normalise("service", given)
    assert found["Mode"] == {"Replicated": {"Replicas": 0}}
    assert found["UpdateConfig"]["Parallelism"] == 0
    assert "Delay" not in found["UpdateConfig"]


def test_a_global_service_stays_global() -> None:
    assert normalise("service", {"Mode": {"Global": {}}}) == {"Mode": {"Global": {}}}


def test_labels_of_the_user_keep_their_empty_values() -> None:
    given = {"TaskTemplate": {"ContainerSpec": {"Labels": {"a": ""}, "Env": []}}}
    assert normalise("service", given) == {"TaskTemplate": {"ContainerSpec": {"Labels": {"a": ""}}}}


def test_a_network_keeps_what_can_be_wished_for() -> None:
    found = {
        "Driver": "overlay",
        "Internal": True,
        "Attachable": False,
        "EnableIPv6": False,
        "Scope": "swarm",
        "IPAM": {"Config": [{"Subnet": "10.0.1.0/24"}]},
        "Options": {},
    }
    assert normalise("network", found) == {"Driver": "overlay", "Internal": True}


def test_a_config_has_nothing_beside_its_content() -> None:
    assert normalise("config", {"Name": "a", "Labels": {"x": "y"}, "Data": "eA=="}) == {}
