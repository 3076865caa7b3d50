"""Random trees of stacks, with the real launcher and controllers, on the model of the engine: what a plan
says is what happens, and after it nothing is left to do; what nobody labelled is nobody's; leaves go first.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy.state import Key, Resource
from tests.fakes import FakeEngine
from tests.household import Household, entry, plain
from tests.proof import Proof

STRANGERS = (
    Resource(Key("service", "theirs"), {"TaskTemplate": {"ContainerSpec": {"Image": "theirs:1"}}}),
    Resource(Key("network", "shop_theirs"), {"Driver": "overlay"}),
    Resource(Key("config", "shop.theirs"), {}, {"com.docker.stack.namespace": "shop"}, b"theirs"),
    Resource(Key("secret", "shop_web_theirs"), {}),
)
"""Of strangers, with names like ours."""

IMAGES = ("ailtire-demo/echo", "web:1", "r.example/web:1", "s.example:5000/web", "s.example:5000/api:2")
PRIVATE = ("r.example", "s.example:5000")


def registries(house: Household, chance: random.Random) -> None:
    """Registries that want a login, which is another one each time; some tags they know, and those move."""
    word = str(chance.random())
    house.engine.private = set(PRIVATE)
    house.credentials = {host: {"username": "anna", "password": word} for host in PRIVATE}
    known = chance.sample(IMAGES, 3)
    house.engine.registry = {each: f"sha256:{chance.getrandbits(256):064x}" for each in known}


def tree(chance: random.Random, name: str, depth: int, size: int) -> dict[str, Any]:
    """A stack with services, configs and children that wait for one another, in an order without a circle."""
    services: dict[str, Any] = {}
    configs = {f"page{n}": {"content": f"text {chance.randint(1, 9)}"} for n in range(chance.randint(0, 2))}
    for number in range(chance.randint(1, 3)):
        below = chance.sample(sorted(services), chance.randint(0, len(services)))
        needs = {each: {"condition": chance.choice(["started", "healthy"])} for each in below}
        if depth and chance.random() < 0.5:
            child = tree(chance, f"kid{number}", depth - 1, size)
            services[f"kid{number}"] = {"type": "stack", "definition": child, "depends_on": needs}
        else:
            used = chance.sample(sorted(configs), chance.randint(0, len(configs)))
            files = [{"source": each, "target": f"/{each}"} for each in used]
            replicas = {"replicas": chance.randint(1, size)}
            image = chance.choice(IMAGES)
            services[f"s{number}"] = plain(depends_on=needs, configs=files, deploy=replicas, image=image)
    return {"name": name, "services": services, "configs": configs}


def versions(engine: FakeEngine) -> dict[Key, int]:
    return {each.key: engine.objects[each.key].version for each in STRANGERS}


def drawn(write: str) -> str:
    """Without a hash that is known only later: of a secret's value, of addresses that the engine chooses."""
    return re.sub(r"(create (?:secret .*|config \S+_faces))-[0-9a-f]{12}$", r"\1", write)


def applied(house: Household, wish: Any) -> None:
    """The plan, then what is done: the same writes, and nothing left. Outcomes are labels of revisions."""
    planned = [op for each in house.launcher().plan(wish).values() for op in each.operations]
    done = len(house.engine.writes)
    recap = house.apply(wish)
    assert recap.verdict == "converged", recap.reasons
    outcomes = [
        each for each in house.engine.writes[done:] if each.startswith("update config") and ".r" in each
    ]
    writes = [each for each in house.engine.writes[done:] if each not in outcomes]
    assert sorted(map(drawn, writes)) == sorted(drawn(f"{op.verb} {op.key}") for op in planned)
    assert all(each.empty for each in house.launcher().plan(wish).values())
    done = len(house.engine.writes)
    assert house.apply(wish).verdict == "converged"
    assert house.engine.writes[done:] == []


def leaves_first(writes: list[str], services: list[str]) -> None:
    """Nothing above goes while something below lives: a gateway outlives all services of stacks below."""
    gone = [each.removeprefix("remove service ") for each in writes if each.startswith("remove service ")]
    assert sorted(gone) == sorted(services)
    for gateway in (each for each in gone if each.endswith("_gateway")):
        stack = gateway.removesuffix("_gateway")
        below = [each for each in gone if each.startswith(f"{stack}_kid")]
        assert all(gone.index(each) < gone.index(gateway) for each in below), (gateway, gone)


def live_through(folder: Path, seed: int) -> None:
    """A tree from nothing, changed, and taken away, with controllers that run in random order."""
    chance = random.Random(seed)
    house = Household(folder / str(seed), chance)
    for each in STRANGERS:
        house.engine.put(each)
    theirs = versions(house.engine)
    registries(house, chance)
    first = tree(chance, "shop", 2, 2)
    applied(house, entry(first))
    again = random.Random(seed + 1)
    registries(house, again)
    for each in first["services"].values():
        if "deploy" in each:
            each["deploy"], each["image"] = {"replicas": again.randint(1, 3)}, again.choice(IMAGES)
    applied(house, entry(first))
    mine = [each for each in house.names("service") if each != "theirs"]
    done = len(house.engine.writes)
    house.shutdown("shop")
    leaves_first(house.engine.writes[done:], mine)
    assert set(house.engine.objects) == {each.key for each in STRANGERS}
    assert versions(house.engine) == theirs


def rounds(folder: Path, number: int, prove_report: Proof) -> None:
    seed = random.SystemRandom().randrange(10**6)
    wrong = []
    for each in range(seed, seed + number):
        try:
            live_through(folder, each)
        except AssertionError as error:
            wrong.append(f"seed {each}: {error}")
    prove_report(
        8, number - len(wrong), number, f"random trees from seed {seed} on, made, changed, taken away"
    )
    assert not wrong, "\n".join(wrong)


@pytest.mark.small
def test_random_trees_do_what_their_plans_say_and_leave_nothing(tmp_path: Path, prove_report: Proof) -> None:
    rounds(tmp_path, 15, prove_report)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_many_random_trees_do_what_their_plans_say_and_leave_nothing(
    tmp_path: Path, prove_report: Proof
) -> None:
    rounds(tmp_path, 500, prove_report)
