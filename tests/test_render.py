"""What a stack becomes as files; whole files are compared in ``test_cases``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from ailtire_deploy import render, topology
from ailtire_deploy.documents import read_yaml
from ailtire_deploy.entrances import PublishedPort
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.model import FileMount, Gateway, Mount, Service, Site, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import policy
from ailtire_deploy.specs import document
from tests.stacks import few, launching, rendered, shop, stacks


def compose(stack: Stack) -> dict[str, Any]:
    """The compose file of a stack as data."""
    data = read_yaml(rendered(stack).compose, "compose.yml").data
    assert isinstance(data, dict)
    return data


def test_a_stack_becomes_its_own_files_and_the_environment_of_each_child() -> None:
    assert sorted(rendered(shop(configs={"site": b""})).files) == [
        "compose.yml",
        "edge.cfg",
        "faces.map",
        "haproxy.cfg",
        "orders/controller.env",
        "routes.map",
        "site.config",
    ]


def test_the_command_line_becomes_the_controller_of_a_root_with_key_and_seed() -> None:
    found = rendered(launching())
    assert sorted(found.files) == ["compose.yml", "shop/controller.env"]
    secrets = read_yaml(found.compose, "compose.yml").data["services"]["shop_admin"]["secrets"]
    assert [each["target"] for each in secrets] == ["/run/secrets/ailtire.key", "/run/secrets/ailtire.seed"]


def test_a_controller_below_the_root_gets_its_own_key_only_and_knows_the_way_up() -> None:
    found = rendered(shop())
    secrets = read_yaml(found.compose, "compose.yml").data["services"]["orders_admin"]["secrets"]
    assert [each["target"] for each in secrets] == ["/run/secrets/ailtire.key"]
    assert found.files["orders/controller.env"].decode().splitlines() == [
        "AILTIRE_STACKNAME=shop/orders",
        "AILTIRE_APPNAME=shop",
        "AILTIRE_SERVICENAME=orders",
        "AILTIRE_ENV=prod",
        "AILTIRE_PARENT_NETWORK=shop_orders_family",
        "AILTIRE_PARENTHOST=admin",
        "AILTIRE_PARENTPORT=80",
        "AILTIRE_STACKADMINPORT=3000",
        "AILTIRE_CLUSTER=c1",
        "AILTIRE_IMAGE=ailtire/deploy:0.1.0",
        "AILTIRE_SOCKET=/var/run/docker.sock",
        "AILTIRE_SOCKET_USER=10001:105",
    ]


def test_a_root_has_no_parent_to_call() -> None:
    assert "AILTIRE_PARENTHOST=\n" in rendered(launching()).files["shop/controller.env"].decode()


def test_a_key_can_be_read_by_the_user_of_the_controller_alone() -> None:
    secret = compose(shop())["services"]["orders_admin"]["secrets"][0]
    assert (secret["uid"], secret["gid"], secret["mode"]) == ("10001", "105", 0o400)


def test_a_controller_is_the_same_whatever_its_definition_says() -> None:
    other = replace(shop().children[0], definition={"services": {}}, parameters={"a": 1})
    assert compose(shop(children=(other,)))["services"] == compose(shop())["services"]


def test_a_line_break_cannot_enter_an_environment_file() -> None:
    with pytest.raises(InvalidInput, match="variable"):
        rendered(shop(), Site("x\nAILTIRE_SOCKET=/evil"))


def test_changed_content_is_another_config() -> None:
    def keys(content: bytes) -> set[str]:
        web = Service("web", "web", configs=(FileMount("site", "/site"),))
        return set(compose(shop(services=(web,), configs={"site": content}))["configs"])

    assert len(keys(b"a") ^ keys(b"b")) == 2


def test_the_networks_whose_subnets_are_unknown_are_told() -> None:
    stack = shop()
    shape = topology.decide(stack)
    known = {"shop_sibling": ("10.0.1.0/24",), "shop_family": ()}
    found = render.render(stack, shape, Site("x"), known)
    assert found.unaddressed == ("shop_family", "shop_orders_family")
    assert found.files["faces.map"].decode().splitlines()[1:] == ["10.0.1.0/24 sibling"]


def test_a_network_of_two_subnets_has_two_lines() -> None:
    stack = shop(children=())
    known = {"shop_sibling": ("10.0.1.0/24", "fd00::/64"), "shop_family": ("10.0.2.0/24",)}
    found = render.render(stack, topology.decide(stack), Site("x"), known)
    assert found.files["faces.map"].decode().splitlines()[1:] == [
        "10.0.2.0/24 family",
        "10.0.1.0/24 sibling",
        "fd00::/64 sibling",
    ]


def test_a_port_in_ingress_mode_needs_the_balancer_of_the_engine() -> None:
    both = Gateway((PublishedPort(80), PublishedPort(81, "ingress")))
    edge = compose(shop(gateway=both))["services"]["edge"]
    assert edge["deploy"]["endpoint_mode"] == "vip"
    assert [(each["published"], each["target"], each["mode"]) for each in edge["ports"]] == [
        (80, 80, "host"),
        (81, 80, "ingress"),
    ]


@pytest.mark.parametrize(
    ("mounts", "order"),
    [
        ((), "start-first"),
        ((Mount("tmpfs", "", "/tmp"),), "start-first"),
        ((Mount("volume", "data", "/data", read_only=True),), "start-first"),
        ((Mount("volume", "data", "/data"),), "stop-first"),
        ((Mount("bind", "/srv", "/srv"),), "stop-first"),
    ],
)
def test_two_tasks_never_share_what_they_write(mounts: tuple[Mount, ...], order: str) -> None:
    assert policy.update(Service("web", "web", mounts=mounts))["order"] == order


@pytest.mark.parametrize(
    ("healthcheck", "monitor"),
    [
        ({}, "5s"),
        ({"test": ["NONE"]}, "5s"),
        ({"test": ["CMD", "true"], "interval": "1s"}, "5s"),
        ({"test": ["CMD", "true"], "interval": "4s"}, "12s"),
        ({"test": ["CMD", "true"], "interval": "4s", "retries": 2}, "8s"),
        ({"test": ["CMD", "true"]}, "30s"),
    ],
)
def test_a_new_task_is_watched_until_its_health_check_could_have_failed(
    healthcheck: dict[str, Any], monitor: str
) -> None:
    assert policy.update(Service("web", "web", options={"healthcheck": healthcheck}))["monitor"] == monitor


def test_what_the_definition_says_wins_over_each_default() -> None:
    given = {"update_config": {"order": "stop-first"}, "restart_policy": {"delay": "9s"}, "replicas": 3}
    deploy = policy.deploy(Service("web", "web", options={"deploy": given}))
    assert deploy["update_config"]["order"] == "stop-first"
    assert deploy["update_config"]["failure_action"] == "pause"
    assert deploy["restart_policy"] == {"condition": "any", "delay": "9s"}
    assert deploy["replicas"] == 3


def test_a_service_has_no_capabilities_unless_it_asks_for_them() -> None:
    plain = Service("web", "web")
    asked = Service("asked", "web", options={"cap_drop": [], "init": False})
    found = compose(shop(services=(plain, asked)))["services"]
    assert (found["web"]["cap_drop"], found["web"]["init"]) == (["ALL"], True)
    assert ("cap_drop" in found["asked"], found["asked"]["init"]) == (False, False)


@few
@given(stacks())
def test_a_rendered_value_is_read_back_as_it_was(stack: Stack) -> None:
    found = document.read(stack.path, rendered(stack)).services
    for service in stack.services:
        entry = found[service.key]
        assert entry["image"] == service.image
        assert entry.get("environment", {}) == service.environment
        assert entry.get("command", []) == service.options.get("command", [])
        assert entry.get("labels", {}) == service.options.get("labels", {})


@few
@given(stacks())
def test_no_value_becomes_structure(stack: Stack) -> None:
    found = document.read(stack.path, rendered(stack))
    made = {"edge"} if len(stack.path.parts) == 1 and stack.gateway.publish else set()
    children = {f"{child.key}_admin" for child in stack.children}
    assert set(found.services) == {each.key for each in stack.services} | {"gateway"} | made | children


@few
@given(stacks())
def test_rendering_twice_gives_the_same_bytes(stack: Stack) -> None:
    assert rendered(stack).files == rendered(stack).files


def test_a_key_that_yaml_would_read_as_something_else_stays_a_key() -> None:
    services = tuple(Service(key, "x") for key in ("on", "null", "n", "e1"))
    assert {"on", "null", "n", "e1"} <= set(compose(shop(services=services))["services"])


def test_a_secret_that_has_no_name_yet_gets_one_that_reads_well() -> None:
    stack = replace(shop(), path=StackPath(("a", "b")))
    nameless = replace(stack, secrets={"pw": replace(stack.secrets["db_password"], name="")}, services=())
    assert compose(nameless)["secrets"]["pw"]["name"] == "a_b_pw"
