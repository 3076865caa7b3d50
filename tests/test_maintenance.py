"""Maintenance on whole trees: it stays until it is turned off, whatever else is written."""

from __future__ import annotations

from typing import Any

import pytest

from ailtire_deploy import closing, maintenance, pipeline, revisions, status
from ailtire_deploy.controller import Controller
from ailtire_deploy.errors import Busy, InvalidInput, NotFound
from ailtire_deploy.maintenance import Wish
from ailtire_deploy.model import WHOLE, Closed
from ailtire_deploy.names import StackPath
from ailtire_deploy.views import histories
from tests.household import Household, entry, plain

SHOP, ORDERS = StackPath(("shop",)), StackPath(("shop", "orders"))
BAD = "ailtire-demo/bad:latest"


def tree(word: str = "one", image: str = "ailtire-demo/echo", **more: Any) -> Any:
    interface = {"/": {"port": 8080}}
    till = plain(interface=interface, image=image)
    child = {"name": "orders", "services": {"till": till}, **more}
    services = {
        "web": plain(environment={"WORD": word}, interface=interface),
        "desk": plain(),
        "orders": {"type": "stack", "definition": child, "interface": {"/orders": {}}},
    }
    return entry({"name": "shop", "services": services})


@pytest.fixture
def house(tmp_path: Any) -> Household:
    made = Household(tmp_path)
    made.engine.stuck.add(BAD)
    made.apply(tree())
    return made


def turn(house: Household, path: str, on: bool = True, message: str = "", allow: tuple[str, ...] = ()) -> Any:
    """As the command line does it; nothing when it is so already."""
    observed = house.engine.observe(SHOP)
    stack, key = closing.place(observed, StackPath.parse(path))
    draft = closing.draft(observed, stack, maintenance.wish(key, on, message, allow), "anna")
    return draft and house.launcher().carry_out(stack, draft, lambda observed: None)


def closed(house: Household, path: StackPath = SHOP) -> dict[str, Closed]:
    newest = revisions.newest(house.engine.observe(SHOP), path)
    assert newest
    return dict(pipeline.filled(newest).maintenance)


def offered(house: Household, path: StackPath = SHOP) -> str:
    """All that the gateway of a stack is told to serve."""
    files = house.loops[path].offers._files["gateway"]
    return "\n".join(files.values())


def services(house: Household) -> dict[str, Any]:
    return {key.name: each.spec for key, each in house.engine.objects.items() if key.kind == "service"}


def test_it_takes_effect_without_touching_a_service_and_ends_the_same_way(house: Household) -> None:
    before, served = services(house), offered(house)
    assert turn(house, "shop/web", message="back at noon").verdict == "converged"
    assert "back at noon" in offered(house)
    assert services(house) == before
    assert turn(house, "shop/web", on=False).verdict == "converged"
    assert (offered(house), closed(house)) == (served, {})
    assert services(house) == before


def test_what_is_so_already_writes_nothing(house: Household) -> None:
    assert turn(house, "shop", on=False) is None
    turn(house, "shop", allow=("10.0.0.0/8",))
    done = len(house.engine.writes)
    assert turn(house, "shop", allow=("10.0.0.0/8",)) is None
    assert len(house.engine.writes) == done


def test_another_apply_of_the_same_files_writes_nothing_and_of_others_keeps_it(house: Household) -> None:
    turn(house, "shop", message="soon")
    turn(house, "shop/orders")
    done = len(house.engine.writes)
    recap = house.apply(tree())
    house.settle(40)
    assert recap.verdict == "converged"
    assert len(house.engine.writes) == done
    house.apply(tree("two", version="2"))
    assert (closed(house), closed(house, ORDERS)) == ({WHOLE: Closed("soon")}, {WHOLE: Closed()})
    assert services(house)["shop_web"]["TaskTemplate"]["ContainerSpec"]["Env"] == ["WORD=two"]


def test_updates_and_ways_back_keep_it(house: Household) -> None:
    house.apply(tree("two"))
    turn(house, "shop/web", message="soon")
    controller = Controller(house.loops[SHOP], None)  # type: ignore[arg-type]
    controller.update({"environment": {"A": "b"}, "replace": False}, "ben", check=False)
    house.settle(60)
    assert closed(house) == {"web": Closed("soon")}
    draft, _ = house.launcher().plan_rollback(SHOP, 1)
    assert house.launcher().carry_out(SHOP, draft, lambda observed: None).verdict == "converged"
    assert closed(house) == {"web": Closed("soon")}
    assert services(house)["shop_web"]["TaskTemplate"]["ContainerSpec"]["Env"] == ["WORD=one"]


def test_a_change_that_fails_is_taken_back_with_what_is_closed_meanwhile(house: Household) -> None:
    turn(house, "shop/orders", message="soon")
    recap = house.apply(tree("two", BAD))
    assert recap.verdict == "rolled back"
    assert closed(house, ORDERS) == {WHOLE: Closed("soon")}


def test_a_rollback_without_a_number_passes_it_over(house: Household) -> None:
    house.apply(tree("two"))
    turn(house, "shop")
    draft, _ = house.launcher().plan_rollback(SHOP, None)
    house.launcher().carry_out(SHOP, draft, lambda observed: None)
    assert services(house)["shop_web"]["TaskTemplate"]["ContainerSpec"]["Env"] == ["WORD=one"]


def test_a_child_that_was_changed_by_itself_is_left_alone(house: Household) -> None:
    orders = Controller(house.loops[ORDERS], None)  # type: ignore[arg-type]
    orders.update({"environment": {"A": "b"}, "replace": False}, "ben", check=False)
    house.settle(60)
    turn(house, "shop")
    house.settle(60)
    newest = revisions.newest(house.engine.observe(SHOP), ORDERS)
    assert newest and (newest.cause, newest.body["environment"]) == ("local", {"A": "b"})


def test_an_apply_goes_on_waiting_when_somebody_closes_the_stack_meanwhile(house: Household) -> None:
    seen: list[int] = []

    def watch(observed: Any) -> None:
        if not seen:
            draft = closing.draft(observed, SHOP, Wish(WHOLE, Closed("soon")), "ben")
            assert draft
            house.engine.create(draft)
        seen.append(1)

    assert house.launcher().apply(tree("two"), watch).verdict == "converged"
    assert closed(house) == {WHOLE: Closed("soon")}


def test_jobs_are_not_asked_for_anew(house: Household) -> None:
    """One that failed is run again for another revision; this is the same wish."""
    observed = house.engine.observe(SHOP)
    asked = house.loops[SHOP].writer(_newest(house), observed)
    turn(house, "shop")
    turn(house, "shop", on=False)
    then = house.loops[SHOP].writer(_newest(house), observed)
    assert _newest(house).number == 3
    assert (then.revision, then.wished) == (asked.revision, asked.wished) == ("shop.r1", asked.wished)


def _newest(house: Household) -> revisions.Revision:
    found = revisions.newest(house.engine.observe(SHOP), SHOP)
    assert found
    return found


def test_status_and_history_tell_of_it(house: Household) -> None:
    turn(house, "shop/web", message="back at\nnoon")
    turn(house, "shop/orders")
    observed = house.engine.observe(SHOP)
    told = {each["name"]: each["message"] for each in status.tree(observed, SHOP, {}, 0.0)["services"]}
    assert told["shop/web"].startswith("in maintenance: back at noon")
    assert told["shop/orders"].startswith("in maintenance")
    lines = histories.as_text(histories.as_json(revisions.history(observed, SHOP)))
    assert "maintenance on web" in lines[1]
    changes = histories.difference(*reversed(revisions.history(observed, SHOP)[:2]))
    assert [(each.path, each.after) for each in changes] == [("maintenance.web.message", "back at\nnoon")]


def test_a_plan_shows_what_gateways_will_be_told(house: Household) -> None:
    observed = house.engine.observe(SHOP)
    draft = closing.draft(observed, SHOP, Wish(WHOLE, Closed()), "anna")
    assert draft
    found = house.launcher().plan_draft(SHOP, draft, observed, "maintenance on")
    names = [each.key.name for plan in found.values() for each in plan.operations]
    assert names[0] == "shop.r2"
    assert any(name.startswith("shop_gateway-") for name in names)
    assert not any(each.key.kind == "service" for plan in found.values() for each in plan.operations)


def test_over_rest_it_is_a_revision_too_and_a_check_is_none(house: Household) -> None:
    controller = Controller(house.loops[ORDERS], None)  # type: ignore[arg-type]
    wish = Wish("till", Closed("soon"))
    assert controller.maintenance(wish, "ben", check=True).revision == ""
    assert closed(house, ORDERS) == {}
    assert controller.maintenance(wish, "ben").revision == "shop_orders.r2"
    assert controller.maintenance(wish, "ben").revision == "shop_orders.r2"
    house.settle(40)
    assert closed(house, ORDERS) == {"till": Closed("soon")}
    assert "soon" in offered(house, ORDERS)


def test_what_cannot_be_closed_is_said(house: Household) -> None:
    observed = house.engine.observe(SHOP)
    with pytest.raises(NotFound):
        closing.place(observed, StackPath(("inn",)))
    with pytest.raises(InvalidInput, match="offers no 'desk'"):
        closing.draft(observed, SHOP, Wish("desk", Closed()), "anna")
    for given in (
        {"message": "a" * 501},
        {"message": "a\x1b[31m"},
        {"allow": ["10.0.0.1/8"]},
        {"on": False, "message": "a"},
    ):
        with pytest.raises(InvalidInput):
            maintenance.wish(WHOLE, **{"on": True, **given})  # type: ignore[arg-type]
    house.engine.create(revisions.make(observed, SHOP, revisions.ABSENT, cause="local", origin="", author=""))
    with pytest.raises(Busy):
        closing.draft(house.engine.observe(SHOP), SHOP, Wish(WHOLE, Closed()), "anna")


@pytest.mark.parametrize(
    "told",
    [[], {"web": []}, {"web": {"message": 1}}, {"web": {"allow": ["everybody"]}}, {"web": {"allow": 1}}],
)
def test_a_revision_with_what_nobody_writes_is_not_read(told: Any) -> None:
    body = {"format": 1, "definition": {}, "parameters": {}, "environment": {}, "maintenance": told}
    with pytest.raises(InvalidInput):
        revisions.decode(revisions.encode(body), "shop.r1")
