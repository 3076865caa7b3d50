"""No request is dropped while routes, tasks, children and controllers change; long rounds under `prove`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.proof import Proof
from tests.swarm import Swarm, eventually
from tests.system.pressure import Load, both, load, site, sites
from tests.system.small import PORT, cleaned, write

NOTED = {"note": {"type": "string", "default": "one"}}
TABLE = "gateway"
MANY = 100_000  # new connections, of which none may fail


@pytest.fixture(scope="module")
def folder(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the definition is that all these tests change."""
    with cleaned(swarm, "ferry"):
        yield tmp_path_factory.mktemp("ferry")


def defined(folder: Path, services: dict[str, Any], **rest: Any) -> Path:
    return write(folder, "ferry", services, configs=sites(), **rest)


def applied(swarm: Swarm, file: Path) -> None:
    """Apply, and let the new proxies come up: what is measured is changes of what serves already."""
    swarm.cli("apply", file, "--allow-prune", code=0)
    eventually(lambda: says(swarm, "/") == "good", 15, "the first answer", 0.1)


def says(swarm: Swarm, path: str) -> str:
    with suppress(requests.ConnectionError):
        answer = swarm.http("GET", path, port=PORT)
        return answer.text if answer.status_code == 200 else ""
    return ""


@contextmanager
def judged(swarm: Swarm, prove_report: Proof, row: int, what: str, least: int) -> Iterator[tuple[Load, Load]]:
    """Load on kept and on new connections while the block runs: none may fail, and there has to be enough."""
    with both(swarm) as loads:
        yield loads
    kept, new = loads
    print(f"kept connections: {kept}\nnew connections: {new}")
    for kind, found in (("kept", kept), ("new", new)):
        good = found.requests - found.failed
        prove_report(row, good, found.requests, f"requests on {kind} connections, {what}", TABLE)
    assert kept.failed + new.failed == 0
    assert min(kept.requests, new.requests) >= least


def update(swarm: Swarm, token: str, **definition: Any) -> None:
    wish = {"name": "ferry", "configs": sites(), "gateway": {"publish": [{"port": PORT}], "admin": True}}
    body = {"definition": {**wish, **definition}}
    answer = swarm.http("POST", "/_admin/update", port=PORT, token=token, json=body)
    assert answer.status_code == 202, answer.text


def change_routes(
    swarm: Swarm, folder: Path, prove_report: Proof, rounds: int, seconds: float, least: int
) -> None:
    cabin = site(deploy={"replicas": 2})
    applied(swarm, defined(folder, {"cabin": cabin}))
    token = swarm.cli("token", "ferry", "--role", "admin", code=0).out.strip()
    before = swarm.objects("service")["ferry_gateway"]["Version"]
    with judged(swarm, prove_report, 1, f"{rounds} route changes in {seconds:g} s", least):
        begun = time.monotonic()
        for number in range(rounds):
            routes = {"/": {"port": 8080}, f"/deck{number}": {"port": 8080}}
            update(swarm, token, services={"cabin": {**cabin, "interface": routes}})
            time.sleep(max(0.0, begun + (number + 1) * seconds / rounds - time.monotonic()))
        assert says(swarm, f"/deck{rounds - 1}") == "good"
    assert swarm.objects("service")["ferry_gateway"]["Version"] == before


def roll(swarm: Swarm, folder: Path, prove_report: Proof, rounds: int, least: int) -> None:
    noted = site(environment={"NOTE": "{{ note }}"}, deploy={"replicas": 3})
    file = defined(folder, {"cabin": noted}, parameters=NOTED)
    applied(swarm, file)
    with judged(swarm, prove_report, 2, f"{rounds} rolling updates of three replicas", least):
        for number in range(rounds):
            swarm.cli("apply", file, "-e", f"note=round {number}", code=0)


def come_and_go(swarm: Swarm, folder: Path, prove_report: Proof, rounds: int, least: int) -> None:
    cabin = site(deploy={"replicas": 2})
    boat = {"name": "boat", "services": {"oar": site()}, "configs": sites("rowing")}
    child = {"type": "stack", "definition": boat, "interface": {"/boat": {}}}
    applied(swarm, defined(folder, {"cabin": cabin}))
    edge = swarm.objects("service")["ferry_edge"]["Version"]
    with judged(swarm, prove_report, 3, f"a child added and removed {rounds} times", least):
        for _ in range(rounds):
            swarm.cli("apply", defined(folder, {"cabin": cabin, "boat": child}), code=0)
            eventually(lambda: says(swarm, "/boat/") == "rowing", 10, "the child answers", 0.1)
            swarm.cli("apply", defined(folder, {"cabin": cabin}), "--allow-prune", code=0)
    assert swarm.objects("service")["ferry_edge"]["Version"] == edge


def live_alone(swarm: Swarm, folder: Path, prove_report: Proof, seconds: float, least: int) -> None:
    """The controller is dead; meanwhile the gateway is replaced, and a route is changed by a new revision."""
    cabin = site(deploy={"replicas": 2})
    file = defined(folder, {"cabin": cabin})
    applied(swarm, file)
    with judged(swarm, prove_report, 4, f"the controller dead for {seconds:g} s", least):
        swarm.docker("service", "scale", "--detach", "ferry_admin=0")
        eventually(lambda: not swarm.tasks("ferry_admin"), 60, "the controller is dead")
        before = swarm.tasks("ferry_gateway")[0]["ID"]
        swarm.docker("service", "update", "--force", "--detach", "ferry_gateway")
        eventually(
            lambda: before not in [each["ID"] for each in swarm.tasks("ferry_gateway")], 60, "replaced"
        )
        time.sleep(seconds)
        assert says(swarm, "/deck") == "good", "a route of the bootstrap, or below one"
        swarm.docker("service", "scale", "--detach", "ferry_admin=1")
        boat = site("/late") | {"configs": [{"source": "late", "target": "/site.cfg"}]}
        late = write(
            folder, "ferry", {"cabin": cabin, "boat": boat}, configs=sites() | {"late": sites("late")["site"]}
        )
        swarm.cli("apply", late, code=0)
        eventually(lambda: says(swarm, "/late") == "late", 10, "the newer route is served", 0.1)


@pytest.mark.small
def test_changed_routes_drop_no_request(swarm: Swarm, folder: Path, prove_report: Proof) -> None:
    change_routes(swarm, folder, prove_report, 8, 8, 2_000)


@pytest.mark.small
def test_a_rolling_update_drops_no_request(swarm: Swarm, folder: Path, prove_report: Proof) -> None:
    roll(swarm, folder, prove_report, 1, 2_000)


@pytest.mark.small
def test_a_child_that_comes_and_goes_drops_no_request(
    swarm: Swarm, folder: Path, prove_report: Proof
) -> None:
    come_and_go(swarm, folder, prove_report, 1, 2_000)


@pytest.mark.small
def test_a_gateway_without_its_controller_drops_no_request(
    swarm: Swarm, folder: Path, prove_report: Proof
) -> None:
    live_alone(swarm, folder, prove_report, 5, 2_000)


@pytest.mark.prove
def test_fifty_changed_routes_drop_no_request(swarm: Swarm, folder: Path, prove_report: Proof) -> None:
    change_routes(swarm, folder, prove_report, 50, 60, 25_000)
    applied(swarm, defined(folder, {"cabin": site(deploy={"replicas": 2})}))
    token = swarm.cli("token", "ferry", "--role", "admin", code=0).out.strip()
    failed, told, minutes = 0, 0, 0
    while told < MANY and minutes < 5:  # how many a minute there are is the machine's business
        minutes += 1
        with load(swarm, "/", 8, keep=False) as new:
            hold_a_minute(swarm, token, minutes)
        failed, told = failed + new.failed, told + new.requests
    what = f"requests on new connections alone, {50 * minutes} route changes in {60 * minutes} s"
    prove_report(1, told - failed, told, what, TABLE)
    assert failed == 0
    assert told >= MANY


def hold_a_minute(swarm: Swarm, token: str, round: int) -> None:
    """Fifty changes of the routes in a minute."""
    begun = time.monotonic()
    for number in range(50):
        routes = {"/": {"port": 8080}, f"/hold{round}-{number}": {"port": 8080}}
        update(swarm, token, services={"cabin": site(interface=routes, deploy={"replicas": 2})})
        time.sleep(max(0.0, begun + (number + 1) * 1.2 - time.monotonic()))


@pytest.mark.prove
def test_twenty_rolling_updates_drop_no_request(swarm: Swarm, folder: Path, prove_report: Proof) -> None:
    roll(swarm, folder, prove_report, 20, 50_000)


@pytest.mark.prove
def test_a_child_that_comes_and_goes_ten_times_drops_no_request(
    swarm: Swarm, folder: Path, prove_report: Proof
) -> None:
    come_and_go(swarm, folder, prove_report, 10, 50_000)


@pytest.mark.prove
def test_a_controller_that_is_dead_for_two_minutes_costs_no_request(
    swarm: Swarm, folder: Path, prove_report: Proof
) -> None:
    live_alone(swarm, folder, prove_report, 120, 50_000)


def takes_effect(
    swarm: Swarm, folder: Path, prove_report: Proof, routes: int, rounds: int, most: float
) -> None:
    """From the call that changes a route until a caller meets it; 95 of 100 within ``most`` seconds."""
    many = {f"/route{number}": {"port": 8080, "path": "/x"} for number in range(routes)}
    swarm.cli("apply", defined(folder, {"cabin": site(interface=many)}), "--allow-prune", code=0)
    eventually(lambda: says(swarm, "/route0") == "good", 15, "the first answer", 0.1)
    token = swarm.cli("token", "ferry", "--role", "admin", code=0).out.strip()
    took = []
    for number in range(rounds):
        begun = time.monotonic()
        fresh = {**many, f"/fresh{number}": {"port": 8080}}
        update(swarm, token, services={"cabin": site(interface=fresh)})
        eventually(lambda path=f"/fresh{number}": says(swarm, path) == "good", 15, "it is served", 0.01)  # type: ignore[misc]
        took.append(time.monotonic() - begun)
    slowest = sorted(took)[ceil(rounds * 0.95) - 1]
    what = f"p95 of {rounds} changes of {routes} routes: {slowest:.2f} s until served, at most {most:g} s"
    prove_report(6, int(slowest <= most), 1, what, TABLE)
    assert slowest <= most, sorted(took)


@pytest.mark.small
def test_a_changed_route_is_served_at_once(swarm: Swarm, folder: Path, prove_report: Proof) -> None:
    takes_effect(swarm, folder, prove_report, 500, 5, most=10.0)  # on a machine with much else to do


@pytest.mark.prove
def test_forty_changed_routes_are_served_at_once(swarm: Swarm, folder: Path, prove_report: Proof) -> None:
    takes_effect(swarm, folder, prove_report, 500, 40, most=1.0)
