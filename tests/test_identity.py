"""Keys, tokens, signed calls, and the values of secrets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy import identity
from ailtire_deploy.errors import Denied
from ailtire_deploy.identity import Caller
from ailtire_deploy.names import StackPath

KEY = bytes(range(32))
SHOP, NOW = StackPath(("shop",)), 1_800_000_000.0
keys = st.binary(min_size=16, max_size=64)
parts = st.from_regex(r"[a-z]([a-z0-9-]{0,7}[a-z0-9])?", fullmatch=True)
paths = st.lists(parts, min_size=1, max_size=4).map(lambda found: StackPath(tuple(found)))
roles = st.sampled_from(identity.ROLES)
subjects = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(claims: Any, key: bytes = KEY) -> str:
    """A token made by hand with a good key, whatever it claims."""
    payload = encoded(claims if isinstance(claims, bytes) else json.dumps(claims).encode())
    return f"{payload}.{encoded(hmac.new(key, payload.encode(), hashlib.sha256).digest())}"


CLAIMS = {"sub": "alice", "role": "admin", "path": "shop", "exp": int(NOW) + 60, "kid": identity.key_id(KEY)}


@given(keys, paths, st.lists(parts, max_size=3), subjects, roles)
def test_a_token_is_good_for_its_path_and_below(
    key: bytes, path: StackPath, below: list[str], sub: str, role: str
) -> None:
    target = StackPath((*path.parts, *below))
    token = identity.issue(key, path, sub, role, int(NOW) + 1)
    assert identity.verify(token, path, key, target, NOW) == Caller(sub, role, path)


@given(keys, paths, parts, roles)
def test_a_parent_verifies_what_its_children_issue_and_never_the_other_way_round(
    key: bytes, path: StackPath, child: str, role: str
) -> None:
    below, below_key = path / child, identity.derive(key, child)
    token = identity.issue(below_key, below, "alice", role, int(NOW) + 1)
    assert identity.verify(token, path, key, below, NOW).path == below
    for holder, own_key, target in ((path, key, path), (path, below_key, below)):
        with pytest.raises(Denied):
            identity.verify(token, holder, own_key, target, NOW)
    with pytest.raises(Denied):
        identity.verify(identity.issue(key, path, "alice", role, int(NOW) + 1), below, below_key, below, NOW)


@given(st.data())
def test_a_changed_token_is_denied(data: st.DataObject) -> None:
    token = identity.issue(KEY, SHOP, "alice", "viewer", int(NOW) + 60)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda found: found != token[place]))
    with pytest.raises(Denied):
        identity.verify(token[:place] + letter + token[place + 1 :], SHOP, KEY, SHOP, NOW)


@given(st.text() | st.text(alphabet="AZaz09-_.=", max_size=80))
def test_nonsense_is_denied(token: str) -> None:
    with pytest.raises(Denied):
        identity.verify(token, SHOP, KEY, SHOP, NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {**CLAIMS, "exp": NOW + 60},
        {**CLAIMS, "exp": True},
        {**CLAIMS, "exp": str(int(NOW) + 60)},
        {**CLAIMS, "exp": None},
        {**CLAIMS, "exp": int(NOW)},
        {**CLAIMS, "role": "root"},
        {**CLAIMS, "role": ["admin"]},
        {**CLAIMS, "role": identity.CHILD},
        {**CLAIMS, "sub": ""},
        {**CLAIMS, "sub": "a\nb"},
        {**CLAIMS, "sub": 7},
        {**CLAIMS, "path": "-"},
        {**CLAIMS, "path": ""},
        {**CLAIMS, "path": ["shop"]},
        {**CLAIMS, "path": "shop/"},
        {**CLAIMS, "path": "Shop"},
        {**CLAIMS, "kid": "00000000"},
        {**CLAIMS, "more": 1},
        {name: value for name, value in CLAIMS.items() if name != "kid"},
        [],
        None,
        b"{",
        b"\xff",
        b"[" * 700,
        b'{"exp": ' + b"9" * 600 + b"}",
    ],
)
def test_even_the_key_cannot_claim_what_makes_no_sense(claims: Any) -> None:
    assert identity.verify(forged(CLAIMS), SHOP, KEY, SHOP, NOW).role == "admin"
    with pytest.raises(Denied):
        identity.verify(forged(claims), SHOP, KEY, SHOP, NOW)


def test_a_token_has_one_spelling() -> None:
    token = forged(CLAIMS)
    for other in (f"{token}=", f" {token}", f"{token}\n", token.replace(".", ".."), f"{token}.{token}"):
        with pytest.raises(Denied):
            identity.verify(other, SHOP, KEY, SHOP, NOW)


def test_the_format_is_the_documented_one() -> None:
    payload, seal = identity.issue(KEY, SHOP, "alice", "viewer", 1_900_000_000).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims == {
        "sub": "alice",
        "role": "viewer",
        "path": "shop",
        "exp": 1_900_000_000,
        "kid": identity.key_id(KEY),
    }
    assert seal == encoded(hmac.new(KEY, payload.encode(), hashlib.sha256).digest())


@pytest.mark.parametrize(
    ("path", "sub", "role"),
    [
        (SHOP, "alice", "owner"),
        (SHOP, "", "viewer"),
        (SHOP, "a\x1bb", "viewer"),
        (StackPath(), "alice", "viewer"),
        (StackPath(("a" * 60,) * 20), "alice", "viewer"),
    ],
)
def test_no_token_is_issued_that_nobody_would_accept(path: StackPath, sub: str, role: str) -> None:
    with pytest.raises(ValueError):
        identity.issue(KEY, path, sub, role, 1)


@given(keys, parts, parts, parts)
def test_keys_of_different_places_differ(key: bytes, first: str, second: str, third: str) -> None:
    path = StackPath((first,))
    found = {
        key,
        identity.derive(key, second),
        identity.child_key_for(key, path, path / second / third),
        identity.child_key_for(key, path, path / f"{second}{third}"),
    }
    assert len(found) == 4
    assert identity.child_key_for(key, path, path) == key


@pytest.mark.parametrize(
    ("own", "other"), [("shop", "shops"), ("shop/orders", "shop"), ("shop", "other/shop")]
)
def test_a_key_leads_only_downwards(own: str, other: str) -> None:
    with pytest.raises(Denied):
        identity.child_key_for(KEY, StackPath.parse(own), StackPath.parse(other))
    with pytest.raises(Denied):
        identity.child_key_for(KEY, StackPath(), StackPath.parse(other))


methods = st.sampled_from(["GET", "POST"])
targets = st.text(alphabet="/_admin?=&%abc1", min_size=1, max_size=30).map(lambda text: f"/{text}")


@given(keys, methods, targets, st.binary(max_size=50), roles, st.floats(-29.9, 29.9))
def test_a_signed_call_is_good_for_half_a_minute(
    key: bytes, method: str, target: str, body: bytes, role: str, later: float
) -> None:
    header = identity.sign(key, method, target, identity.digest(body), role, NOW)
    found = identity.verify_call(header, key, SHOP, method, target, identity.digest(body), NOW + later)
    assert found == Caller("parent", role, SHOP)


@given(st.data())
def test_a_call_that_differs_in_anything_is_denied(data: st.DataObject) -> None:
    said = {"key": KEY, "method": "POST", "path": "/_admin/update", "body": "ab" * 32, "role": "viewer"}
    heard = dict(said)
    which = data.draw(st.sampled_from(sorted(said)))
    heard[which] = data.draw(st.binary(min_size=32, max_size=32) if which == "key" else st.text(max_size=20))  # type: ignore[assignment]
    header = identity.sign(said["key"], said["method"], said["path"], said["body"], said["role"], NOW)  # type: ignore[arg-type]
    if heard == said:
        return
    if which == "role":
        header = header.replace("viewer", str(heard["role"]))
        if heard["role"] == "viewer":
            return
    with pytest.raises(Denied):
        identity.verify_call(header, heard["key"], SHOP, heard["method"], heard["path"], heard["body"], NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("later", [-30.1, 30.1, 3600, -1e9, 1e9])
def test_an_old_or_early_call_is_denied(later: float) -> None:
    header = identity.sign(KEY, "GET", "/", identity.digest(b""), "admin", NOW)
    with pytest.raises(Denied):
        identity.verify_call(header, KEY, SHOP, "GET", "/", identity.digest(b""), NOW + later)


@pytest.mark.parametrize("role", ["root", "viewer other", "viewer shop/../other", "viewer -", "viewer shops"])
def test_nobody_grants_what_is_not_theirs(role: str) -> None:
    header = identity.sign(KEY, "GET", "/", identity.digest(b""), role, NOW)
    with pytest.raises(Denied):
        identity.verify_call(header, KEY, SHOP, "GET", "/", identity.digest(b""), NOW)


def test_a_grant_can_be_limited_to_a_stack_below() -> None:
    caller = Caller("alice", "operator", SHOP / "orders" / "billing")
    assert caller.grant_for(SHOP / "orders") == "operator shop/orders/billing"
    assert Caller("alice", "operator", SHOP).grant_for(SHOP / "orders") == "operator"
    orders = SHOP / "orders"
    header = identity.sign(KEY, "GET", "/", identity.digest(b""), caller.grant_for(orders), NOW)
    found = identity.verify_call(header, KEY, orders, "GET", "/", identity.digest(b""), NOW)
    assert (found.role, found.path) == ("operator", caller.path)


def test_a_seal_of_one_kind_is_none_of_another() -> None:
    header = identity.sign(KEY, "GET", "/", identity.digest(b""), "admin", NOW)
    token = identity.issue(KEY, SHOP, "alice", "admin", int(NOW) + 60)
    with pytest.raises(Denied):
        identity.verify(header.rsplit(":", 1)[1] + "." + header.rsplit(":", 1)[1], SHOP, KEY, SHOP, NOW)
    with pytest.raises(Denied):
        identity.verify_call(
            f"Ailtire {int(NOW)}000:admin:{token.split('.')[1]}", KEY, SHOP, "GET", "/", "", NOW
        )


def test_roles_stand_on_a_ladder_and_a_child_beside_it() -> None:
    assert [[Caller("a", mine, SHOP).may(role) for role in identity.ROLES] for mine in identity.ROLES] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert not any(Caller("a", identity.CHILD, SHOP).may(role) for role in identity.ROLES)
    assert not any(Caller("a", mine, SHOP).may(identity.CHILD) for mine in identity.ROLES)


@given(st.binary(min_size=1), st.binary(), st.binary())
def test_fingerprints_are_short_and_follow_the_value(salt: bytes, first: bytes, second: bytes) -> None:
    assert len(identity.fingerprint(salt, first)) == 12
    assert (identity.fingerprint(salt, first) == identity.fingerprint(salt, second)) is (first == second)


@given(keys, paths, parts, st.integers(1, 9), st.integers(1, 200))
def test_a_generated_secret_is_letters_and_digits_of_the_asked_length(
    seed: bytes, path: StackPath, key: str, generation: int, length: int
) -> None:
    value = identity.generate(seed, path, key, generation, length)
    assert len(value) == length
    assert value.isascii() and value.isalnum()
    assert value == identity.generate(seed, path, key, generation, length)


def test_every_letter_of_a_generated_secret_is_as_likely_as_any_other() -> None:
    value = identity.generate(KEY, SHOP, "password", 1, 62_000)
    counts = [value.count(letter) for letter in sorted(set(value))]
    assert len(counts) == 62
    assert 850 < min(counts) <= max(counts) < 1150


def test_another_place_name_or_generation_gives_another_secret() -> None:
    found = {
        identity.generate(KEY, SHOP, "password"),
        identity.generate(KEY, SHOP, "password", 2),
        identity.generate(KEY, SHOP, "password2"),
        identity.generate(KEY, SHOP / "orders", "password"),
        identity.generate(b"other seed", SHOP, "password"),
    }
    assert len(found) == 5
