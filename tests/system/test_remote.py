"""A tree behind its real edge, for somebody who has an address and a token: no engine, no key file."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy.rest import ENDPOINTS
from ailtire_deploy.rest.openapi import document
from tests.cli.running import Finished, run
from tests.proof import Proof
from tests.rest.conformity import explore
from tests.swarm import Swarm
from tests.system.small import cleaned, service, write

TABLE = "control"
PORT = 8103
ENDLESS = ("/_admin/events",)


@dataclass(frozen=True)
class Far:
    """The deployed tree, from outside."""

    swarm: Swarm
    home: Path
    file: Path

    @property
    def url(self) -> str:
        return f"http://{self.swarm.address}:{PORT}"

    def token(self, role: str = "admin") -> tuple[str, str]:
        """A token, and its id."""
        made = self.swarm.cli("token", "far", "--role", role, code=0)
        return made.out.strip(), made.err.split()[1].rstrip(":")

    def __call__(self, token: str, *arguments: str) -> Finished:
        """Run a command with no engine in reach."""
        return run(self.home, *arguments, "--url", self.url, AILTIRE_TOKEN=token)

    def status(self, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return int(self.swarm.http("GET", "/_admin/history", port=PORT, headers=headers).status_code)


@pytest.fixture(scope="module")
def far(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    folder = tmp_path_factory.mktemp("far")
    inner = {"name": "near", "services": {"echo": service()}}
    services = {
        "web": service(deploy={"replicas": "{{ replicas }}"}),
        "near": {"type": "stack", "definition": inner, "interface": {"/near": {"path": "/"}}},
    }
    parameters = {"replicas": {"type": "integer", "default": 1}}
    file = write(folder, "far", services, PORT, parameters=parameters)
    with cleaned(swarm, "far"):
        swarm.cli("apply", file, code=0)
        yield Far(swarm, folder, file)


def test_every_verb_works_with_an_address_and_a_token_until_that_is_taken_back(far: Far) -> None:
    token, id = far.token()
    tree = far(token, "status", "far/near", "--output", "json")
    assert (tree.code, tree.json["status"]) == (0, "running")
    assert far(token, "plan", str(far.file)).code == 0
    done = far(token, "apply", str(far.file), "-e", "replicas=2", "--output", "json")
    assert (done.code, done.json["verdict"]) == (0, "converged")
    before = far.swarm.dump()
    assert far(token, "apply", str(far.file), "-e", "replicas=2").code == 0
    assert far.swarm.dump() == before
    assert far(token, "logs", "far", "web", "--tail", "1").code == 0
    assert len(far(token, "history", "far", "--output", "json").json["revisions"]) == 2
    assert far(token, "rollback", "far", "1").code == 0
    assert far.swarm.objects("service")["far_web"]["Spec"]["Mode"]["Replicated"]["Replicas"] == 1
    assert far(token, "tokens", "revoke", "far", id).code == 0, "with the very token that is taken back"
    until = time.monotonic() + 10
    while far.status(token) != 401:
        assert time.monotonic() < until
        time.sleep(0.5)
    assert far.status(far.token("viewer")[0]) == 200
    assert id in far.swarm.cli("tokens", "list", "far", code=0).out
    assert id in far(far.token("admin")[0], "tokens", "list", "far").out
    other, another = far.token("viewer")
    far.swarm.cli("tokens", "revoke", "far", another, code=0)
    until = time.monotonic() + 10
    while far.status(other) != 401:
        assert time.monotonic() < until
        time.sleep(0.5)


def test_events_come_through_the_edge_as_they_happen(far: Far) -> None:
    headers = {"Authorization": f"Bearer {far.token('viewer')[0]}"}
    kinds: list[str] = []
    with far.swarm.http(
        "GET", "/_admin/events", port=PORT, headers=headers, stream=True, timeout=30
    ) as found:
        far(far.token("operator")[0], "apply", str(far.file), "-e", "replicas=2", "--no-wait")
        for line in found.iter_lines(chunk_size=1):
            if line.startswith(b"event: "):
                kinds.append(line.removeprefix(b"event: ").decode())
            said = json.loads(line.removeprefix(b"data: ")) if line.startswith(b"data: ") else {}
            if said.get("outcome") == "converged":
                break
    assert kinds[0] == "state"
    assert "done" in kinds


@pytest.mark.prove
def test_requests_of_the_document_are_answered_through_the_edge_as_it_says(
    far: Far, prove_report: Proof
) -> None:
    seed = random.randrange(10**6)
    found = explore(finite(), f"Bearer {far.token('operator')[0]}", 10, seed, url=far.url, without=ENDLESS)
    what = f"requests of schemathesis, through a real edge, seed {seed}"
    prove_report(2, found.requests - len(found.wrong), found.requests, what, TABLE)
    assert found.wrong == []


def finite() -> dict[str, Any]:
    """The document without what has no end."""
    found = document(ENDPOINTS)
    log = found["paths"]["/_admin/log"]["get"]
    log["parameters"] = [each for each in log["parameters"] if each["name"] != "follow"]
    return found
