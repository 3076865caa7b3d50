"""What goes wrong in real life: kills in the middle, two at once, names taken already, images not there."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof import Proof
from tests.swarm import TRACEBACK, Swarm, eventually
from tests.system.small import PORT, cleaned, left, service, write

SHARED_PORT = 8096
LEAVES = 3.0  # seconds after a signal
NOTED = {"note": {"type": "string", "default": "none"}}


@pytest.fixture(scope="module")
def comet(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small stack that several tests share, and that none of them leaves broken."""
    noted = service(environment={"NOTE": "{{ note }}"})
    with cleaned(swarm, "comet"):
        yield write(tmp_path_factory.mktemp("comet"), "comet", {"tail": noted}, SHARED_PORT, parameters=NOTED)


def applied(swarm: Swarm, file: Path, note: str) -> None:
    """Apply goes through, serves, and leaves nothing to do."""
    swarm.cli("apply", file, "-e", f"note={note}", code=0, timeout=90)
    swarm.cli("plan", file, "-e", f"note={note}", code=0)
    assert swarm.http("GET", "/", port=SHARED_PORT).status_code == 200


def interrupted(swarm: Swarm, file: Path, note: str, how: signal.Signals, delay: float = 0.0) -> int:
    """The exit code of an apply that was sent a signal so long after it had written its revision."""
    before = revisions(swarm)
    with swarm.start_cli("apply", file, "-e", f"note={note}") as process:
        eventually(lambda: revisions(swarm) > before or process.poll() is not None, 60)
        time.sleep(delay)
        begun = time.monotonic()
        process.send_signal(how)
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - begun < LEAVES
    assert TRACEBACK not in out + err
    return process.returncode


def revisions(swarm: Swarm) -> set[str]:
    names = swarm.docker("config", "ls", "--format", "{{.Name}}", "--filter", "name=comet.r").split()
    return set(names)


def test_a_first_apply_that_was_killed_is_finished_by_the_next(swarm: Swarm, comet: Path) -> None:
    assert interrupted(swarm, comet, "first", signal.SIGKILL) == -signal.SIGKILL
    applied(swarm, comet, "first")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_ends_at_once_and_the_next_one_starts_at_once(
    swarm: Swarm, comet: Path, how: signal.Signals
) -> None:
    applied(swarm, comet, "before")
    assert interrupted(swarm, comet, f"after {how}", how) == 130
    applied(swarm, comet, f"after {how}")


def test_a_saved_plan_is_done_as_it_was_saved_or_not_at_all(
    swarm: Swarm, comet: Path, tmp_path: Path
) -> None:
    applied(swarm, comet, "before a plan")
    file = tmp_path / "saved.plan"
    swarm.cli("plan", comet, "-e", "note=planned", "--save", file, code=2)
    before = swarm.dump()
    swarm.docker("service", "update", "--detach", "--label-add", "by=hand", "comet_tail")
    moved = swarm.cli("apply", "--plan", file, code=7)
    assert "comet_tail" in moved.err
    assert swarm.dump().keys() == before.keys()
    applied(swarm, comet, "before a plan")
    swarm.cli("plan", comet, "-e", "note=planned", "--save", file, code=2)
    swarm.cli("apply", "--plan", file, code=0, timeout=90)
    swarm.cli("plan", comet, "-e", "note=planned", code=0)
    assert swarm.cli("apply", "--plan", file, code=7).err, "it has been done"


def test_an_older_revision_comes_back_by_hand_and_over_rest(swarm: Swarm, comet: Path) -> None:
    def note() -> str:
        return str(swarm.objects("service")["comet_tail"]["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"])

    applied(swarm, comet, "older")
    number = swarm.cli("history", "comet", "--output", "json").json()["revisions"][0]["number"]
    applied(swarm, comet, "newer")
    swarm.cli("rollback", "comet", "--check", code=2)
    swarm.cli("rollback", "comet", "--yes", code=0, timeout=90)
    assert "NOTE=older" in note()
    token = swarm.cli("token", "comet", "--role", "operator").out.strip()
    asked = {"port": SHARED_PORT, "token": token, "json": {"revision": number + 1}}
    answer = swarm.http("POST", "/_admin/rollback", **asked)
    assert answer.status_code == 202, answer.text
    eventually(lambda: "NOTE=newer" in note(), 30, "the newer one is back")
    assert swarm.http("POST", "/_admin/rollback", **{**asked, "json": {"revision": 99}}).status_code == 404
    applied(swarm, comet, "newest")


def race(swarm: Swarm, file: Path, rounds: int) -> list[str]:
    """What went wrong in rounds of two applies at once, half of them with two different revisions."""
    wrong = []
    for number in range(rounds):
        try:
            race_once(swarm, file, (f"{number}a", f"{number}{'ab'[number % 2]}"))
        except AssertionError as error:
            wrong.append(f"round {number}: {error}")
    return wrong


def race_once(swarm: Swarm, file: Path, notes: tuple[str, str]) -> None:
    """Both end well or are told who was quicker; the highest revision runs, and nothing is there twice."""
    first = highest(swarm)
    processes = [swarm.start_cli("apply", file, "-e", f"note={note}") for note in notes]
    codes = set()
    for process in processes:
        out, err = process.communicate(timeout=120)
        codes.add(process.returncode)
        assert TRACEBACK not in out + err
        assert process.returncode in (0, 6), out + err
        assert process.returncode == 0 or "replaced by" in err or "others write" in err, err
    assert 0 in codes
    assert codes == {0} or notes[0] != notes[1], "who wants the same is not told no"
    assert highest(swarm) - first <= len({*notes}), "no revision was written twice"
    assert sorted(
        swarm.docker("service", "ls", "--format", "{{.Name}}", "--filter", "name=comet_").split()
    ) == [
        "comet_admin",
        "comet_edge",
        "comet_gateway",
        "comet_tail",
    ]
    names = swarm.docker("network", "ls", "--format", "{{.Name}}", "--filter", "name=comet_").split()
    assert len(names) == len({*names})
    environment = swarm.objects("service")["comet_tail"]["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"]
    winner = next(each for each in environment if each.startswith("NOTE=")).removeprefix("NOTE=")
    assert winner in notes
    applied(swarm, file, winner)
    assert highest(swarm) - first <= len({*notes}), "the last committed revision is the one that runs"


def highest(swarm: Swarm) -> int:
    """The number of the newest revision."""
    return max((int(name.removeprefix("comet.r")) for name in revisions(swarm)), default=0)


@pytest.mark.small
def test_two_applies_at_once_end_in_one_state(swarm: Swarm, comet: Path, prove_report: Proof) -> None:
    wrong = race(swarm, comet, 2)
    prove_report(4, 2 - len(wrong), 2, "two applies at once, same and different revisions")
    assert not wrong, "\n".join(wrong)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_two_applies_at_once_fifty_times(swarm: Swarm, comet: Path, prove_report: Proof) -> None:
    wrong = race(swarm, comet, 50)
    prove_report(4, 50 - len(wrong), 50, "two applies at once, same and different revisions")
    assert not wrong, "\n".join(wrong)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_a_first_apply_killed_at_every_half_second(swarm: Swarm, comet: Path) -> None:
    codes = []
    for number in range(16):
        with cleaned(swarm, "comet"):
            codes.append(interrupted(swarm, comet, "again", signal.SIGKILL, number / 2))
            applied(swarm, comet, "again")
    assert codes.count(-signal.SIGKILL) >= 10, "most were killed before they were done"


FOREIGN = {
    "service": ("twin_web", ["--detach", "--replicas", "0", "--name", "twin_web", "ailtire-demo/echo"]),
    "network": ("twin_family", ["--driver", "overlay", "twin_family"]),
    "config": ("twin.r1", ["twin.r1", "-"]),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_thing_with_our_name_is_named_and_left_alone(
    swarm: Swarm, tmp_path: Path, kind: str
) -> None:
    file = write(tmp_path, "twin", {"web": service()}, deadline="20s")
    name, arguments = FOREIGN[kind]
    swarm.docker(kind, "create", *arguments, stdin="somebody else's")
    before = swarm.objects(kind)[name]
    refused = swarm.cli("apply", file, code=4, timeout=60)
    assert f"{kind} {name}" in refused.out + refused.err or f"name {name}" in refused.out + refused.err
    assert swarm.objects(kind)[name] == before
    swarm.cli("shutdown", "twin", "--yes", code=0)
    assert swarm.objects(kind)[name] == before, "nor is it taken for a part of the stack when that goes"
    swarm.docker(kind, "rm", name)
    assert left(swarm, "twin") == []


def test_a_missing_image_is_named_within_the_deadline_and_the_right_one_mends_it(
    swarm: Swarm, tmp_path: Path
) -> None:
    good = {"there": service("/")}
    bad = {**good, "lost": service("/lost", image="ailtire-demo/nowhere:1")}
    with cleaned(swarm, "empty"):
        failed = swarm.cli("apply", write(tmp_path, "empty", bad, deadline="10s"), code=4, timeout=60)
        assert "ailtire-demo/nowhere:1" in failed.out + failed.err
        assert "empty/lost" in failed.out + failed.err
        assert swarm.http("GET", "/", port=PORT).status_code == 200, "the others serve"
        swarm.cli("apply", write(tmp_path, "empty", {**good, "lost": service("/lost")}), code=0)
        assert swarm.http("GET", "/lost", port=PORT).status_code == 200


def test_an_engine_that_does_not_answer_is_an_error_in_one_line(swarm: Swarm, tmp_path: Path) -> None:
    file = write(tmp_path, "adrift", {"raft": service()})
    for verb in (["plan", file], ["apply", file], ["status", "adrift"], ["shutdown", "adrift", "--yes"]):
        outcome = swarm.cli(*verb, code=8, timeout=30, DOCKER_HOST=f"unix://{tmp_path}/no.sock")
        assert "no.sock" in outcome.err
        assert len(outcome.err.strip().splitlines()) <= 3


def test_what_is_not_there_is_said_to_be_not_there(swarm: Swarm) -> None:
    for verb in (["status", "nobody"], ["logs", "nobody"], ["shutdown", "nobody", "--yes"]):
        assert "nobody" in swarm.cli(*verb, code=4).err
