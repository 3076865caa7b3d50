"""Three levels that use what is above them, and carry more than requests: from inside, and from outside.

``bay`` grants ``auth`` and ``vault`` to ``inn``, which hands them on to ``cellar``; ``mill`` is granted none.
"""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.calls import exchange
from tests.swarm import Swarm, eventually
from tests.system.looking import addresses, probe
from tests.system.small import cleaned

PORT, TCP_PORT = 8097, 7001
CALLING = (Path(__file__).parent / "calling.py").read_text()
ENDED = ("200", b"one two", {"grpc-status": "0"})


@dataclass(frozen=True)
class Bay:
    """The deployed tree."""

    swarm: Swarm
    file: Path

    def ask(self, path: str, **headers: str) -> Any:
        return self.swarm.http("GET", path, port=PORT, headers=headers)

    def statuses(self, service: str, *asked: tuple[str, str, str]) -> list[Any]:
        """What requests (method, address, host) from inside a service are answered with."""
        requests = [[method, f"http://{url}", {"Host": host}] for method, url, host in asked]
        found: list[Any] = probe(self.swarm, service, requests=requests)["answers"]
        return found

    def said(self, service: str, *asked: list[Any]) -> list[str]:
        """What comes back from inside a service: see ``calling.py``."""
        done = self.swarm.inside(service).run("python3 -c %s %s", CALLING, json.dumps(asked))
        assert done.rc == 0, done.stderr
        found: list[str] = json.loads(done.stdout)
        return found

    def gateway(self, path: str, network: str) -> str:
        """The address of a stack's gateway on one network."""
        name = f"{path}_gateway"
        return addresses({name: self.swarm.tasks(name)}, {name}, network)[0]


@pytest.fixture(scope="module")
def bay(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bay]:
    """The tree, applied."""
    folder = tmp_path_factory.mktemp("bay")
    shutil.copytree(Path(__file__).parent / "bay", folder, dirs_exist_ok=True)
    with cleaned(swarm, "bay"):
        found = Bay(swarm, folder / "bay.yml")
        swarm.cli("apply", found.file, code=0)
        eventually(lambda: found.ask("/inn/cellar/x").status_code == 200, 30, "the third level")
        yield found


def test_a_second_apply_of_a_tree_with_grants_writes_nothing(bay: Bay) -> None:
    before = bay.swarm.dump()
    recap = bay.swarm.cli("apply", bay.file, "--output", "json", code=0).json()["stacks"]
    assert {path: line["changed"] for path, line in recap.items() if line["changed"]} == {}
    assert bay.swarm.dump() == before


def test_the_address_of_the_caller_arrives_at_the_third_level_and_nothing_forged_does(bay: Bay) -> None:
    forged = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Proto": "gopher",
              "X-Forwarded-Host": "evil", "Forwarded": "for=192.0.2.1", "X-Real-IP": "192.0.2.1"}  # fmt: skip
    with socket.create_connection((bay.swarm.address, PORT)) as connection:
        own = connection.getsockname()[0]
    told = bay.ask("/inn/cellar/x", **forged).json()
    named = {name: value for name, value in told["headers"].items() if "forw" in name or "real" in name}
    assert named == {
        "x-forwarded-for": own,
        "x-forwarded-host": f"{bay.swarm.address}:{PORT}",
        "x-forwarded-prefix": "/inn/cellar",
        "x-forwarded-proto": "http",
    }


def test_services_below_reach_what_is_granted_and_what_was_handed_on(bay: Bay) -> None:
    asked = [("GET", "auth/login?x", "auth"), ("POST", "auth/login", "auth")]
    assert bay.statuses("bay_inn_bar", *asked)[0] == 200
    assert bay.statuses("bay_inn_cellar_cask", ("GET", "login/login", "login")) == [200]


def test_nothing_else_of_the_parent_can_be_reached_through_a_grant(bay: Bay) -> None:
    paths = ("auth/", "auth/logins", "auth/_admin/status", "auth/login/_admin/x", "auth/_down/inn/status")
    asked = [("GET", path, "auth") for path in paths]
    asked += [("GET", "auth/login", host) for host in ("front", "vault", "login", "bay", "mill", "inn")]
    assert set(bay.statuses("bay_inn_bar", *asked)) == {404}
    own = [("GET", "login/login", host) for host in ("auth", "bar", "front", "cellar")]
    assert set(bay.statuses("bay_inn_cellar_cask", *own)) == {404}
    near = ["auth", "vault", "tasks.bay_auth", "bay_auth", "tasks.bay_gateway", "bay_gateway", "front"]
    assert set(probe(bay.swarm, "bay_inn_bar", names=near)["known"]) == {"auth", "vault"}


def test_a_sibling_without_the_grant_reaches_none_of_it(bay: Bay) -> None:
    """By no name, by no host at its own gateway, at no port; it reaches that gateway, as control."""
    own = bay.gateway("bay_mill", "bay_mill_sibling")
    found = probe(bay.swarm, "bay_mill_wheel", names=["auth", "login", "vault", "bay_gateway", "inn"])
    assert found["known"] == {}
    asked = [("GET", f"{own}/login", host) for host in ("auth", "login", "vault", "inn", "bay")]
    assert bay.statuses("bay_mill_wheel", *asked) == [404] * len(asked)
    ways = [["tcp", own, port] for port in (7000, 7001, 7100)]
    ways += [["tcp", bay.gateway("bay", network), 7100] for network in ("bay_mill_family", "bay_inn_family")]
    assert bay.said("bay_mill_wheel", *ways) == [""] * len(ways)


def test_bytes_go_down_and_up_where_they_may_and_come_in_at_the_edge(bay: Bay) -> None:
    assert bay.said("bay_front", ["tcp", "inn", 7001], ["tcp", "inn", 7100]) == ["hello", ""]
    assert bay.said("bay_inn_bar", ["tcp", "vault", 7100], ["tcp", "cellar", 7000]) == ["hello", "hello"]
    assert bay.said("bay_inn_cellar_cask", ["tcp", "vault", 7100]) == ["hello"]
    with socket.create_connection((bay.swarm.address, TCP_PORT), 10) as line:
        line.sendall(b"hello\n")
        assert line.recv(10) == b"hello\n"


def test_a_call_of_http_2_goes_both_ways_from_outside_from_beside_and_from_below(bay: Bay) -> None:
    eventually(lambda: outside(bay) == ENDED, 15, "a call through three levels")
    assert bay.said("bay_front", ["call", "inn", "/echo.Rpc/Talk"]) == ["hello trailers"]
    calls = [["call", "auth", "/auth.Rpc/Talk"], ["call", "cellar", "/echo.Rpc/Talk"]]
    assert bay.said("bay_inn_bar", *calls) == ["hello trailers"] * 2
    assert bay.said("bay_inn_cellar_cask", ["call", "login", "/auth.Rpc/Talk"]) == ["hello trailers"]


def outside(bay: Bay) -> tuple[str, bytes, dict[str, str]]:
    return exchange((bay.swarm.address, PORT), "bay", "/echo.Rpc/Talk")


def test_events_come_one_by_one_through_three_levels(bay: Bay) -> None:
    connection = HTTPConnection(bay.swarm.address, PORT, timeout=20)
    connection.request("GET", "/inn/cellar/events?gap=2", headers={"Accept": "text/event-stream"})
    answer = connection.getresponse()
    assert answer.readline() == b"data: first\n"
    begun = time.monotonic()
    assert (answer.readline(), answer.readline()) == (b"\n", b"data: second\n")
    assert time.monotonic() - begun > 1.5
    connection.close()


def test_open_connections_of_both_kinds_outlive_a_change_of_routes_at_every_level(bay: Bay) -> None:
    handshake = "GET /inn/cellar/live HTTP/1.1\r\nHost: bay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    address = bay.swarm.address
    with (
        socket.create_connection((address, PORT), 10) as upgraded,
        socket.create_connection((address, TCP_PORT), 10) as bare,
        upgraded.makefile("rb") as reader,
    ):
        upgraded.sendall((handshake + key).encode())
        assert reader.readline().startswith(b"HTTP/1.1 101")
        while reader.readline().strip():
            pass
        for name in ("bay.yml", "inn.yml", "cellar.yml"):
            file = bay.file.parent / name
            file.write_text(
                file.read_text().replace("/: {port: 8080}", "/: {port: 8080}\n      /new: {port: 8080}")
            )
        bay.swarm.cli("apply", bay.file, code=0)
        assert bay.ask("/inn/cellar/new").status_code == 200
        bare.sendall(b"still here\n")
        assert bare.recv(100) == b"still here\n"
        upgraded.sendall(b"here too\n")
        assert reader.readline() == b"here too\n"


def test_a_grant_taken_away_is_refused_before_anything_is_written(bay: Bay) -> None:
    before = bay.swarm.dump()
    bay.file.write_text(bay.file.read_text().replace("uses: [auth, vault]", "uses: [vault]"))
    told = bay.swarm.cli("apply", bay.file, code=3)
    assert "auth is not granted to bay/inn" in told.err
    assert bay.swarm.dump() == before


def test_an_update_over_rest_may_need_no_more_than_was_granted(bay: Bay) -> None:
    token = bay.swarm.cli("token", "bay", "--role", "admin", code=0).out.strip()

    def update(needs: list[str]) -> Any:
        service = {"image": "ailtire-demo/echo", "interface": {"/": {"port": 8080}}}
        body = {"definition": {"name": "inn", "uses": needs, "services": {"bar": service}}}
        path = "/inn/_admin/update?check=true"
        return bay.swarm.http("POST", path, port=PORT, token=token, json=body)

    refused = update(["auth", "mailer"])
    assert refused.status_code == 422, refused.text
    assert "mailer is not granted to bay/inn" in refused.text
    assert update(["auth"]).status_code == 200
