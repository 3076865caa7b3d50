"""Calls through a tree of three levels, hop by hop: each controller has its own key and its own eyes only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy import identity
from ailtire_deploy.errors import Unreachable
from ailtire_deploy.model import Route
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Reply
from ailtire_deploy.rest import places
from tests.rest.client import KEY, NOW, SHOP, Application, Remembering, bearer, call, surface

ORDERS, BILLING = SHOP / "orders", SHOP / "orders" / "billing"
MOUNTS = {SHOP: {"orders": "/orders"}, ORDERS: {"billing": "/v1/money"}, BILLING: {}}


@dataclass
class Hop(Remembering):
    """A controller whose children are asked over WSGI, as over the network: signed, and nothing else."""

    below: dict[str, Application] = field(default_factory=dict)

    def forward(
        self, child: str, method: str, subpath: str, query: str, body: bytes, role: str, budget: float
    ) -> Reply:
        self._note("forward", child, subpath, role)
        target = f"{subpath}?{query}" if query else subpath
        key = identity.derive(self.key, child)
        header = identity.sign(key, method, target, identity.digest(body), role, NOW)
        found = call(self.below[child], method, target, header, body, Content_Type="application/json")
        if found.kind.endswith("json"):
            return Reply(found.status, found.json, found.kind, found.headers.get("Location", ""))
        return Reply(found.status, iter([found.body]), found.kind)


@pytest.fixture
def tree() -> Iterator[dict[StackPath, Hop]]:
    """shop ⊃ orders (mounted at /orders, which it sees as /v1) ⊃ billing (mounted there at /v1/money)."""
    made: dict[StackPath, Hop] = {}
    for path in (SHOP, ORDERS, BILLING):
        rewritten = "/v1" if path == SHOP else "/"
        known = {key: (Route(key, prefix, rewritten),) for key, prefix in MOUNTS[path].items()}
        made[path] = Hop(path=path, key=identity.child_key_for(KEY, SHOP, path), known=known)
    made[ORDERS].below["billing"] = surface(made[BILLING])
    made[SHOP].below["orders"] = surface(made[ORDERS])
    yield made


WAYS = [
    ("/orders/_admin/", ORDERS),
    ("/_admin/children/orders/", ORDERS),
    ("/orders/money/_admin/", BILLING),
    ("/orders/_admin/children/billing/", BILLING),
    ("/_admin/children/orders/children/billing/", BILLING),
    ("/_admin/children/orders/at/v1/money/_admin/", BILLING),
]


@pytest.mark.parametrize(("way", "target"), WAYS)
@pytest.mark.parametrize("holder", [SHOP, ORDERS, BILLING])
def test_every_way_leads_to_its_stack_for_whoever_may(
    tree: dict[StackPath, Hop], way: str, target: StackPath, holder: StackPath
) -> None:
    found = call(surface(tree[SHOP]), "GET", f"{way}status", bearer("viewer", holder))
    if holder.covers(target):
        assert (found.status, found.json["name"]) == (200, str(target))
    else:
        assert found.status == 401
        assert not any(each[0] == "status" for hop in tree.values() for each in hop.calls)


@pytest.mark.parametrize(("way", "target"), WAYS)
def test_roles_hold_at_every_depth(tree: dict[StackPath, Hop], way: str, target: StackPath) -> None:
    top = surface(tree[SHOP])
    assert call(top, "POST", f"{way}shutdown", bearer("operator", target)).status == 403
    assert call(top, "POST", f"{way}shutdown", bearer("admin", target)).status == 202
    assert tree[target].calls == [("shutdown", "parent")]


def test_no_token_goes_down_and_a_limit_goes_with_the_call(tree: dict[StackPath, Hop]) -> None:
    call(surface(tree[SHOP]), "GET", "/orders/money/_admin/status", bearer("viewer", BILLING))
    assert tree[SHOP].calls == [
        ("forward", "orders", "/_admin/at/v1/money/_admin/status", "viewer shop/orders/billing")
    ]
    assert tree[ORDERS].calls == [("forward", "billing", "/_admin/status", "viewer")]


def test_update_log_topology_and_history_work_at_depth_three(tree: dict[StackPath, Hop]) -> None:
    top, admin = surface(tree[SHOP]), bearer()
    made = call(top, "POST", "/orders/money/_admin/update?replace=true", admin, {"parameters": {"a": 1}})
    assert (made.status, made.headers["Location"]) == (202, "history/7")
    assert tree[BILLING].calls[-1] == ("update", {"replace": True, "parameters": {"a": 1}}, "parent", False)
    assert call(top, "GET", "/orders/money/_admin/history/12", admin).json["number"] == 12
    assert "first" in call(top, "GET", "/orders/money/_admin/log?tail=5", admin).text
    assert call(top, "GET", "/orders/money/_admin/topology", admin).json["stack"] == "shop/orders/billing"


def test_a_child_gets_less_time_than_its_parent_has(tree: dict[StackPath, Hop]) -> None:
    call(surface(tree[SHOP]), "GET", "/orders/money/_admin/status", bearer())
    assert tree[BILLING].calls == [("status", pytest.approx(2.0 * 0.8 * 0.8))]


def test_what_is_wrong_is_refused_at_the_first_controller(tree: dict[StackPath, Hop]) -> None:
    top = surface(tree[SHOP])
    assert (
        call(top, "POST", "/orders/_admin/update", bearer(), b"[", Content_Type="application/json").status
        == 400
    )
    assert call(top, "GET", "/orders/_admin/status?x=1", bearer()).status == 400
    assert call(top, "POST", "/orders/_admin/register", bearer(), {}).status == 404
    assert call(top, "GET", "/orders/money/_admin/nothing", bearer()).status == 404
    assert tree[SHOP].calls == []


def test_a_child_that_is_away_is_502_and_one_that_is_late_504() -> None:
    late = Unreachable("no answer from shop/orders within 2.0 s")
    late.__cause__ = TimeoutError()
    for error, status in ((Unreachable("shop/orders does not answer"), 502), (late, 504)):
        found = call(surface(Remembering(fails=error)), "GET", "/orders/_admin/status", bearer())
        assert (found.status, found.json["detail"]) == (status, str(error))


def test_a_child_that_refuses_its_own_key_is_a_fault_and_not_the_callers() -> None:
    refusing = Remembering(reply=Reply(401, {}, "application/problem+json"))
    assert call(surface(refusing), "GET", "/orders/_admin/status", bearer()).status == 502


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, iter([b"<script>"]), "text/html"),
        Reply(999, {}),
        Reply(101, {}),
        Reply(-1, {}),
    ],
)
def test_an_unforeseen_answer_of_a_child_goes_no_further(reply: Reply) -> None:
    found = call(surface(Remembering(reply=reply)), "GET", "/orders/_admin/status", bearer())
    assert found.status == 502
    assert "script" not in found.text


@pytest.mark.parametrize(
    "location", ["https://evil.example/", "history/1/../../x", "//x", "history/1\r\nSet-Cookie: a=b"]
)
def test_a_child_leads_nobody_elsewhere(location: str) -> None:
    controller = Remembering(reply=Reply(202, {"revision": "x"}, location=location))
    found = call(surface(controller), "POST", "/orders/_admin/update", bearer(), {})
    assert found.status == 202
    assert "Location" not in found.headers


def test_without_knowing_its_children_a_controller_still_keeps_its_door() -> None:
    class Blind(Remembering):
        def children(self) -> dict[str, tuple[Route, ...]]:
            raise Unreachable("the engine does not answer")

    application = surface(Blind())
    assert call(application, "GET", "/orders/_admin/status").status == 401
    assert call(application, "GET", "/orders/_admin/status", bearer()).status == 502
    assert call(application, "GET", "/_admin/status", bearer()).status == 200


def test_a_host_route_leads_where_the_gateways_rules_do() -> None:
    controller = Remembering()
    application = surface(controller)
    call(application, "GET", "/x/_admin/status", bearer(), Host="orders.example:8080")
    call(application, "GET", "/_admin/status", bearer(), Host="orders.example")
    assert [each[:4] for each in controller.calls] == [
        ("forward", "orders", "GET", "/_admin/at/x/_admin/status"),
        ("status", 2.0),
    ]


@given(st.text(alphabet="/_admin.childrenstatusox-~%A\n ", max_size=60))
def test_no_path_leads_out_of_the_tree_or_makes_an_error(path: str) -> None:
    controller = Remembering()
    found = places.find(path, "", SHOP, controller.children)
    assert SHOP.covers(found.target)
    assert not found.child or found.subpath.startswith("/_admin/") or found.subpath == "/_admin"
    assert ".." not in found.subpath
