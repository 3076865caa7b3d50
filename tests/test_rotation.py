"""Another key for a tree: both are good for a while, every controller gets it, and a crash is mended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ailtire_deploy import identity, interruption, names, rotation
from ailtire_deploy.errors import Failed, Refused
from ailtire_deploy.keyring import Keyring, Keys
from ailtire_deploy.names import StackPath
from ailtire_deploy.rest import app
from ailtire_deploy.rotation import NEVER, Former
from ailtire_deploy.state import Key
from tests.fakes import Crash
from tests.household import Household, entry, three_levels
from tests.rest.client import KEY, NOW, SHOP, Remembering, bearer, call, signed, surface
from tests.rest.living import Living

DAY = 24 * 3600.0
ORDERS, LEDGER = SHOP / "orders", SHOP / "orders" / "ledger"
TREE = (SHOP, ORDERS, LEDGER)
NEW = b"a key that was made lately, 32 b"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Household]:
    found = Household(tmp_path)
    found.apply(entry(three_levels()))
    found.settle(5)
    yield found


def token(key: bytes, now: float, path: StackPath = SHOP) -> str:
    own = identity.child_key_for(key, SHOP, path)
    return f"Bearer {identity.issue(own, path, 'anna', 'viewer', int(now) + 3 * int(DAY))}"


def good(house: Household, path: StackPath, authorization: str) -> bool:
    living = Living.__new__(Living)
    living.house, living.surfaces = house, {}
    controller = living.controller(path)
    controller.observed()
    answer = call(app(controller, now=house.now), "GET", "/_admin/history", authorization)
    assert answer.status in (200, 401)
    return answer.status == 200


def test_the_key_is_rotated_at_every_level_and_both_are_good_for_the_overlap(house: Household) -> None:
    old = {path: house.key(path) for path in TREE}
    seed = house.engine.objects[Key("secret", "shop.seed")].data
    recap = house.apply(entry(three_levels()), overlap=DAY)
    assert recap.verdict in ("converged", "unchanged"), recap
    new = {path: house.key(path) for path in TREE}
    assert not set(old.values()) & set(new.values())
    assert new[LEDGER] == identity.child_key_for(new[SHOP], SHOP, LEDGER)
    assert house.engine.objects[Key("secret", "shop.seed")].data == seed, "generated secrets stay as they are"
    for path in TREE:
        assert good(house, path, token(new[SHOP], house.time, path))
        assert good(house, path, token(old[SHOP], house.time, path))
    house.time += DAY + 1
    for path in TREE:
        assert good(house, path, token(new[SHOP], house.time, path))
        assert not good(house, path, token(old[SHOP], house.time, path))


def test_without_an_overlap_the_key_before_is_good_for_nothing_at_once(house: Household) -> None:
    old = house.key(SHOP)
    house.apply(entry(three_levels()), overlap=0.0)
    assert not any(good(house, path, token(old, house.time, path)) for path in TREE)
    assert all(good(house, path, token(house.key(SHOP), house.time, path)) for path in TREE)


def test_the_plan_shows_it_and_is_what_happens(house: Household) -> None:
    launcher = house.launcher(overlap=DAY)
    plans = launcher.plan(entry(three_levels()))
    planned = {
        str(each.key)
        for plan in plans.values()
        for each in plan.operations
        if each.cause == "generation 2 of the keys"
    }
    assert planned == {
        "secret shop.key.2", "secret shop_orders.key.2", "secret shop_orders_ledger.key.2",
        *(f"secret {path.engine}.gateway-key.2" for path in TREE), "secret shop.edge-key.2",
    }  # fmt: skip
    changed = {str(each.key) for plan in plans.values() for each in plan.operations}
    house.engine.writes.clear()
    launcher.apply(entry(three_levels()), lambda observed: None)
    house.settle(5)
    made = {each.split(" ", 1)[1] for each in house.engine.writes}
    assert made == changed
    assert not any("web" in each or "api" in each for each in made), "no service restarts"


def test_afterwards_nothing_is_left_of_the_key_before_and_there_is_nothing_to_do(house: Household) -> None:
    for generation in (2, 3):
        house.apply(entry(three_levels()), overlap=DAY)
        house.settle(5)
        left = [name for name in house.names("secret") if ".key" in name or "-key" in name]
        assert len(left) == 7, left
        assert all(name.endswith(f".{generation}") for name in left)
        house.engine.writes.clear()
        house.apply(entry(three_levels()))
        house.settle(5)
        assert house.engine.writes == []


def test_only_a_rotation_rotates_and_each_run_does_it_once(house: Household) -> None:
    ring = Keyring(house.folder / "keys.json")
    before = ring.get("fakecluster", "shop")
    house.launcher(overlap=DAY).plan(entry(three_levels()))
    assert ring.get("fakecluster", "shop") == before, "a plan writes nothing"
    launcher = house.launcher(overlap=DAY)
    launcher.apply(entry(three_levels()), lambda observed: None)
    launcher.apply(entry(three_levels()), lambda observed: None)
    found = ring.get("fakecluster", "shop")
    assert before is not None and found is not None
    assert (found.former.key, found.former.generation, found.seed) == (before.key, 2, before.seed)


@pytest.mark.parametrize("at", range(1, 30, 4))
def test_a_crash_at_any_write_is_mended_by_the_next_apply(house: Household, at: int) -> None:
    old, begun = house.key(SHOP), len(house.engine.writes)

    def crash(number: int) -> None:
        if len(house.engine.writes) - begun >= at and not crashed:
            crashed.append(number)
            raise Crash

    crashed: list[int] = []
    house.engine.before = crash
    with suppress(Crash):
        house.apply(entry(three_levels()), overlap=DAY)
    house.engine.before = lambda number: None
    recap = house.apply(entry(three_levels()))
    house.settle(10)
    assert recap.verdict in ("converged", "unchanged"), recap
    observed = house.engine.observe(SHOP)
    generations = {rotation.running(observed, SHOP).name}
    if generations == {"shop.key.2"}:
        assert rotation.lagging(observed, SHOP, 2) == []
        assert all(house.key(path) == identity.child_key_for(house.key(SHOP), SHOP, path) for path in TREE)
        assert good(house, LEDGER, token(old, house.time, LEDGER))
    else:
        assert house.key(SHOP) == old


def test_a_rotation_that_broke_off_before_the_swarm_knew_of_it_goes_on(house: Household) -> None:
    """The key file is written first: it is the only place where a key could be lost."""
    old = house.key(SHOP)

    def crash(number: int) -> None:
        raise Crash

    house.engine.before = crash
    with pytest.raises(Crash):
        house.apply(entry(three_levels()), overlap=DAY)
    house.engine.before = lambda number: None
    assert house.key(SHOP) == old
    house.apply(entry(three_levels()), overlap=DAY)
    found = Keyring(house.folder / "keys.json").get("fakecluster", "shop")
    assert found is not None
    assert house.key(SHOP) == found.key
    assert found.former.generation == 2, "it was finished, not begun anew"


def test_whoever_has_the_key_file_of_before_is_told_so(house: Household) -> None:
    kept = (house.folder / "keys.json").read_text()
    house.apply(entry(three_levels()), overlap=DAY)
    (house.folder / "keys.json").write_text(kept)
    with pytest.raises(Failed, match="copy the key file"):
        house.apply(entry(three_levels()))


def test_a_rollback_by_hand_keeps_the_newest_key(house: Household) -> None:
    house.apply(entry(three_levels()), overlap=DAY)
    house.apply(entry(three_levels(), replicas=3))
    launcher = house.launcher()
    draft, plans = launcher.plan_rollback(SHOP, None)
    assert not [each for plan in plans.values() for each in plan.operations if each.key.kind == "secret"]
    launcher.carry_out(SHOP, draft, lambda observed: None)
    house.settle(10)
    assert rotation.lagging(house.engine.observe(SHOP), SHOP, 2) == []


def test_a_shutdown_takes_every_generation_with_it_and_the_next_life_has_the_newest_key(
    house: Household,
) -> None:
    house.apply(entry(three_levels()), overlap=DAY)
    newest = house.key(SHOP)
    house.shutdown("shop")
    assert house.names("secret") == []
    house.apply(entry(three_levels()))
    assert house.key(SHOP) == newest


def test_who_replaces_the_edge_has_to_say_so(house: Household) -> None:
    with pytest.raises(Refused, match="shop_edge"):
        interruption.refuse(house.launcher(overlap=DAY).plan(entry(three_levels())).values())


# What a controller believes


def with_former(until: float, path: StackPath = SHOP) -> Remembering:
    return Remembering(path=path, key=NEW, former=Former(KEY, int(until), 2))


@pytest.mark.parametrize(("later", "status"), [(60, 200), (0, 401), (-60, 401)])
def test_tokens_and_calls_of_the_key_before_are_good_until_the_overlap_ends(later: int, status: int) -> None:
    application = surface(with_former(NOW + later))
    assert call(application, "GET", "/_admin/status", bearer()).status == status
    assert call(application, "GET", "/_admin/status", signed(KEY, "GET", "/_admin/status")).status == status
    assert call(application, "GET", "/_admin/status", bearer(key=NEW)).status == 200
    body = b'{"name": "shop/orders", "url": "http://shop_orders_admin:3000"}'
    for key, expected in ((identity.derive(KEY, "orders"), status), (identity.derive(NEW, "orders"), 200)):
        header = signed(key, "POST", "/_admin/register", body, identity.CHILD)
        found = call(application, "POST", "/_admin/register", header, body, Content_Type="application/json")
        assert found.status == expected


def test_what_was_wrong_before_is_wrong_with_two_keys() -> None:
    application = surface(with_former(NOW + 60))
    for wrong in (bearer(key=b"x" * 32), bearer(ttl=-1), signed(b"x" * 32, "GET", "/_admin/status"), ""):
        assert call(application, "GET", "/_admin/status", wrong).status == 401
    limited = signed(KEY, "GET", "/_admin/status", role="viewer other")
    assert call(application, "GET", "/_admin/status", limited).status == 401
    by_agent = signed(KEY, "GET", "/_admin/status", role=identity.AGENT)
    assert call(application, "GET", "/_admin/status", by_agent).status == 401


def test_a_token_that_was_taken_back_stays_so_over_a_rotation() -> None:
    whole = identity.issue(KEY, SHOP, "a", "admin", int(NOW) + 60, "0-0badbadbadbadbad", int(NOW))
    assert call(surface(with_former(NOW + 60)), "GET", "/_admin/status", f"Bearer {whole}").status == 401


@pytest.mark.parametrize("former", [NEVER, Former(b"f" * 32, 1_800_000_000, 2)])
def test_what_a_controller_mounts_is_read_back(former: Former) -> None:
    assert rotation.decode(rotation.encode(NEW, former)) == (NEW, former)
    assert Former.from_json(former.as_json()) == former


@pytest.mark.parametrize(
    "data", [b"", b"{", b"{}", b"[]", b'{"key": 1}', b'{"key": "zz"}', b"x" * 31, b"x" * 33]
)
def test_what_is_no_key_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="no key of a controller"):
        rotation.decode(data)


def test_no_key_shows() -> None:
    assert "\\x01" not in repr(Former(b"\x01" * 32, 5, 2)) + repr(Keys(b"\x01" * 32, b"\x01" * 32).rotated(5))


@pytest.mark.parametrize("path", [SHOP, LEDGER, StackPath(("s" * 40, "o" * 40))])
def test_generations_have_names_of_their_own(path: StackPath) -> None:
    made = [names.key_secret(path, each) for each in (1, 2, 10)]
    made += [names.agent_secret(path, who, each) for who in ("gateway", "edge") for each in (1, 2)]
    assert len(set(made)) == len(made)
    assert [names.key_generation(path, each) for each in made[:3]] == [1, 2, 10]
    owners = ["admin"] * 3 + ["gateway"] * 2 + ["edge"] * 2
    assert [names.key_of(path, each) for each in made] == list(
        zip(owners, [1, 2, 10, 1, 2, 1, 2], strict=True)
    )
    assert names.key_generation(path, names.seed_secret(path)) is None
    assert names.key_of(path, names.seed_secret(path)) is None
