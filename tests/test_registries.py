"""Credentials of registries: where they go, where they never show, and what other ones restart."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import names
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Key
from ailtire_deploy.views import plans
from tests.household import Household, entry
from tests.household import plain as service

SHOP = StackPath(("shop",))
PASSWORD = "hush-hush-hush"
HUB = {"docker.io": {"username": "hub", "password": PASSWORD}}
HERE = {"r.example:5000": {"username": "here", "password": PASSWORD}}
THERE = {"s.example": {"identitytoken": PASSWORD}}
ELSEWHERE = {"t.example": {"username": "elsewhere", "password": PASSWORD}}


def definition(book: str = "s.example/book:1") -> dict[str, Any]:
    ledger = {"name": "ledger", "services": {"book": service(image=book)}}
    orders = {
        "name": "orders",
        "services": {
            "api": service(image="r.example:5000/api:1"),
            "ledger": {"type": "stack", "definition": ledger},
        },
    }
    side = {"name": "side", "services": {"idle": service(image="idle:1")}}
    return {
        "name": "shop",
        "services": {
            "web": service(image="web:1"),
            "orders": {"type": "stack", "definition": orders},
            "side": {"type": "stack", "definition": side},
        },
    }


@pytest.fixture
def house(tmp_path: Path) -> Household:
    made = Household(tmp_path)
    made.credentials = {**HERE, **THERE, **ELSEWHERE}
    return made


def mounted(house: Household, *path: str) -> list[str]:
    """The registries that a stack's controller can log in at."""
    controller = house.engine.objects[Key("service", names.admin_service(StackPath(path)))]
    secrets = controller.spec["TaskTemplate"]["ContainerSpec"]["Secrets"]
    found = (house.engine.objects[Key("secret", each["SecretName"])].labels for each in secrets)
    return sorted(each[names.LABEL_REGISTRY] for each in found if names.LABEL_REGISTRY in each)


def services_started(house: Household) -> dict[str, int]:
    return dict(house.engine.started)


def everything_but_secrets(house: Household, wish: Any) -> Iterator[str]:
    """All that anybody could read: specs, labels, contents, writes, plans."""
    for each in house.engine.objects.values():
        yield f"{each.key} {each.spec} {each.labels} {each.facts} {each!r}"
        if each.kind == "config" and names.revision_number(each.path, each.name):
            yield zlib.decompress(each.data or b"").decode()
    yield from house.engine.writes
    found = list(house.launcher().plan(wish).values())
    yield json.dumps(plans.as_json(found))
    yield from plans.as_text(found, diff=True, verbose=True)


def test_each_controller_gets_the_registries_that_its_tree_names(house: Household) -> None:
    assert house.apply(entry(definition())).verdict == "converged"
    assert mounted(house, "shop") == ["r.example:5000", "s.example"]
    assert mounted(house, "shop", "orders") == ["r.example:5000", "s.example"]
    assert mounted(house, "shop", "orders", "ledger") == ["s.example"]
    assert mounted(house, "shop", "side") == []


def test_the_registry_of_our_own_image_is_for_all(house: Household) -> None:
    house.site = type(house.site)("t.example/deploy:1", cluster="fakecluster")
    house.credentials |= HUB
    house.apply(entry(definition()))
    assert mounted(house, "shop") == ["docker.io", "r.example:5000", "s.example", "t.example"]
    assert mounted(house, "shop", "orders", "ledger") == ["s.example", "t.example"]
    assert mounted(house, "shop", "side") == ["docker.io", "t.example"]


def test_nothing_that_can_be_read_shows_credentials(house: Household) -> None:
    house.apply(entry(definition()))
    house.credentials["r.example:5000"] = {"username": "here", "password": f"{PASSWORD}-2"}
    shown = "\n".join(everything_but_secrets(house, entry(definition())))
    assert "create secret shop.registry.r.example-5000-" in shown
    assert PASSWORD not in shown
    held = [each for each in house.engine.objects.values() if PASSWORD in str(each.data)]
    assert len(held) == 2, "one secret for each registry"


def test_the_same_credentials_again_are_nothing_to_do(house: Household) -> None:
    house.apply(entry(definition()))
    house.settle(5)
    writes = list(house.engine.writes)
    house.apply(entry(definition()))
    house.settle(5)
    assert house.engine.writes == writes
    assert all(each.empty for each in house.launcher().plan(entry(definition())).values())


def test_other_credentials_restart_the_controllers_that_use_them_and_nothing_else(house: Household) -> None:
    house.apply(entry(definition()))
    before, writes = services_started(house), len(house.engine.writes)
    house.credentials["s.example"] = {"identitytoken": "another"}
    found = house.launcher().plan(entry(definition())).values()
    expected = [f"{op.verb} {op.key}" for each in found for op in each.operations]
    house.apply(entry(definition()))
    house.settle(10)
    after = services_started(house)
    restarted = {name for name in after if after[name] != before.get(name)}
    assert restarted == {"shop_admin", "shop_orders_admin", "shop_orders_ledger_admin"}
    assert sorted(house.engine.writes[writes:]) == sorted(expected)


def test_old_credentials_are_collected_once_nobody_uses_them(house: Household) -> None:
    house.apply(entry(definition()))
    house.credentials["s.example"] = {"identitytoken": "another"}
    assert house.apply(entry(definition())).verdict == "converged"
    left = [name for name in house.names("secret") if ".registry.s.example-" in name]
    assert len(left) == 1
    assert all(each.empty for each in house.launcher().plan(entry(definition())).values())


def test_who_has_no_credentials_leaves_those_that_are_there(house: Household) -> None:
    house.apply(entry(definition()))
    house.credentials = {}
    assert all(each.empty for each in house.launcher().plan(entry(definition())).values())
    house.apply(entry(definition(book="s.example/book:2")))
    assert mounted(house, "shop", "orders", "ledger") == ["s.example"]


def test_a_registry_that_nothing_names_any_more_is_forgotten(house: Household) -> None:
    house.apply(entry(definition()))
    assert house.apply(entry(definition(book="book:1"))).verdict == "converged"
    assert mounted(house, "shop") == ["r.example:5000"]
    assert [each for each in house.names("secret") if "s.example" in each] == []


def test_who_logs_in_later_is_told_what_was_taken_as_tagged_before(house: Household) -> None:
    given, house.credentials = house.credentials, {}
    house.apply(entry(definition()))
    house.credentials = given
    house.engine.registry["s.example/book:1"] = f"sha256:{'1' * 64}"
    house.engine.asked.clear()
    house.apply(entry(definition()))
    assert house.engine.asked == ["r.example:5000/api:1", "s.example/book:1"]
    house.engine.asked.clear()
    house.apply(entry(definition()))
    assert house.engine.asked == []


def test_images_of_a_new_registry_are_fetched_by_a_controller_that_can_log_in(house: Household) -> None:
    """The old process would write the service at once, without credentials, and no node could fetch it."""
    house.engine.private = {"s.example"}
    house.apply(entry(definition(book="book:1")))
    house.settle(5)
    assert house.apply(entry(definition())).verdict == "converged"


def test_without_a_login_nothing_can_be_fetched_and_with_one_the_same_again_arrives(house: Household) -> None:
    house.engine.private = {"s.example"}
    house.engine.registry["s.example/book:1"] = f"sha256:{'1' * 64}"
    house.engine.denied = {"s.example/book:1"}
    given, house.credentials = house.credentials, {}
    assert house.apply(entry(definition())).verdict == "failed"
    house.credentials = given
    house.engine.denied.clear()
    assert house.apply(entry(definition())).verdict == "converged"


@pytest.mark.parametrize(
    "host", ["a", "r.example:5000", "[2001:db8::1]:5000", f"{'sub.' * 30}example.org:65535"]
)
@pytest.mark.parametrize("root", ["a", "a" * 40])
def test_the_names_of_credentials_are_names_that_the_engine_takes(host: str, root: str) -> None:
    name = names.registry_secret(StackPath((root,)), host, "0123456789abcdef")
    assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}[a-zA-Z0-9]", name)
    assert names.is_registry_secret(name)
    assert names.revision_number(StackPath((root,)), name) is None


def test_a_shutdown_leaves_no_credentials(house: Household) -> None:
    house.apply(entry(definition()))
    house.shutdown("shop")
    assert house.names("secret") == []
