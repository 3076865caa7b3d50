"""TLS at the edge: what a certificate changes, what it leaves alone, and where it never shows."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ailtire_deploy import handing, interruption, names
from ailtire_deploy.cli import return_trip
from ailtire_deploy.cli.console import Console
from ailtire_deploy.controller import Controller
from ailtire_deploy.errors import InvalidInput, Refused
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import INTERRUPTS, Plan
from ailtire_deploy.state import Key, Resource
from ailtire_deploy.views import plans
from tests.household import Household, entry, plain

SHOP = StackPath(("shop",))
PORTS = [{"port": 443, "tls": True}, {"port": 80, "redirect": "https"}]
KEYS = ("wiki_cert", "shop_cert")


def tree(*certificates: str, publish: Any = PORTS, **gateway: Any) -> Any:
    used = certificates or KEYS
    tls = (
        {"tls": {"certificates": list(used)}}
        if any(isinstance(p, dict) and "tls" in p for p in publish)
        else {}
    )
    return entry(
        {
            "name": "shop",
            "services": {"web": plain(interface={"/": {"port": 80}})},
            "secrets": {key: {"from": {"env": "X"}} for key in KEYS},
            "gateway": {"publish": publish, **tls, **gateway},
        }
    )


@pytest.fixture
def house(tmp_path: Path) -> Household:
    made = Household(tmp_path)
    made.values = {f"shop/{key}": f"first {key}" for key in KEYS}
    made.apply(tree())
    made.settle(5)
    return made


def service(house: Household, key: str) -> Resource:
    return house.engine.objects[Key("service", names.in_stack(SHOP, key))]


def held(house: Household) -> list[str]:
    """The certificates that the root's controller mounts, by their values."""
    objects = house.engine.objects
    return sorted(
        (objects[Key("secret", each)].data or b"").decode()
        for each in handing.handed(service(house, "admin"))
    )


def listed(house: Household) -> list[str]:
    """The certificates that the edge is offered, by their values."""
    files = house.loops[SHOP].offers._files["edge"]
    objects = house.engine.objects
    return [(objects[Key("secret", each)].data or b"").decode() for each in names.certificates_of(files)]


def rotated(house: Household, value: str) -> None:
    house.values["shop/shop_cert"] = value
    house.apply(tree())
    house.settle(5)


def planned(house: Household, wished: Any) -> Mapping[StackPath, Plan]:
    return house.launcher().plan(wished)


def test_the_controller_is_handed_the_certificates_and_the_edge_is_not(house: Household) -> None:
    assert held(house) == ["first shop_cert", "first wiki_cert"]
    assert listed(house) == ["first wiki_cert", "first shop_cert"]
    secrets = service(house, "edge").spec["TaskTemplate"]["ContainerSpec"]["Secrets"]
    assert [each["SecretName"] for each in secrets] == ["shop.edge-key"]


def test_a_rotated_certificate_replaces_the_controller_and_no_proxy(house: Household) -> None:
    before = {key: service(house, key).version for key in ("edge", "gateway", "web", "admin")}
    rotated(house, "second shop_cert")
    after = {key: service(house, key).version for key in before}
    assert {key for key in before if before[key] != after[key]} == {"admin"}
    assert listed(house) == ["first wiki_cert", "second shop_cert"]
    assert held(house) == ["first shop_cert", "first wiki_cert", "second shop_cert"]


def test_the_plan_of_a_rotation_names_what_happens_and_interrupts_nothing(house: Household) -> None:
    house.values["shop/shop_cert"] = "second shop_cert"
    found = planned(house, tree())
    assert interruption.sentences(found.values()) == []
    shown = "\n".join(plans.as_text(list(found.values()), diff=True))
    done = re.findall(r"(create|update|remove) (secret|service|config) (\S+)", str(found))
    assert re.search(r"-shop\.tls\.shop\.cert-[0-9a-f]{12}\.pem", shown.replace(" ", ""))
    assert not [each for each in done if each[2] == "shop_edge"]
    assert "second" not in shown


def test_a_revision_seen_without_what_came_before_it_is_not_given_up(house: Household) -> None:
    """The engine is asked for services first: a look may miss the handing and catch its revision."""
    loop, engine = house.loops[SHOP], house.engine
    early = [each for each in engine.observe(SHOP) if each.kind == "service"]
    house.values["shop/shop_cert"] = "second shop_cert"
    house.apply(tree(), wait=False)
    late = engine.observe(SHOP)
    both = replace(late, resources={**late.resources, **{each.key: each for each in early}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "observe", lambda root: both)
        loop.reconcile()
    loop.reconcile()
    house.settle(10)
    assert engine.objects[Key("config", "shop.r2")].labels[names.LABEL_OUTCOME] == "converged"
    assert listed(house) == ["first wiki_cert", "second shop_cert"]


def test_after_each_rotation_there_is_nothing_left_to_do(house: Household) -> None:
    for number in range(14):
        rotated(house, f"value {number}")
        assert all(each.empty for each in planned(house, tree()).values())
    assert len(held(house)) <= 13, "what no revision needs any more is let go"
    assert "value 13" in held(house)


def test_a_rollback_finds_the_certificate_before(house: Household) -> None:
    rotated(house, "second shop_cert")
    admin = service(house, "admin").version
    controller = Controller(house.loops[SHOP], None)  # type: ignore[arg-type]
    controller.rollback(1, "anna")
    house.settle(10)
    assert listed(house) == ["first wiki_cert", "first shop_cert"]
    assert service(house, "admin").version == admin
    assert house.engine.objects[Key("config", "shop.r3")].labels[names.LABEL_OUTCOME] == "converged"


def test_an_update_over_rest_names_no_certificate_that_the_controller_lacks(tmp_path: Path) -> None:
    house = Household(tmp_path)
    house.apply(tree("wiki_cert"))
    house.settle(5)
    controller = Controller(house.loops[SHOP], None)  # type: ignore[arg-type]
    asked = {"definition": dict(tree("shop_cert").body["definition"]), "replace": False}
    with pytest.raises(InvalidInput, match="was not given to this controller"):
        controller.update(asked, "ben", check=False)
    rest = {"definition": dict(tree("wiki_cert", admin=True).body["definition"]), "replace": False}
    assert controller.update(rest, "ben", check=False).revision == "shop.r2"


def test_no_certificate_is_in_anything_that_can_be_read(house: Household) -> None:
    rotated(house, "second shop_cert")
    for key, each in house.engine.objects.items():
        data = each.data or b"" if key.kind == "config" else b""
        with_text = data if not re.search(r"\.r[0-9]+$", key.name) else zlib.decompress(data)
        said = f"{each.spec} {dict(each.labels)} {with_text.decode(errors='replace')}"
        assert not re.search(r"(first|second) (shop|wiki)_cert", said), key


def test_a_first_plan_saved_is_the_plan_that_is_made(tmp_path: Path) -> None:
    house = Household(tmp_path)
    once, again = (plans.as_json(list(planned(house, tree()).values())) for _ in range(2))
    assert once == again
    created = {each["name"] for stack in once["stacks"].values() for each in stack}
    assert {"shop_certificates-(new)", "shop_shop.cert-(new)"} <= created


@pytest.mark.parametrize(
    "wished",
    [
        tree(publish=[{"port": 443, "tls": True}]),
        tree(publish=[*PORTS, 8080]),
        tree(placement={"constraints": ["node.role == manager"]}),
        tree(publish=[80]),
        tree(publish=[]),
    ],
    ids=["a port less", "a port more", "placement", "without TLS", "nothing published"],
)
def test_what_replaces_the_edge_says_so_and_is_refused(house: Household, wished: Any) -> None:
    found = planned(house, wished)
    impacts = {op.key: op.impact for plan in found.values() for op in plan.operations}
    assert impacts[Key("service", "shop_edge")] == INTERRUPTS
    with pytest.raises(Refused, match="--allow-interruption"):
        interruption.refuse(found.values())


def test_making_an_edge_and_changing_what_it_serves_interrupts_nothing(
    tmp_path: Path, house: Household
) -> None:
    fresh = Household(tmp_path / "fresh")
    for found in (
        planned(fresh, tree()),
        planned(house, tree(tls={"certificates": ["shop_cert"], "hsts": True})),
        planned(house, tree(admin=True)),
    ):
        assert [op for plan in found.values() for op in plan.operations]
        interruption.refuse(found.values())


def test_an_update_over_rest_interrupts_only_when_it_may(house: Household) -> None:
    controller = Controller(house.loops[SHOP], None)  # type: ignore[arg-type]
    request = {"definition": dict(tree(publish=[*PORTS, 8080]).body["definition"]), "replace": False}
    with pytest.raises(InvalidInput, match="allow_interruption=true"):
        controller.update(request, "ben", check=False)
    (edge,) = (
        each
        for each in controller.update(request, "ben", check=True).plan["stacks"]["shop"]
        if each["name"] == "shop_edge"
    )
    assert edge["impact"] == INTERRUPTS
    allowed = {**request, "allow_interruption": True}
    assert controller.update(allowed, "ben", check=False).revision == "shop.r2"


def test_a_shutdown_takes_the_certificates_with_it(house: Household) -> None:
    rotated(house, "second shop_cert")
    house.shutdown("shop")
    assert house.names() == []


def test_a_rollback_by_hand_interrupts_only_when_it_may(
    house: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go(**options: bool) -> int:
        more = {"check": False, "diff": False, "yes": True, "prune": False, **options}
        return return_trip.go_back(Console(progress="quiet"), SHOP, 1, None, **more)

    swarm = SimpleNamespace(launcher=house.launcher)
    monkeypatch.setattr(return_trip, "connected", lambda engine: nullcontext(swarm))
    house.apply(tree(publish=[*PORTS, 8080]))
    with pytest.raises(Refused, match="--allow-interruption"):
        go(interrupt=False)
    assert go(interrupt=True) == 0
