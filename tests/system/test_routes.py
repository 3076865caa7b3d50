"""Routes on a real swarm: what nobody serves, maintenance, requests that outlive their task, and the DNS."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.swarm import Swarm, eventually
from tests.system.pressure import site
from tests.system.small import PORT, cleaned, service, write

GHOSTS = 8
SITE = """global
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tarpit 5s
frontend site
    bind *:8080
    http-request tarpit deny_status 200 if { path /deck/slow }
    http-request return status 200 content-type text/plain string "good"
"""
COUNTERS = """
import json, socket
line = socket.socket(socket.AF_UNIX)
line.connect("/tmp/haproxy.sock")
line.sendall(b"show resolvers engine\\n")
print(json.dumps(b"".join(iter(lambda: line.recv(65536), b"")).decode()))
"""


@pytest.fixture(scope="module")
def quay(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A service that ends its requests when it is told to stop, and services without a task."""
    deck = site(
        "/deck",
        environment={"NOTE": "{{ note }}"},
        stop_signal="SIGUSR1",
        stop_grace_period="30s",
    )
    ghosts = {f"ghost{n}": service(f"/ghost{n}", deploy={"replicas": 0}) for n in range(GHOSTS)}
    with cleaned(swarm, "quay"):
        file = write(
            tmp_path_factory.mktemp("quay"),
            "quay",
            {"deck": deck, **ghosts},
            configs={"site": {"content": SITE}},
            parameters={"note": {"type": "string", "default": "one"}},
        )
        swarm.cli("apply", file, code=0)
        eventually(lambda: get(swarm, "/deck").status_code == 200, 20, "the first answer", 0.1)
        yield file


def get(swarm: Swarm, path: str, **rest: Any) -> requests.Response:
    return swarm.http("GET", path, port=PORT, **rest)


def test_what_nobody_serves_or_declared_is_told_apart(swarm: Swarm, quay: Path) -> None:
    ghost = get(swarm, "/ghost0", headers={"Accept": "text/html"})
    assert (ghost.status_code, ghost.headers["Retry-After"]) == (503, "5")
    assert ghost.text.startswith("<!doctype html>")
    assert get(swarm, "/elsewhere").status_code == 404


def test_maintenance_is_on_until_it_is_turned_off(swarm: Swarm, quay: Path) -> None:
    token = swarm.cli("token", "quay", "--role", "operator", code=0).out.strip()
    before = {name: found["Version"] for name, found in swarm.objects("service").items()}
    swarm.cli("maintenance", "on", "quay/deck", "--message", "back at noon", "--check", code=2)
    assert get(swarm, "/deck").status_code == 200
    swarm.cli("maintenance", "on", "quay/deck", "--message", "back at noon", code=0)
    eventually(lambda: get(swarm, "/deck").status_code == 503, 5, "no old worker answers any more", 0.1)
    closed = get(swarm, "/deck")
    assert (closed.status_code, closed.headers["Retry-After"], closed.text) == (503, "60", "back at noon\n")
    swarm.cli("apply", quay, code=0)
    assert get(swarm, "/deck").status_code == 503
    status = get(swarm, "/_admin/status", token=token)
    assert "in maintenance: back at noon" in status.text
    assert "maintenance on deck" in swarm.cli("history", "quay", code=0).out
    off = swarm.http(
        "POST", "/_admin/maintenance", port=PORT, token=token, json={"on": False, "service": "deck"}
    )
    assert off.status_code == 202, off.text
    eventually(lambda: get(swarm, "/deck").status_code == 200, 20, "it is open again", 0.1)
    swarm.cli("maintenance", "on", "quay", "--allow", "0.0.0.0/0", code=0)
    assert get(swarm, "/deck").status_code == 200
    swarm.cli("maintenance", "off", "quay", code=0)
    swarm.cli("plan", quay, code=0)
    assert {name: found["Version"] for name, found in swarm.objects("service").items()} == before


def test_a_request_of_five_seconds_outlives_the_update_of_its_task(swarm: Swarm, quay: Path) -> None:
    ended, found = threading.Event(), list[Future[requests.Response]]()
    first = swarm.tasks("quay_deck")[0]["ID"]
    with ThreadPoolExecutor(64) as pool:

        def ask() -> None:
            while not ended.wait(0.5):
                found.append(pool.submit(get, swarm, "/deck/slow"))

        asking = pool.submit(ask)
        time.sleep(2)
        swarm.cli("apply", quay, "-e", "note=two", code=0)
        eventually(lambda: [each["ID"] for each in swarm.tasks("quay_deck")] != [first], 20, "replaced")
        ended.set()
        asking.result()
    answers = [each.result() for each in found]
    print(f"{len(answers)} requests of 5 s around the update of their task")
    assert len(answers) >= 8
    assert {each.status_code for each in answers} == {200}
    assert min(each.elapsed.total_seconds() for each in answers) > 4.5


def asked(swarm: Swarm) -> dict[str, int]:
    """What the gateway's proxy counts of its questions to the engine's DNS."""
    (container,) = swarm.containers("quay_gateway").values()
    said = json.loads(swarm.docker("exec", container, "python3", "-c", COUNTERS))
    return {name: int(number) for name, number in re.findall(r"(\w+):\s+(\d+)", said)}


def test_services_without_tasks_make_no_storm_of_questions(swarm: Swarm, quay: Path) -> None:
    before, begun = asked(swarm), time.monotonic()
    time.sleep(10)
    after, names = asked(swarm), GHOSTS + 2  # the service that serves, and the controller
    rate = (after["sent"] - before["sent"]) / (time.monotonic() - begun) / names
    print(f"{rate:.2f} questions a second for each of {names} names")
    assert 0.5 <= rate <= 2.2
