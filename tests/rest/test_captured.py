"""Calls that somebody captured or made up: good at one place, for one thing; and nothing is fetched."""

from __future__ import annotations

import json
import socket

import pytest

from ailtire_deploy import identity
from ailtire_deploy.names import StackPath
from tests.rest.client import KEY, NOW, ORDERS, SHOP, Remembering, call, signed, surface
from tests.rest.living import Living

BILLING, LEDGER = SHOP / "billing", ORDERS / "ledger"
OTHER = StackPath(("other",))
BODY = b'{"parameters": {}}'
KEYS = {path: identity.child_key_for(KEY, SHOP, path) for path in (SHOP, ORDERS, BILLING, LEDGER)}
KEYS[OTHER] = b"another root's key, 32 bytes long"


def status(path: StackPath, header: str, target: str = "/_admin/update", body: bytes = BODY) -> int:
    application = surface(Remembering(path=path, key=KEYS[path]))
    return call(application, "POST", target, header, body, Content_Type="application/json").status


@pytest.mark.parametrize("meant", KEYS, ids=str)
@pytest.mark.parametrize("sent_to", KEYS, ids=str)
@pytest.mark.parametrize("role", identity.ROLES)
def test_a_captured_call_is_good_for_the_stack_that_it_was_made_for(
    meant: StackPath, sent_to: StackPath, role: str
) -> None:
    header = signed(KEYS[meant], "POST", "/_admin/update", BODY, role)
    good = 403 if role == "viewer" else 202
    assert status(sent_to, header) == (good if sent_to == meant else 401)


@pytest.mark.parametrize("key", [ORDERS, BILLING, LEDGER, OTHER], ids=str)
def test_a_childs_key_makes_no_call_to_its_parent_to_a_sibling_or_to_what_is_not_below(
    key: StackPath,
) -> None:
    for path in KEYS:
        for target in ("/_admin/update", "/orders/_admin/update", "/_admin/children/billing/update"):
            if key != path:
                assert status(path, signed(KEYS[key], "POST", target, BODY), target) == 401


@pytest.mark.parametrize("later", [30.5, 3600.0])
def test_a_captured_call_is_old_after_half_a_minute(later: float) -> None:
    assert status(ORDERS, signed(KEYS[ORDERS], "POST", "/_admin/update", BODY, now=NOW - later)) == 401


def register(living: Living, name: str, url: str, key: StackPath = ORDERS) -> int:
    body = json.dumps({"name": name, "url": url}).encode()
    own = identity.child_key_for(living.key(SHOP), SHOP, key)
    header = signed(own, "POST", "/_admin/register", body, identity.CHILD, living.house.time)
    found = call(living.surface(), "POST", "/_admin/register", header, body, Content_Type="application/json")
    return found.status


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Living:
    return Living(tmp_path_factory.mktemp("living"))


def test_registering_twice_is_registering_once(living: Living) -> None:
    kept, own = dict(living.house.engine.objects), "http://shop_orders_admin:3000"
    assert [register(living, "shop/orders", own) for _ in range(3)] == [200] * 3
    assert register(living, "shop/orders", "http://shop_billing_admin:3000") == 403
    assert register(living, "shop/orders", own) == 200
    assert living.house.engine.objects == kept


def test_nobody_registers_as_an_ancestor_a_sibling_or_itself_from_further_down(living: Living) -> None:
    for name in ("shop", "-", "shop/billing", "shop/orders/ledger", "other", "shop/orders/", "SHOP/orders"):
        assert register(living, name, "http://shop_orders_admin:3000") in (403, 422), name
    assert register(living, "shop/orders/ledger", "http://shop_orders_ledger_admin:3000", LEDGER) == 401
    assert register(living, "shop", "http://shop_admin:3000", SHOP) == 401


def test_no_address_that_is_given_is_fetched(living: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **_: tried.append(asked) or [])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        foreign = f"http://127.0.0.1:{listening.getsockname()[1]}"
        for url in (
            foreign,
            f"{foreign}/x",
            "file:///etc/passwd",
            "http://shop_orders_admin:3000@127.0.0.1/",
        ):
            assert register(living, "shop/orders", url) == 403
        assert living.ask("GET", "/_admin/status").status == 200
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert not [each for each in tried if "127.0.0.1" in str(each)]


def test_a_page_of_another_site_changes_nothing_with_what_a_browser_sends_by_itself(living: Living) -> None:
    """There is no cookie, and no form that a browser would send is read."""
    kept = dict(living.house.engine.objects)
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        sent = {"Content_Type": kind, "Cookie": "token=x", "Origin": "https://evil.example"}
        assert call(living.surface(), "POST", "/_admin/shutdown", "", BODY, **sent).status == 401
        assert living.ask("POST", "/_admin/update", BODY, **sent).status == 415
        assert "Set-Cookie" not in living.ask("GET", "/_admin/status", **sent).headers
    assert living.house.engine.objects == kept
