"""No request is dropped: under light load here, with long rounds under `prove`."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.swarm import Swarm, eventually
from tests.system.small import PORT, cleaned, service, write

NOTED = {"note": {"type": "string", "default": "one"}}


@contextmanager
def load(swarm: Swarm, path: str, callers: int = 3) -> Iterator[Counter[str]]:
    """Requests one after another from several callers, half on new connections, half on kept ones."""
    seen: Counter[str] = Counter()
    stop = threading.Event()

    def call(keep: bool) -> None:
        with requests.Session() as session:
            session.trust_env = False
            headers = {} if keep else {"Connection": "close"}
            while not stop.wait(0.005):
                try:
                    answer = session.get(f"http://{swarm.address}:{PORT}{path}", headers=headers, timeout=10)
                    seen[str(answer.status_code)] += 1
                except requests.RequestException as error:
                    seen[f"{time.strftime('%X')} {error!r:.200}"] += 1

    threads = [threading.Thread(target=call, args=(number % 2 == 0,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def only_good(seen: Counter[str]) -> bool:
    """Whether every request was answered with 200, and there were enough to tell."""
    print(f"{seen.total()} requests: {dict(seen)}")
    return set(seen) == {"200"} and seen.total() > 200


@pytest.fixture(scope="module")
def folder(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the definition is that both tests change."""
    with cleaned(swarm, "ferry"):
        yield tmp_path_factory.mktemp("ferry")


def applied(swarm: Swarm, file: Path) -> None:
    """Apply, and let the new proxies come up: what is measured is changes of what serves already."""
    swarm.cli("apply", file, code=0)
    eventually(lambda: serves(swarm), 15, "the first answer")


def serves(swarm: Swarm) -> bool:
    with suppress(requests.ConnectionError):
        return swarm.http("GET", "/", port=PORT).status_code == 200
    return False


def roll_under_load(swarm: Swarm, folder: Path, rounds: int) -> None:
    noted = service(environment={"NOTE": "{{ note }}"}, deploy={"replicas": 2})
    file = write(folder, "ferry", {"cabin": noted}, parameters=NOTED)
    applied(swarm, file)
    with load(swarm, "/") as seen:
        for number in range(rounds):
            swarm.cli("apply", file, "-e", f"note=round {number}", code=0)
    assert only_good(seen)


def change_routes_under_load(swarm: Swarm, folder: Path, rounds: int) -> None:
    cabin = service(deploy={"replicas": 2})
    applied(swarm, write(folder, "ferry", {"cabin": cabin}))
    with load(swarm, "/") as seen:
        for number in range(rounds):
            with_deck = {"cabin": cabin, "deck": service(f"/deck{number}")}
            swarm.cli("apply", write(folder, "ferry", with_deck), code=0)
            assert swarm.http("GET", f"/deck{number}/x", port=PORT).status_code == 200
    assert only_good(seen)


def test_a_rolling_update_drops_no_request(swarm: Swarm, folder: Path) -> None:
    roll_under_load(swarm, folder, 1)


def test_a_new_route_drops_no_request_of_another_prefix(swarm: Swarm, folder: Path) -> None:
    change_routes_under_load(swarm, folder, 1)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_ten_rolling_updates_drop_no_request(swarm: Swarm, folder: Path) -> None:
    roll_under_load(swarm, folder, 10)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_ten_changed_routes_drop_no_request(swarm: Swarm, folder: Path) -> None:
    change_routes_under_load(swarm, folder, 10)
