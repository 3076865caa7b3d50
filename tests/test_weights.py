"""Requests that are divided between two versions, in a real HAProxy."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ailtire_deploy import topology
from ailtire_deploy.model import Route, Service, Stack, Step, Strategy, Tolerance
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import proxy
from tests.proxies import free_port, running, valid

FACE = "127.0.0.2"
WEB = Service("web", "web", routes=(Route("web", "/", "/", port=80), Route("web", "/old", "/", port=80)))
TWO = Service("two", "two", routes=(Route("two", "/a", "/", port=80), Route("two", "/b", "/b", port=81)))
STACK = Stack(StackPath(("mall",)), services=(WEB, TWO))


def counted(folder: Path, weight: int, requests: int, path: str = "/x") -> Counter[str]:
    """Who answered so many requests."""
    port, shape = free_port(), topology.decide(STACK, {"web": weight})
    (folder / "faces.map").write_bytes(proxy.faces_map(shape, {"mall_family": (f"{FACE}/32",)}))
    (folder / "routes.map").write_bytes(proxy.routes_map(shape))
    config = proxy.gateway(shape, proxy.Place(f"*:{port}", socket=str(folder / "socket")))
    with running(config, port, folder) as found:
        return Counter(found.ask(path, FACE).by for _ in range(requests))


@pytest.mark.parametrize(("weight", "path"), [(0, "/x"), (100, "/old/x")])
def test_none_and_all_are_exact(tmp_path: Path, weight: int, path: str) -> None:
    expected = "mall_web__next" if weight else "mall_web"
    assert counted(tmp_path, weight, 50, path) == {expected: 50}


def test_a_share_of_the_requests_goes_to_the_next_version(tmp_path: Path) -> None:
    found = counted(tmp_path, 20, 500)
    assert found["mall_web"] + found["mall_web__next"] == 500
    assert 50 < found["mall_web__next"] < 160


def test_other_services_keep_their_requests(tmp_path: Path) -> None:
    assert counted(tmp_path, 100, 5, "/a/x") == {"mall_two": 5}


def test_each_port_of_a_service_is_divided(tmp_path: Path) -> None:
    shape = topology.decide(STACK, {"two": 5})
    splits = [(each.target.label, each.candidate.label, each.candidate.port) for each in shape.splits]
    assert splits == [("two.80", "two.80.next", 80), ("two.81", "two.81.next", 81)]
    (tmp_path / "faces.map").touch()
    (tmp_path / "routes.map").write_bytes(proxy.routes_map(shape))
    (tmp_path / "proxy.cfg").write_bytes(proxy.gateway(shape))
    assert valid(tmp_path / "proxy.cfg") == ""


def test_without_a_release_nothing_is_divided() -> None:
    assert b"txn.back" not in proxy.gateway(topology.decide(STACK))


def test_slow_answers_are_counted_for_the_next_version_alone(tmp_path: Path) -> None:
    judged = Strategy("canary", (Step(5, 1.0),), abort_if=Tolerance(slower=((500, 1.0), (2000, 5.0))))
    stack = Stack(StackPath(("mall",)), services=(replace(WEB, strategy=judged), TWO))
    assert topology.decide(stack).slow == {}
    shape = topology.decide(stack, {"web": 5})
    assert shape.slow == {"web.next": (500, 2000)}
    config = proxy.gateway(shape)
    assert config.count(b"stick-table") == 1
    assert b"backend _slow.web.next.500-2000" in config
    (tmp_path / "faces.map").touch()
    (tmp_path / "routes.map").write_bytes(proxy.routes_map(shape))
    (tmp_path / "proxy.cfg").write_bytes(config)
    assert valid(tmp_path / "proxy.cfg") == ""
