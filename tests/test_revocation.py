"""Tokens that are taken back: which are, for how long, and that a whole living tree follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ailtire_deploy import identity, names, revocation, withdrawal
from ailtire_deploy.errors import Denied, InvalidInput, NotFound, Refused
from ailtire_deploy.names import StackPath
from ailtire_deploy.revocation import Mark, Revoked
from ailtire_deploy.state import Key, State
from tests.household import entry, three_levels
from tests.rest.client import call
from tests.rest.living import SHOP, Living

KEY = bytes(range(32))
NOW = 1_800_000_000
ID = revocation.new_id(NOW + 60, bytes(8))


def token(id: str = ID, issued: int = NOW, key: bytes = KEY) -> str:
    return identity.issue(key, SHOP, "alice", "viewer", NOW + 60, id, issued)


def test_a_token_has_an_id_that_tells_its_end_and_an_old_one_goes_by_its_hash() -> None:
    assert revocation.mark(token()) == Mark(ID, NOW, NOW + 60)
    assert revocation.by_id(ID) == Mark(ID, 0, NOW + 60)
    old = revocation.mark(identity.issue(KEY, SHOP, "alice", "viewer", NOW + 60))
    assert (old.issued, old.expires) == (0, NOW + 60)
    assert revocation.by_id(old.id).expires == NOW + 60
    assert old.id != revocation.mark(identity.issue(KEY, SHOP, "bob", "viewer", NOW + 60)).id


def test_tokens_with_and_without_an_id_are_good() -> None:
    for each in (token(), identity.issue(KEY, SHOP, "alice", "viewer", NOW + 60)):
        assert identity.verify(each, SHOP, KEY, SHOP, NOW).sub == "alice"
        assert not revocation.NOTHING.covers(revocation.mark(each))


@pytest.mark.parametrize(("id", "issued"), [("x\n", NOW), ("", 5), ("x" * 200, NOW)])
def test_odd_ids_make_no_token(id: str, issued: int) -> None:
    if id == "":
        assert "iat" not in identity.claims(token(id, issued))
        return
    with pytest.raises(Denied):
        identity.verify(token(id, issued), SHOP, KEY, SHOP, NOW)


@pytest.mark.parametrize(
    "odd", ["", "x", "6f3a", "6f3a-xyz", "-0123456789abcdef", ID + "0", ID.upper() + "A"]
)
def test_what_is_no_id_is_refused_and_not_repeated(odd: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        revocation.by_id(odd)
    assert odd == "" or odd not in str(caught.value).split() or len(odd) < 2


def test_ids_are_kept_until_they_end_and_all_takes_what_was_made_before() -> None:
    held = revocation.NOTHING.with_ids(NOW, Mark("a", 0, NOW + 10), Mark("b", 0, NOW + 99))
    assert held.with_ids(NOW + 50).ids == {"b": NOW + 99}
    assert held.covers(Mark("a", NOW, NOW + 10))
    assert not held.covers(Mark("c", 0, NOW + 10))
    everything = held.with_all(NOW)
    assert everything.covers(Mark("c", NOW, NOW + 10))
    assert everything.covers(Mark("c", 0, NOW + 10))
    assert not everything.covers(Mark("c", NOW + 1, NOW + 10))
    many = [Mark(str(number), 0, NOW + 9) for number in range(revocation.LIMIT + 1)]
    with pytest.raises(Refused, match="--all"):
        revocation.NOTHING.with_ids(NOW, *many)


def test_a_list_comes_back_as_it_was_written_and_a_broken_one_lets_nobody_in() -> None:
    wish = revocation.config(SHOP, Revoked({"a": 5}, 7))
    assert revocation.held(State.of([wish]), SHOP / "orders") == Revoked({"a": 5}, 7)
    assert revocation.held(State(), SHOP) == revocation.NOTHING
    for odd in ("", "{}", "[]", json.dumps({"before": 0, "ids": 5}), "\x00"):
        broken = State.of([wish.with_labels(**{names.LABEL_REVOKED: odd})])
        assert revocation.held(broken, SHOP).covers(Mark("any", NOW * 2, NOW * 3))


def test_every_controller_of_a_tree_refuses_it_and_an_apply_keeps_the_list(tmp_path: Path) -> None:
    living = Living(tmp_path)
    good, bad = living.bearer("viewer"), token_of(living, "1")
    now = living.house.time

    def answers(header: str) -> list[int]:
        living.house.live()
        ways = ("/_admin/status", "/_admin/children/orders/status", "/orders/ledger/_admin/status")
        return [call(living.surface(), "GET", way, header).status for way in ways]

    assert answers(good) == answers(bad) == [200, 200, 200]
    withdrawal.write(living.house.engine, SHOP, revocation.mark(bad.removeprefix("Bearer ")), now)
    assert set(answers(bad)) == {401}
    assert answers(good) == [200, 200, 200]
    living.house.time += 700  # older than what is left alone for being young
    living.house.apply(entry(three_levels()))
    writes = list(living.house.engine.writes)
    living.house.apply(entry(three_levels()))
    assert living.house.engine.writes == writes
    assert set(answers(bad)) == {401}
    living.restart()
    assert set(answers(bad)) == {401}
    withdrawal.write(living.house.engine, SHOP, None, now + 5000)
    assert set(answers(good)) == {401}
    living.house.shutdown("shop")
    assert living.house.names() == []


BELOW = (SHOP / "orders", SHOP / "orders" / "ledger")


def token_of(living: Living, digit: str) -> str:
    end = int(living.house.time) + 3600
    id = revocation.new_id(end, bytes(8))
    issued = int(living.house.time)
    return f"Bearer {identity.issue(living.key(SHOP), SHOP, 'bob', 'viewer', end, id, issued)}"


def test_a_child_refuses_a_token_of_its_own_that_was_taken_back(tmp_path: Path) -> None:
    living = Living(tmp_path)
    path, end, issued = BELOW[0], int(living.house.time) + 3600, int(living.house.time)
    id = revocation.new_id(end, bytes(8))
    header = f"Bearer {identity.issue(living.key(path), path, 'bob', 'viewer', end, id, issued)}"
    assert call(living.surface(path), "GET", "/_admin/history", header).status == 200
    withdrawal.write(living.house.engine, SHOP, revocation.by_id(id), living.house.time)
    living.house.live()
    assert call(living.surface(path), "GET", "/_admin/history", header).status == 401
    assert call(living.surface(), "GET", "/orders/_admin/history", header).status == 401


def test_an_admin_takes_tokens_back_over_rest_at_the_root_and_nowhere_else(tmp_path: Path) -> None:
    living = Living(tmp_path)
    bad, place = token_of(living, "1"), "/_admin/tokens/revoke"
    id = revocation.mark(bad.removeprefix("Bearer ")).id
    assert living.ask("POST", place, {"id": id}, role="operator").status == 403
    for below in ("/_admin/children/orders/tokens/revoke", "/orders/_admin/tokens/revoke"):
        assert living.ask("POST", below, {"all": True}).status == 404
    with pytest.raises(NotFound):
        living.controller(BELOW[0]).take_back(None)
    for wrong in ({}, {"id": id, "all": True}, {"id": "x"}, {"id": 7}, {"all": 1}, {"all": True, "more": 1}):
        assert living.ask("POST", place, wrong).status == 422
    assert living.ask("GET", "/_admin/tokens").json == {"before": None, "ids": {}}
    assert living.ask("POST", place, {"id": id}).status == 200
    living.house.live()
    assert list(living.ask("GET", "/_admin/tokens").json["ids"]) == [id]
    assert call(living.surface(), "GET", "/_admin/status", bad).status == 401
    assert living.ask("POST", place, {"all": True}).json["before"] is not None
    living.house.live()
    assert living.ask("GET", "/_admin/status").status == 401, "whoever asked for it is no exception"


def test_two_who_write_at_once_lose_nothing(tmp_path: Path) -> None:
    living = Living(tmp_path)
    engine, end = living.house.engine, int(living.house.time) + 60
    first = engine.create

    def create(resource):  # type: ignore[no-untyped-def]
        engine.create = first  # type: ignore[method-assign]
        withdrawal.write(engine, SHOP, Mark("b", 0, end), living.house.time)
        return first(resource)

    engine.create = create  # type: ignore[method-assign]
    withdrawal.write(engine, SHOP, Mark("a", 0, end), living.house.time)
    assert set(revocation.held(engine.observe(SHOP), SHOP).ids) == {"a", "b"}
    assert Key("config", "shop.revoked") in engine.objects
    with pytest.raises(NotFound):
        withdrawal.write(engine, StackPath(("nobody",)), None, 0)


def test_a_token_or_its_id_names_it_and_nothing_else_does() -> None:
    assert withdrawal.marked(ID).id == withdrawal.marked(token()).id == ID
    for odd in ("a.b", "nothing", "ffffffffffff-0123456789abcdef", "", token()[:-3].replace(".", "..")):
        with pytest.raises(InvalidInput) as caught:
            withdrawal.marked(odd)
        assert odd in ("nothing", "") or odd not in str(caught.value)
