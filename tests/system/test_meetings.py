"""An apply at once with an update over REST, and with a shutdown: serial, and nobody lends a hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof import Proof
from tests.swarm import TRACEBACK, Swarm, eventually
from tests.system.small import cleaned, left, service, write

NAME = "meteor"
PORT = 8097
NOTED = {"note": {"type": "string", "default": "none"}}


@pytest.fixture(scope="module")
def meteor(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small stack that comes and goes."""
    noted = service(environment={"NOTE": "{{ note }}"})
    with cleaned(swarm, NAME):
        yield write(tmp_path_factory.mktemp(NAME), NAME, {"tail": noted}, PORT, parameters=NOTED)


def applied(swarm: Swarm, file: Path, note: str) -> None:
    """Apply goes through, serves, and leaves nothing to do."""
    swarm.cli("apply", file, "-e", f"note={note}", code=0, timeout=90)
    swarm.cli("plan", file, "-e", f"note={note}", code=0)
    assert swarm.http("GET", "/", port=PORT).status_code == 200
    assert f"NOTE={note}" in environment(swarm)


def revisions(swarm: Swarm) -> list[dict[str, str]]:
    """Newest first."""
    found: list[dict[str, str]] = swarm.cli("history", NAME, "--output", "json", code=0).json()["revisions"]
    return found


def environment(swarm: Swarm) -> list[str]:
    found = swarm.objects("service")[f"{NAME}_tail"]["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"]
    return [str(each) for each in found]


def against_rest(swarm: Swarm, file: Path, number: int) -> str:
    """An apply and an update over REST at once: in whatever order. Says what is wrong."""
    token = swarm.cli("token", NAME, "--role", "operator", code=0).out.strip()
    first, notes = len(revisions(swarm)), (f"file {number}", f"rest {number}")
    with swarm.start_cli("apply", file, "-e", f"note={notes[0]}") as process:
        time.sleep(number % 4 * 0.4)
        asked = {"port": PORT, "token": token, "json": {"parameters": {"note": notes[1]}}}
        answer = swarm.http("POST", "/_admin/update", **asked)
        out, err = process.communicate(timeout=120)
    if TRACEBACK in out + err or process.returncode not in (0, 6) or answer.status_code not in (202, 409):
        return f"{number}: exit {process.returncode}, {answer.status_code} {answer.text}: {err}"
    made = revisions(swarm)
    wanted = notes[made[0]["cause"] == "local"]
    try:
        eventually(lambda: f"NOTE={wanted}" in environment(swarm), 60, f"{wanted} runs")
        assert len(made) - first <= 2, "each was written once"
        applied(swarm, file, f"after {number}")
    except AssertionError as error:
        return f"{number}: {error}"
    return ""


def against_shutdown(swarm: Swarm, file: Path, number: int) -> str:
    """An apply and a shutdown at once: afterwards nothing is left, or all is there. Says what is wrong."""
    applied(swarm, file, f"before {number}")
    with swarm.start_cli("shutdown", NAME, "--yes") as going:
        time.sleep(number % 4 * 0.7)
        with swarm.start_cli("apply", file, "-e", f"note=meanwhile {number}") as coming:
            said = coming.communicate(timeout=180)
        gone = going.communicate(timeout=180)
    codes = going.returncode, coming.returncode
    if TRACEBACK in str(said) + str(gone) or codes[1] not in (0, 4, 5, 6):
        return f"{number}: exits {codes}: {said} {gone}"
    try:
        if codes[1] == 6:
            assert codes[0] == 0, gone
            assert left(swarm, NAME) == []
        applied(swarm, file, f"after {number}")
    except AssertionError as error:
        return f"{number}, exits {codes}: {error}"
    return ""


def meeting(swarm: Swarm, file: Path, rounds: int, prove_report: Proof) -> None:
    applied(swarm, file, "before they meet")
    for meet in (against_rest, against_shutdown):
        wrong = [said for number in range(rounds) if (said := meet(swarm, file, number))]
        prove_report(4, rounds - len(wrong), rounds, f"an apply at once with another: {meet.__name__}")
        assert not wrong, "\n".join(wrong)


@pytest.mark.small
def test_an_apply_meets_an_update_over_rest_and_a_shutdown(
    swarm: Swarm, meteor: Path, prove_report: Proof
) -> None:
    meeting(swarm, meteor, 1, prove_report)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_an_apply_meets_an_update_over_rest_and_a_shutdown_twelve_times(
    swarm: Swarm, meteor: Path, prove_report: Proof
) -> None:
    meeting(swarm, meteor, 12, prove_report)
