"""Two trees on one swarm: who can reach whom, from every container to every other; and who listens outside.

`castle` has a child; `camp` publishes nothing. Neither may know that the other is there.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from tests.swarm import Swarm, eventually
from tests.system.looking import addresses, probe
from tests.system.small import cleaned, service, write

PORT = 8093
PORTS = (22, 80, 2375, 2377, 3000, 7946, 8080)
PLAIN = {  # engine name → the sibling network that it stands on
    "castle_hall": "castle_sibling",
    "castle_wall": "castle_sibling",
    "castle_keep_tower": "castle_keep_sibling",
    "camp_tent": "camp_sibling",
}
GATEWAYS = {"castle_gateway": "castle_sibling", "castle_keep_gateway": "castle_keep_sibling",
            "camp_gateway": "camp_sibling"}  # fmt: skip
OTHERS = ("castle_admin", "castle_keep_admin", "camp_admin", "castle_edge")


@pytest.fixture(scope="module")
def two(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    """The trees, applied."""
    folder = tmp_path_factory.mktemp("strangers")
    keep = {"services": {"tower": service()}}
    child = {"type": "stack", "definition": keep, "interface": {"/keep": {"path": "/"}}}
    castle = write(folder, "castle", {"hall": service(), "wall": service("/wall"), "keep": child}, PORT)
    camp = folder / "camp.yml"
    camp.write_text(yaml.safe_dump({"name": "camp", "services": {"tent": service()}}))
    with cleaned(swarm, "castle"), cleaned(swarm, "camp"):
        swarm.cli("apply", castle, code=0)
        swarm.cli("apply", camp, code=0)
        yield swarm


def test_every_container_reaches_its_own_stack_and_nobody_else(two: Swarm) -> None:
    """All against all, by address on every port that could be open, and by name."""
    tasks = {name: two.tasks(name) for name in (*PLAIN, *GATEWAYS, *OTHERS)}
    assert all(tasks.values()), "everything runs"
    wrong = []
    for lookout, network in PLAIN.items():
        near = {name for name, on in {**PLAIN, **GATEWAYS}.items() if on == network}
        asked = {name: addresses(tasks, {name}, network if name in near else "") for name in tasks}
        found = look(two, lookout, asked)
        expected = {(name, True, True) for name in near} | {
            (name, False, False) for name in tasks.keys() - near
        }
        wrong += [(lookout, *each) for each in found - expected]
    assert wrong == []


def look(swarm: Swarm, lookout: str, asked: dict[str, list[str]]) -> set[tuple[str, bool, bool]]:
    """Of each service: whether its name is known, and whether anything of it accepts a connection."""
    all_of_them = [[address, port] for each in asked.values() for address in each for port in PORTS]
    names = [form for name in asked for form in (name, f"tasks.{name}")]
    found = probe(swarm, lookout, names=names, addresses=all_of_them)
    answering = {address for address, _ in found["open"]}
    return {
        (name, bool({name, f"tasks.{name}"} & set(found["known"])), bool(answering & set(addresses_)))
        for name, addresses_ in asked.items()
    }


def test_nothing_listens_outside_but_what_the_definition_publishes(two: Swarm) -> None:
    """Every port of the node, from outside; the engine's own are those of the swarm."""
    published = {
        port["PublishedPort"]
        for found in two.objects("service").values()
        for port in found["Endpoint"].get("Ports") or []
    }
    assert eventually(lambda: accepts(two.address, PORT), 20, "the edge answers")
    with ThreadPoolExecutor(64) as pool:
        open_ = {
            port for port, yes in enumerate(pool.map(lambda port: accepts(two.address, port), ALL)) if yes
        }
    assert PORT in open_
    assert open_ - SWARM == published


ALL = range(65536)
SWARM = {2377, 7946}


def accepts(address: str, port: int) -> bool:
    with socket.socket() as trying:
        trying.settimeout(5)
        return bool(port) and trying.connect_ex((address, port)) == 0


def test_a_stack_that_publishes_nothing_has_no_default_way_in(two: Swarm) -> None:
    """No edge, no port; and what is published has no call of control without a token that somebody made."""
    assert not [name for name in two.objects("service") if name.startswith("camp_edge")]
    guesses: list[Any] = ["", "Bearer admin", "Basic YWRtaW46YWRtaW4=", "Bearer ", "Bearer null"]
    for call in ("status", "log", "history", "plan", "topology", "metrics", "events", "openapi.json"):
        for guess in guesses:
            headers = {"Authorization": guess} if guess else {}
            answer = two.http("GET", f"/_admin/{call}", port=PORT, headers=headers)
            assert answer.status_code == 401, (call, guess)
            assert "Basic" not in answer.headers["WWW-Authenticate"]
