"""More than half of a stack goes only when somebody says so."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from ailtire_deploy import pruning
from ailtire_deploy.cli import return_trip
from ailtire_deploy.cli.console import Console
from ailtire_deploy.controller import Controller
from ailtire_deploy.errors import InvalidInput, Refused
from ailtire_deploy.names import StackPath
from tests.household import Household, entry, plain

SHOP = StackPath(("shop",))
INNER = {"name": "inner", "services": {"a": plain(), "b": plain()}}


def tree(*keys, inner=INNER):
    services = {key: plain() for key in keys}
    child = {"inner": {"type": "stack", "definition": inner}} if inner else {}
    return entry({"name": "shop", "services": {**services, **child}})


@pytest.fixture
def house(tmp_path):
    made = Household(tmp_path)
    made.apply(tree("one", "two", "three"))
    return made


def refused(house, wished):
    plans = house.launcher().plan(wished)
    return pruning.excess(plans, house.engine.observe(SHOP))


def test_half_may_go_and_more_may_not(house):
    assert refused(house, tree("one", "two")) == []
    assert refused(house, tree("one")) == []
    assert refused(house, tree("one", inner=None)) == [
        "shop: inner, three, two would be removed, 3 of 4 services"
    ]


def test_a_child_is_guarded_as_well(house):
    wished = tree("one", "two", "three", inner={"name": "inner", "services": {"c": plain()}})
    assert refused(house, wished) == ["shop/inner: a, b would be removed, 2 of 2 services"]


def test_a_service_that_is_made_anew_is_not_pruned(house):
    services = {key: plain(deploy={"mode": "global"}) for key in ("one", "two", "three")}
    wished = entry(
        {"name": "shop", "services": {**services, "inner": {"type": "stack", "definition": INNER}}}
    )
    assert refused(house, wished) == []


def test_a_volume_that_becomes_another_one_is_data_at_risk(house):
    def kept(**options):
        services = {"db": plain(volumes=["data:/data"]), "one": plain(), "two": plain(), "three": plain()}
        return entry({"name": "shop", "services": services, "volumes": {"data": options}})

    house.apply(kept())
    assert refused(house, kept(labels={"a": "b"})) == []
    remote = {"type": "nfs", "o": "addr=10.0.0.9", "device": ":/data"}
    (said,) = refused(house, kept(driver_opts=remote))
    assert "data at risk (it lets go of the volume shop_data)" in said


def test_a_rollback_by_hand_is_guarded_as_an_apply_is(house, monkeypatch):
    def go(**options):
        console = Console(progress="quiet")
        more = {"check": False, "diff": False, "yes": True, "interrupt": False, **options}
        return return_trip.go_back(console, SHOP, 1, None, **more)

    swarm = SimpleNamespace(launcher=house.launcher)
    monkeypatch.setattr(return_trip, "connected", lambda engine: nullcontext(swarm))
    house.apply(tree("new", "one", "a", "b", "c", "d", "e", inner=None))
    with pytest.raises(Refused, match=r"a, b, c, d, e, new would be removed, 6 of 7 .*--allow-prune"):
        go(prune=False)
    assert go(prune=False, check=True) == 2
    assert go(prune=True) == 0
    assert "shop_two" in house.names("service")


def test_the_refusal_names_the_word_that_allows_it(house):
    plans = house.launcher().plan(tree("new", inner=None))
    with pytest.raises(Refused, match="--allow-prune"):
        pruning.refuse_excess(plans, house.engine.observe(SHOP))


def test_an_update_over_rest_is_guarded_too(house):
    controller = Controller(house.loops[SHOP], None)
    request = {"definition": {"services": {"new": plain()}}, "replace": False}
    with pytest.raises(InvalidInput, match="allow_prune=true"):
        controller.update(request, "ben", check=False)
    assert controller.update(request, "ben", check=True).plan["verdict"] == "changes"
    assert controller.update({**request, "allow_prune": True}, "ben", check=False).revision == "shop.r2"
