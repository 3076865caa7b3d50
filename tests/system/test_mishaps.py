"""What goes wrong in real life: kills in the middle, two at once, names taken already, images not there."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.swarm import TRACEBACK, Swarm, eventually
from tests.system.small import PORT, cleaned, left, service, write


@pytest.mark.parametrize("written", [1, 4, 7])
def test_an_apply_that_was_killed_is_finished_by_the_next(swarm: Swarm, tmp_path: Path, written: int) -> None:
    """Killed with -9 when so many things have been made; no human step is between."""
    kill_and_apply_again(swarm, tmp_path, written, signal.SIGKILL)


def kill_and_apply_again(swarm: Swarm, folder: Path, written: int, how: signal.Signals) -> int:
    """The exit code of the one that was killed."""
    file = write(folder, "comet", {"tail": service()})
    with cleaned(swarm, "comet"):
        with swarm.start_cli("apply", file) as process:
            eventually(lambda: len(left(swarm, "comet")) >= written or process.poll() is not None, 60)
            begun = time.monotonic()
            process.send_signal(how)
            out, err = process.communicate(timeout=20)
            assert time.monotonic() - begun < 3
        assert TRACEBACK not in out + err
        swarm.cli("apply", file, code=0, timeout=90)
        swarm.cli("plan", file, code=0)
        assert swarm.http("GET", "/", port=PORT).status_code == 200
    return process.returncode


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_ends_at_once_and_the_next_one_starts_at_once(
    swarm: Swarm, tmp_path: Path, how: signal.Signals
) -> None:
    assert kill_and_apply_again(swarm, tmp_path, 5, how) == 130


def both_at_once(swarm: Swarm, file: Path, *variants: str) -> list[int]:
    """Two applies side by side; their exit codes."""
    processes = [swarm.start_cli("apply", file, "-e", f"note={variant}") for variant in variants]
    outcomes = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert TRACEBACK not in out + err
        assert process.returncode in (0, 6), out + err
        outcomes.append(process.returncode)
    return outcomes


def race(swarm: Swarm, folder: Path, rounds: int) -> int:
    """How many rounds of two applies ended well, half of them with two different revisions."""
    noted = service(environment={"NOTE": "{{ note }}"})
    file = write(folder, "duel", {"field": noted}, parameters={"note": {"type": "string", "default": "none"}})
    good = 0
    with cleaned(swarm, "duel"):
        for number in range(rounds):
            first, second = f"{number}a", f"{number}{'ab'[number % 2]}"
            assert 0 in both_at_once(swarm, file, first, second)
            environment = swarm.objects("service")["duel_field"]["Spec"]["TaskTemplate"]["ContainerSpec"][
                "Env"
            ]
            winner = next(each for each in environment if each.startswith("NOTE=")).removeprefix("NOTE=")
            assert winner in (first, second)
            swarm.cli("plan", file, "-e", f"note={winner}", code=0)
            good += 1
    return good


def test_two_applies_at_once_end_in_one_state(swarm: Swarm, tmp_path: Path) -> None:
    assert race(swarm, tmp_path, 3) == 3


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_two_applies_at_once_fifty_times(swarm: Swarm, tmp_path: Path) -> None:
    assert race(swarm, tmp_path, 50) == 50


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_an_apply_killed_after_every_step(swarm: Swarm, tmp_path: Path) -> None:
    codes = [kill_and_apply_again(swarm, tmp_path, written, signal.SIGKILL) for written in range(1, 16)]
    assert codes.count(-signal.SIGKILL) >= 10, "most were killed before they were done"


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_remove_and_create_again_at_once_fifty_times(swarm: Swarm, tmp_path: Path) -> None:
    file = write(tmp_path, "phoenix", {"ash": service()})
    for _ in range(50):
        with cleaned(swarm, "phoenix"):
            swarm.cli("apply", file, code=0)


@pytest.mark.parametrize("kind", ["service", "network", "config"])
def test_a_foreign_thing_with_our_name_is_named_and_left_alone(
    swarm: Swarm, tmp_path: Path, kind: str
) -> None:
    file = write(tmp_path, "twin", {"web": service()})
    makers = {
        "service": ("twin_web", ["--replicas", "0", "twin_web", "ailtire-demo/echo"], None),
        "network": ("twin_family", ["--driver", "overlay", "twin_family"], None),
        "config": ("twin.r1", ["twin.r1", "-"], "somebody else's"),
    }
    name, arguments, content = makers[kind]
    with cleaned(swarm, "twin"):
        swarm.docker(kind, "create", *(["--detach"] if kind == "service" else []), *arguments, stdin=content)
        try:
            before = swarm.objects(kind)[name]
            refused = swarm.cli("apply", file, code=4, timeout=120)
            assert name in refused.out + refused.err
            assert swarm.objects(kind)[name] == before
        finally:
            swarm.docker(kind, "rm", name)
        swarm.cli("apply", file, code=0)


def test_a_missing_image_is_named_within_the_deadline_and_the_right_one_mends_it(
    swarm: Swarm, tmp_path: Path
) -> None:
    good = {"there": service("/")}
    with cleaned(swarm, "empty"):
        file = write(tmp_path, "empty", {**good, "lost": service("/lost", image="ailtire-demo/nowhere:1")})
        failed = swarm.cli("apply", file, code=4, timeout=150)
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
    for verb in ("status", "logs"):
        assert "nobody" in swarm.cli(verb, "nobody", code=4).err
    assert swarm.cli("shutdown", "nobody", "--yes").code in (0, 4)
