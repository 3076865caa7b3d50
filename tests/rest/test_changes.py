"""Changes over REST, with the real controllers: checked first, done once, followed to their end."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ailtire_deploy import names
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Key
from tests.household import plain, three_levels
from tests.rest.living import SHOP, Living

ORDERS = SHOP / "orders"
CALLS: list[tuple[str, Any]] = [
    ("update", {"parameters": {"replicas": 3}}),
    ("rollback", {"revision": 1}),
    ("shutdown", {}),
]
WAYS = [("/_admin/", SHOP), ("/_admin/children/orders/", ORDERS)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Living:
    return Living(tmp_path_factory.mktemp("living"))


@pytest.fixture
def living(made: Living) -> Iterator[Living]:
    made.again()
    yield made


def revisions_of(living: Living, path: StackPath = SHOP) -> list[str]:
    return [each for each in living.house.names("config") if names.revision_number(path, each)]


@pytest.mark.parametrize(("way", "path"), WAYS)
@pytest.mark.parametrize(("name", "body"), CALLS)
def test_a_check_shows_the_plan_and_writes_nothing(
    living: Living, name: str, body: Any, way: str, path: StackPath
) -> None:
    body = {} if path == ORDERS and name == "update" else body
    before = list(living.house.engine.writes)
    found = living.ask("POST", f"{way}{name}?check=true", body)
    assert (found.status, list(found.json)) == (200, ["plan"])
    assert living.house.engine.writes == before


def test_the_check_of_a_shutdown_names_everything_that_would_go(living: Living) -> None:
    plan = living.ask("POST", "/_admin/shutdown?check=true", {}).json["plan"]
    going = [each["name"] for ops in plan["stacks"].values() for each in ops]
    assert sorted(going) == sorted(each.name for each in living.house.engine.objects.values())
    assert {each["verb"] for ops in plan["stacks"].values() for each in ops} == {"remove"}


@pytest.mark.parametrize(("way", "path"), WAYS)
@pytest.mark.parametrize(("name", "body"), CALLS)
def test_the_same_key_is_done_once_and_answered_the_same_over_a_restart(
    living: Living, name: str, body: Any, way: str, path: StackPath
) -> None:
    body = {"environment": {"A": "b"}} if path == ORDERS and name == "update" else body
    before = revisions_of(living, path)
    first = living.ask("POST", f"{way}{name}", body, Idempotency_Key="c0ffee")
    living.restart()
    again = living.ask("POST", f"{way}{name}", body, Idempotency_Key="c0ffee")
    assert first.status == again.status == 202
    assert (first.json, first.headers["Location"]) == (again.json, again.headers["Location"])
    assert len(revisions_of(living, path)) == len(before) + 1
    if path == SHOP:
        assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (
            False,
            "true",
        )


def test_the_same_key_with_another_request_is_422_and_writes_nothing(living: Living) -> None:
    living.ask("POST", "/_admin/update", {"parameters": {"replicas": 3}}, Idempotency_Key="one")
    before = list(living.house.engine.writes)
    others: list[tuple[str, Any]] = [
        ("update", {"parameters": {"replicas": 4}}),
        ("update?replace=true", {"parameters": {"replicas": 3}}),
        ("rollback", {}),
        ("shutdown", {}),
    ]
    for target, body in others:
        found = living.ask("POST", f"/_admin/{target}", body, Idempotency_Key="one")
        assert (found.status, found.json["problems"][0]["path"]) == (422, "Idempotency-Key")
    assert living.house.engine.writes == before
    more = {"parameters": {"replicas": 4}}
    assert living.ask("POST", "/_admin/update", more, Idempotency_Key="two").json["revision"] == "shop.r3"


def test_eight_at_once_with_one_key_write_one_revision(living: Living) -> None:
    asked = threading.Barrier(8)

    def ask(number: int) -> tuple[int, str]:
        asked.wait()
        found = living.ask("POST", "/_admin/update", {"parameters": {"replicas": 3}}, Idempotency_Key="k")
        return found.status, found.json.get("revision", "")

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {(202, "shop.r2")}
    assert len(revisions_of(living)) == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 129, "é"])
def test_a_key_that_is_none_is_refused(living: Living, key: str) -> None:
    found = living.ask("POST", "/_admin/update?check=true", {}, Idempotency_Key=key)
    assert found.status == 400


def test_no_label_tells_the_key_or_what_was_asked(living: Living) -> None:
    asked = {"secrets": {"shop/token": "hunter2hunter2"}}
    living.ask("POST", "/_admin/update", asked, Idempotency_Key="my-own-key")
    labels = str([each.labels for each in living.house.engine.objects.values()])
    assert "my-own-key" not in labels
    assert "hunter2" not in labels
    assert names.LABEL_ONCE in labels


def test_what_is_still_to_do_is_told_and_nothing_when_all_is_done(living: Living) -> None:
    assert living.ask("GET", "/_admin/plan", role="viewer").json["stacks"] == {}
    del living.house.engine.objects[Key("service", "shop_orders_store")]
    living.house.time += 2
    plan = living.ask("GET", "/_admin/plan", role="viewer").json
    assert [each["name"] for each in plan["stacks"]["shop/orders"]] == ["shop_orders_store"]
    living.ask("POST", "/_admin/shutdown", {})
    leaving = living.ask("GET", "/_admin/plan").json
    assert {each["verb"] for ops in leaving["stacks"].values() for each in ops} == {"remove"}


def follow(living: Living, number: int) -> dict[str, Any]:
    living.house.time += 2  # the loop wrote since it looked
    return dict(living.ask("GET", f"/_admin/history/{number}", role="viewer").json["progress"])


def test_an_operation_says_how_far_it_is_until_it_has_converged(living: Living) -> None:
    where = living.ask("POST", "/_admin/update", {"parameters": {"replicas": 3, "size": 2}}).headers[
        "Location"
    ]
    assert where == "history/2"
    early = follow(living, 2)
    assert early["verdict"] == "pending"
    living.house.settle(30)
    late = follow(living, 2)
    assert (late["verdict"], late["arrived"], late["open"]) == ("converged", late["of"], [])
    assert late["stacks"]["shop"]["changed"] >= 1
    assert late["stacks"]["shop/orders"]["changed"] >= 1
    assert late["stacks"]["shop/orders/ledger"]["changed"] == 0
    living.ask("POST", "/_admin/update", {"parameters": {"replicas": 4}})
    living.ask("POST", "/_admin/update", {"parameters": {"replicas": 5}})
    assert (follow(living, 2)["verdict"], follow(living, 2)["by"]) == ("converged", "shop.r4")
    assert follow(living, 3)["verdict"] == "superseded"


def test_one_that_fails_is_pending_until_the_old_one_is_back_and_then_rolled_back(living: Living) -> None:
    living.house.engine.stuck.add("ailtire-demo/bad:latest")
    try:
        definition = three_levels()
        definition["services"]["web"] = {**definition["services"]["web"], "image": "ailtire-demo/bad:latest"}
        definition["strategy"] = {"on_failure": "rollback"}
        assert living.ask("POST", "/_admin/update", {"definition": definition}).status == 202
        living.house.settle(8)
        found = follow(living, 2)
        assert (found["verdict"], [each.partition(" ")[0] for each in found["open"]]) == (
            "pending",
            ["shop/web"],
        )
        living.house.settle(200)
        found = follow(living, 2)
        assert (found["verdict"], found["by"]) == ("rolled back", "shop.r3")
        assert "shop/web" in found["reasons"][0]
    finally:
        living.house.engine.stuck.clear()


def secrets_of(living: Living) -> dict[str, bytes]:
    found = (each for each in living.house.engine.objects.values() if each.kind == "secret")
    return {each.name: each.data or b"" for each in found if "_" in each.name}


def test_a_value_that_is_given_becomes_a_secret_and_stands_nowhere_else(living: Living) -> None:
    before, value = secrets_of(living), "s3cr3t-of-the-test"
    found = living.ask("POST", "/_admin/update", {"secrets": {"shop/token": value}})
    assert found.status == 202
    (new,) = secrets_of(living).keys() - before.keys()
    assert secrets_of(living)[new] == value.encode()
    shown = [operation["name"] for operation in found.json["plan"]["stacks"]["shop"]]
    assert new in shown
    living.house.settle(8)
    assert follow(living, 2)["verdict"] == "converged"
    web = living.house.engine.objects[Key("service", "shop_web")]
    assert new in str(web.spec)
    everything = [found.text, *(living.ask("GET", f"/_admin/{name}").text for name in ("status", "history"))]
    everything += [str((each.labels, each.spec)) for each in living.house.engine.objects.values()]
    configs = (each.data or b"" for each in living.house.engine.objects.values() if each.kind == "config")
    hidden = [value, base64.b64encode(value.encode()).decode()]
    assert not [each for each in everything for word in hidden if word in each]
    assert not [each for each in configs for word in hidden if word.encode() in each]


def test_an_equal_value_changes_nothing_and_bytes_come_in_base64(living: Living) -> None:
    packed = {"base64": base64.b64encode(b"\x00\xff").decode()}
    living.ask("POST", "/_admin/update", {"secrets": {"shop/token": packed}})
    assert b"\x00\xff" in secrets_of(living).values()
    count = len(secrets_of(living))
    again = living.ask("POST", "/_admin/update?check=true", {"secrets": {"shop/token": packed}})
    assert "secret" not in [op["kind"] for ops in again.json["plan"]["stacks"].values() for op in ops]
    assert len(secrets_of(living)) == count


def test_sources_that_a_controller_cannot_read_are_listed_unless_their_values_come_along(
    living: Living,
) -> None:
    definition = three_levels()
    definition["secrets"]["other"] = {"from": {"env": "OTHER"}}
    inner = definition["services"]["orders"]["definition"]
    inner["secrets"] = {"deep": {"from": {"file": "deep.txt"}}}
    inner["services"]["api"] = {**inner["services"]["api"], "secrets": ["deep"]}
    found = living.ask("POST", "/_admin/update", {"definition": definition})
    assert found.status == 422
    assert [each["path"] for each in found.json["problems"]] == ["shop/orders/deep", "shop/other"]
    given = {"shop/other": "one", "shop/orders/deep": "two"}
    assert living.ask("POST", "/_admin/update", {"definition": definition, "secrets": given}).status == 202
    living.house.settle(30)
    assert follow(living, 2)["verdict"] == "converged"


def test_values_need_an_admin_and_a_secret_that_is_there(living: Living) -> None:
    body = {"secrets": {"shop/token": "hunter2hunter2"}}
    assert living.ask("POST", "/_admin/update", body, role="operator").status == 403
    wrong = living.ask("POST", "/_admin/update", {"secrets": {"shop/tokn": "hunter2hunter2"}})
    assert (wrong.status, wrong.json["problems"][0]["path"]) == (422, "secrets.shop/tokn")
    assert "shop/token" in wrong.json["problems"][0]["hint"]
    assert "hunter2" not in wrong.text
    child = living.ask("POST", "/orders/_admin/update", {"secrets": {"shop/token": "hunter2hunter2"}})
    assert child.status == 422


def test_a_service_may_be_added_over_rest(living: Living) -> None:
    definition = three_levels()
    definition["services"]["more"] = plain()
    assert living.ask("POST", "/_admin/update", {"definition": definition}).status == 202
    living.house.settle(8)
    assert follow(living, 2)["verdict"] == "converged"


def test_an_update_that_changes_nothing_writes_nothing(living: Living) -> None:
    before = list(living.house.engine.writes)
    found = living.ask("POST", "/_admin/update", {"parameters": {}})
    assert (found.status, found.json["revision"], found.json["plan"]["stacks"]) == (202, "shop.r1", {})
    assert living.house.engine.writes == before


def another() -> dict[str, Any]:
    definition = three_levels()
    definition["services"]["web"] = {**definition["services"]["web"], "image": "evil/miner:1"}
    return definition


def inner() -> dict[str, Any]:
    return dict(three_levels()["services"]["orders"]["definition"])


DEFINITIONS = [
    ("/_admin/", {"definition": another()}, 403),
    ("/_admin/", {"composefile": another()}, 403),
    ("/_admin/", {"definition": another(), "parameters": {"replicas": 3}}, 403),
    ("/_admin/", {"definition": three_levels()}, 202),
    ("/_admin/", {"definition": three_levels(), "parameters": {"replicas": 3}}, 202),
    ("/_admin/", {"environment": {"A": "b"}}, 202),
    ("/_admin/children/orders/", {"definition": {**inner(), "services": {"x": plain()}}}, 403),
    ("/orders/_admin/", {"definition": {**inner(), "services": {"x": plain()}}}, 403),
    ("/orders/_admin/", {"definition": inner(), "parameters": {"size": 2}}, 202),
]


@pytest.mark.parametrize(("way", "body", "status"), DEFINITIONS)
@pytest.mark.parametrize("query", ["", "?check=true"])
@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_what_runs_is_an_admins_to_say(
    living: Living, way: str, body: Any, status: int, query: str, role: str
) -> None:
    expected = {"viewer": 403, "operator": status, "admin": 202}[role]
    before = list(living.house.engine.writes)
    query += ("&" if query else "?") + "allow_prune=true"
    found = living.ask("POST", f"{way}update{query}", body, role=role)
    assert found.status == (200 if expected == 202 and "check" in query else expected), found.text
    if found.status == 403:
        assert living.house.engine.writes == before
        assert role == "viewer" or "needs the role admin" in found.json["detail"]


def test_a_rollback_is_guarded_as_an_update_is(living: Living) -> None:
    few = {**three_levels(), "services": {"new": plain(), **{f"s{each}": plain() for each in range(6)}}}
    few["gateway"] = {"publish": [{"port": 8081}]}
    both = "allow_prune=true&allow_interruption=true"
    assert living.ask("POST", f"/_admin/update?{both}", {"definition": few}).status == 202
    living.house.settle(20)
    before = list(living.house.engine.writes)
    for query, said in (("", "allow_prune"), ("?allow_prune=true", "allow_interruption")):
        found = living.ask("POST", f"/_admin/rollback{query}", {"revision": 1}, role="operator")
        assert (found.status, said in found.text) == (422, True), found.text
    assert living.house.engine.writes == before
    assert living.ask("POST", "/_admin/rollback?check=true", {"revision": 1}).status == 200
    assert living.ask("POST", f"/_admin/rollback?{both}", {"revision": 1}, role="operator").status == 202
