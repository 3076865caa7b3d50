"""Every call with every kind of caller, made from the one table; and what a signed call is good for."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ailtire_deploy import identity
from ailtire_deploy.names import StackPath
from ailtire_deploy.rest import ENDPOINTS
from ailtire_deploy.rest.endpoints import PUBLIC, Endpoint
from tests.rest.client import (
    KEY,
    NOW,
    ORDERS,
    SHOP,
    Remembering,
    bearer,
    call,
    signed,
    surface,
    taken_back,
    token,
)

LADDER = identity.ROLES
ORDERS_KEY = identity.derive(KEY, "orders")
BODIES = {
    "maintenance": {"on": True},
    "tokens/revoke": {"all": True},
    "update": {"parameters": {"replicas": 3}},
    "register": {"name": "shop/orders", "url": "http://shop_orders_admin:3000"},
}
PRIVATE = [each for each in ENDPOINTS if each.role != PUBLIC]
NEEDING_TOKENS = [each for each in PRIVATE if each.role != identity.CHILD]


def tampered() -> str:
    whole = token()
    return whole[:-2] + ("AA" if whole[-2:] != "AA" else "BB")


STRANGERS: dict[str, Callable[[], str]] = {
    "nobody": lambda: "",
    "no scheme": lambda: token(),
    "another scheme": lambda: "Basic YTpi",
    "an empty token": lambda: "Bearer ",
    "nonsense": lambda: "Bearer not.a-token",
    "a token twice": lambda: f"Bearer {token()}, Bearer {token()}",
    "a tampered token": lambda: f"Bearer {tampered()}",
    "a token of another key": lambda: bearer(key=b"x" * 32),
    "an expired token": lambda: bearer(ttl=-1),
    "a token that just expires": lambda: bearer(ttl=0),
    "a token of another root": lambda: bearer(path=StackPath(("shops",))),
    "a token of a child": lambda: bearer(path=SHOP / "billing"),
    "a token that was taken back": taken_back,
    "a huge token": lambda: "Bearer " + "A" * 100_000,
    "an unsigned call": lambda: "Ailtire 1800000000000:admin:" + "A" * 43,
    "half a signed call": lambda: "Ailtire",
}


def address(endpoint: Endpoint) -> str:
    return f"/_admin/{endpoint.name.replace('<n>', '2').replace('<file>', 'element.js')}"


def ask(controller: Remembering, endpoint: Endpoint, authorization: str, path: str = "") -> int:
    body = BODIES.get(endpoint.name, b"")
    return call(surface(controller), endpoint.method, path or address(endpoint), authorization, body).status


@pytest.mark.parametrize("endpoint", PRIVATE, ids=lambda each: each.name)
@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_gets_401_and_nothing_is_asked(endpoint: Endpoint, stranger: str) -> None:
    controller = Remembering()
    assert ask(controller, endpoint, STRANGERS[stranger]()) == 401
    assert controller.calls == []


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize(
    "endpoint", [each for each in NEEDING_TOKENS if each.below], ids=lambda each: each.name
)
@pytest.mark.parametrize("prefix", ["/orders/_admin/", "/_admin/children/orders/", "/orders/deep/_admin/"])
def test_a_stranger_gets_401_below_children_too(prefix: str, endpoint: Endpoint, stranger: str) -> None:
    controller = Remembering()
    path = prefix + address(endpoint).removeprefix("/_admin/")
    assert ask(controller, endpoint, STRANGERS[stranger](), path) == 401
    assert controller.calls == []


@pytest.mark.parametrize("endpoint", NEEDING_TOKENS, ids=lambda each: each.name)
@pytest.mark.parametrize("role", LADDER)
def test_a_role_is_enough_or_it_is_403(endpoint: Endpoint, role: str) -> None:
    controller = Remembering()
    enough = LADDER.index(role) >= LADDER.index(endpoint.role)
    status = ask(controller, endpoint, bearer(role))
    assert (status in (200, 202)) is enough
    assert enough or (status == 403 and controller.calls == [])


@pytest.mark.parametrize(
    "endpoint", [each for each in NEEDING_TOKENS if each.below], ids=lambda each: each.name
)
@pytest.mark.parametrize("role", LADDER)
@pytest.mark.parametrize("holder", [SHOP, ORDERS])
def test_the_same_roles_hold_for_a_child(endpoint: Endpoint, role: str, holder: StackPath) -> None:
    controller = Remembering()
    enough = LADDER.index(role) >= LADDER.index(endpoint.role)
    path = address(endpoint).replace("/_admin/", "/orders/_admin/")
    status = ask(controller, endpoint, bearer(role, holder), path)
    assert status == (200 if enough else 403)
    assert [each[0] for each in controller.calls] == (["forward"] if enough else [])


@pytest.mark.parametrize("endpoint", NEEDING_TOKENS, ids=lambda each: each.name)
@pytest.mark.parametrize("role", LADDER)
def test_the_parent_proves_a_role_by_a_signature(endpoint: Endpoint, role: str) -> None:
    controller = Remembering()
    path = address(endpoint)
    body = json.dumps(BODIES.get(endpoint.name, {})).encode() if endpoint.method == "POST" else b""
    status = call(
        surface(controller),
        endpoint.method,
        path,
        signed(KEY, endpoint.method, path, body, role),
        body,
        Content_Type="application/json",
    ).status
    enough = LADDER.index(role) >= LADDER.index(endpoint.role)
    assert (status in (200, 202)) if enough else status == 403


@pytest.mark.parametrize(
    "endpoint", [each for each in ENDPOINTS if each.role == PUBLIC], ids=lambda each: each.name
)
def test_what_is_public_needs_no_token_and_asks_nobody(endpoint: Endpoint) -> None:
    controller = Remembering()
    assert ask(controller, endpoint, "") == 200
    assert controller.calls == []


ABSENT = [
    "/_admin",
    "/_admin/",
    "/_admin/nothing",
    "/_admin/status/",
    "/_admin/status/more",
    "/_admin/history/0",
    "/_admin/history/x",
    "/_admin/children",
    "/_admin/children/",
    "/_admin/children/orders",
    "/_admin/children/nobody/status",
    "/_admin/children/NOBODY/status",
    "/_admin/children/orders/nothing",
    "/_admin/children/orders/register",
    "/_admin/../_admin/status",
    "/_admin/./status",
    "/_admin//status",
    "//_admin/status/x",
    "/orders/../_admin/status",
    "/nobody/_admin/status",
    "/_down/orders/status",
    "/",
    "/status",
    "/_ADMIN/status",
    "/_admin/Status",
    "/_admin/status;x",
    "/" + "a/" * 600 + "_admin/status",
]


@pytest.mark.parametrize("path", ABSENT)
def test_absent_and_forbidden_look_alike_without_a_token(path: str) -> None:
    application = surface()
    seen = call(application, "GET", path)
    real = call(application, "GET", "/_admin/status")
    assert (seen.status, seen.headers, seen.body) == (real.status, real.headers, real.body)
    assert seen.status == 401
    assert seen.headers["Www-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ABSENT)
def test_absent_is_404_for_whoever_may_see(path: str) -> None:
    controller = Remembering()
    assert call(surface(controller), "GET", path, bearer()).status == 404
    assert controller.calls == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_another_method_is_405_and_names_the_right_one(endpoint: Endpoint, method: str) -> None:
    found = call(surface(), method, address(endpoint), bearer())
    assert found.status == 405
    assert endpoint.method in found.headers["Allow"]


def test_a_signed_call_is_good_for_nothing_else() -> None:
    body = b'{"parameters": {}}'
    good = signed(KEY, "POST", "/_admin/update", body, "operator")

    def status(method: str, target: str, header: str, sent: bytes = body) -> int:
        return call(surface(), method, target, header, sent, Content_Type="application/json").status

    assert status("POST", "/_admin/update", good) == 202
    assert status("POST", "/_admin/update?check=true", good) == 401
    assert status("POST", "/_admin/shutdown", good) == 401
    assert status("GET", "/_admin/update", good) == 401
    assert status("POST", "/_admin/update", good, b'{"parameters": {"a": 1}}') == 401
    assert status("POST", "/_admin/update", good.replace("operator", "admin")) == 401
    assert status("POST", "/_admin/update", signed(ORDERS_KEY, "POST", "/_admin/update", body)) == 401
    assert status("POST", "/_admin/update", signed(KEY, "POST", "/_admin/update", body, now=NOW - 31)) == 401
    assert status("POST", "/_admin/update", signed(KEY, "POST", "/_admin/update", body, now=NOW + 31)) == 401
    assert status("POST", "/_admin/update", signed(KEY, "POST", "/_admin/update", body, role="child")) == 401


def test_a_signed_call_never_opens_what_is_above_its_limit() -> None:
    limited = signed(KEY, "GET", "/_admin/status", role="viewer shop/orders")
    assert call(surface(), "GET", "/_admin/status", limited).status == 401
    foreign = signed(KEY, "GET", "/_admin/status", role="viewer other")
    assert call(surface(), "GET", "/_admin/status", foreign).status == 401
    below = signed(KEY, "GET", "/orders/_admin/status", role="viewer shop/orders")
    assert call(surface(), "GET", "/orders/_admin/status", below).status == 200


REGISTRATION = b'{"name": "shop/orders", "url": "http://shop_orders_admin:3000"}'


def register(header: str, body: bytes = REGISTRATION, controller: Remembering | None = None) -> int:
    application = surface(controller)
    return call(application, "POST", "/_admin/register", header, body, Content_Type="application/json").status


def by_child(key: bytes = ORDERS_KEY, body: bytes = REGISTRATION, role: str = identity.CHILD) -> str:
    return signed(key, "POST", "/_admin/register", body, role)


def test_a_known_child_registers_under_its_own_name() -> None:
    controller = Remembering()
    assert register(by_child(), controller=controller) == 200
    assert controller.calls == [("register", "orders", "http://shop_orders_admin:3000")]


def test_nobody_but_a_known_child_registers() -> None:
    controller = Remembering()
    for header in (
        by_child(KEY),
        by_child(identity.derive(KEY, "stranger")),
        by_child(identity.derive(ORDERS_KEY, "grandchild")),
        by_child(role="admin"),
        signed(ORDERS_KEY, "POST", "/_admin/register", b"", identity.CHILD),
        signed(ORDERS_KEY, "POST", "/_admin/register", REGISTRATION, identity.CHILD, NOW - 31),
    ):
        assert register(header, controller=controller) == 401
    assert register(bearer(), controller=controller) == 403
    assert register(bearer("admin", ORDERS), controller=controller) == 401
    assert controller.calls == []


def test_a_child_registers_no_other_name() -> None:
    controller = Remembering()
    for name in ("shop/billing", "shop", "orders", "shop/orders/below", ""):
        body = b'{"name": "%s", "url": "http://shop_orders_admin:3000"}' % name.encode()
        assert register(by_child(body=body), body, controller) == 403
    assert controller.calls == []


def test_a_childs_key_opens_nothing_of_its_parent() -> None:
    controller = Remembering()
    for endpoint in NEEDING_TOKENS:
        path = address(endpoint)
        for role in (*LADDER, identity.CHILD):
            assert ask(controller, endpoint, signed(ORDERS_KEY, endpoint.method, path, role=role)) == 401
        assert ask(controller, endpoint, bearer("admin", ORDERS)) == 401
    assert controller.calls == []
