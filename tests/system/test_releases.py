"""New versions beside the old one, under load: long rounds under `prove`."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.proof import Proof
from tests.swarm import Outcome, Swarm, eventually
from tests.system.pressure import both, site, sites
from tests.system.small import PORT, cleaned, write

TABLE = "gateway"
LABEL = "ailtire.release"
FAILING = '    http-request return status 500 content-type text/plain string "bad" if { rand(100) lt 5 }\n'
CANARY = {"type": "canary", "steps": [{"weight": 5, "pause": "30s"}], "abort_if": {"errors": "1%"}}
FLIP = {"type": "blue-green", "pause": "60s"}


@pytest.fixture(scope="module")
def folder(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with cleaned(swarm, "barge"):
        yield tmp_path_factory.mktemp("barge")


def version(folder: Path, says: str, strategy: dict[str, Any], bad: bool = False) -> Path:
    """The definition with a service that says so; a bad one fails one request of twenty."""
    content = sites(says)["site"]["content"]
    content = content.replace("    http-request", f"{FAILING}    http-request", 1) if bad else content
    deck = site(strategy=strategy, deploy={"replicas": 2})
    return write(folder, "barge", {"deck": deck}, configs={"site": {"content": content}})


def says(swarm: Swarm) -> str:
    with suppress(requests.ConnectionError):
        return swarm.http("GET", "/", port=PORT).text
    return ""


def standing(swarm: Swarm, folder: Path, strategy: dict[str, Any]) -> None:
    """The first version, serving."""
    swarm.cli("apply", version(folder, "old", strategy), "--allow-prune", code=0)
    eventually(lambda: says(swarm) == "old", 15, "the first answer", 0.1)


@contextmanager
def applying(swarm: Swarm, file: Path, code: int) -> Iterator[list[Outcome]]:
    """An apply that goes on while the block runs, and has to end with that code."""
    found: list[Outcome] = []
    with swarm.start_cli("apply", file, "--progress", "plain") as process:
        try:
            yield found
            out, err = process.communicate(timeout=150)
        except (AssertionError, subprocess.TimeoutExpired):
            process.kill()
            raise
    found.append(Outcome(process.returncode, out, err))
    assert process.returncode == code, found[0]


def stage(swarm: Swarm) -> dict[str, Any]:
    """How far the newest revision says that the release is."""
    revisions = {int(name.rpartition(".r")[2]): each for name, each in swarm.objects("config").items()
                 if name.startswith("barge.r")}  # fmt: skip
    said = revisions[max(revisions)]["Spec"]["Labels"].get(LABEL, "{}")
    found: dict[str, Any] = json.loads(said).get("deck", {})
    return found


def bad_canary(swarm: Swarm, folder: Path, prove_report: Proof, rounds: int) -> None:
    standing(swarm, folder, CANARY)
    stopped, failed, sent = 0, 0, 0
    for number in range(rounds):
        with both(swarm) as loads:
            file = version(folder, f"bad {number}", CANARY, bad=True)
            outcome = swarm.cli("apply", file, "--progress", "plain")
        at_first = "barge/deck: canary aborted at 5 %: " in outcome.out + outcome.err
        failed, sent = (
            failed + sum(each.failed for each in loads),
            sent + sum(each.requests for each in loads),
        )
        print(f"exit {outcome.code}", *loads, sep="\n")
        stopped += outcome.code == 5 and at_first and says(swarm) == "old"
    prove_report(7, stopped, rounds, "canaries with 5 % errors stopped at 5 % by themselves, exit 5")
    prove_report(7, sent - failed, sent, "requests meanwhile that did not fail") if not failed else None
    assert stopped == rounds
    assert 0 < failed <= 0.05 * sent, f"{failed} of {sent}"
    assert "barge_deck__next" not in swarm.objects("service")


def flip_and_flip_back(swarm: Swarm, folder: Path, prove_report: Proof, rounds: int) -> None:
    standing(swarm, folder, FLIP)
    with both(swarm) as loads:
        for number in range(rounds):
            with applying(swarm, version(folder, f"new {number}", FLIP), 5):
                eventually(lambda new=f"new {number}": says(swarm) == new, 60, "it flips", 0.1)  # type: ignore[misc]
                time.sleep(2)
                swarm.cli("abort", "barge/deck", code=0)
                eventually(lambda: says(swarm) == "old", 10, "it flips back", 0.1)
    for kind, found in zip(("kept", "new"), loads, strict=True):
        print(f"{kind} connections: {found}")
        what = f"requests on {kind} connections, {rounds} flips and flips back"
        prove_report(8, found.requests - found.failed, found.requests, what)
    assert sum(each.failed for each in loads) == 0
    assert "barge_deck__next" not in swarm.objects("service")


@pytest.mark.small
def test_a_canary_with_errors_is_stopped_at_its_first_step(
    swarm: Swarm, folder: Path, prove_report: Proof
) -> None:
    bad_canary(swarm, folder, prove_report, 1)


@pytest.mark.small
def test_a_flip_and_a_flip_back_drop_no_request(swarm: Swarm, folder: Path, prove_report: Proof) -> None:
    flip_and_flip_back(swarm, folder, prove_report, 1)


def test_a_canary_goes_on_at_its_step_when_its_controller_was_killed(
    swarm: Swarm, folder: Path, prove_report: Proof
) -> None:
    way = {"type": "canary", "steps": [{"weight": 30, "pause": "15s"}, {"weight": 100, "pause": "1s"}]}
    standing(swarm, folder, way)
    with both(swarm) as loads, applying(swarm, version(folder, "new", way), 0):
        before = eventually(lambda: (found := stage(swarm)).get("phase") == "holding" and found, 60, "a step")
        task = swarm.tasks("barge_admin")[0]["Status"]["ContainerStatus"]["ContainerID"]
        swarm.docker("kill", "-s", "KILL", task)
        eventually(
            lambda: [t for t in swarm.tasks("barge_admin")
                     if t["Status"]["ContainerStatus"]["ContainerID"] != task], 30, "another controller"
        )  # fmt: skip
        meanwhile = stage(swarm)
    same = {key: meanwhile.get(key) for key in ("phase", "step", "since", "weight")}
    kept = same == {key: before.get(key) for key in same}
    failed = sum(each.failed for each in loads)
    prove_report(
        7, int(kept and not failed), 1, "controllers killed in a canary; it went on at the same step"
    )
    assert kept, (before, meanwhile)
    assert failed == 0, loads
    assert says(swarm) == "new"


@pytest.mark.prove
def test_ten_canaries_with_errors_are_stopped(swarm: Swarm, folder: Path, prove_report: Proof) -> None:
    bad_canary(swarm, folder, prove_report, 10)


@pytest.mark.prove
def test_ten_flips_and_flips_back_drop_no_request(swarm: Swarm, folder: Path, prove_report: Proof) -> None:
    flip_and_flip_back(swarm, folder, prove_report, 10)
