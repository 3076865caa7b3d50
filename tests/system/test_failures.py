"""Changes that fail: the old version comes back, the cause is named, and success is never reported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.proof import Proof
from tests.swarm import TRACEBACK, Swarm
from tests.system.small import cleaned, left, write

PORT = 8120
NEVER_WELL = {"test": ["CMD", "false"], "interval": "1s", "timeout": "1s", "retries": 2}
CHILD = {"name": "inner", "services": {"deep": {"image": "ailtire-demo/echo"}}}
SPOILT = {"name": "inner", "services": {"deep": {"image": "ailtire-demo/nowhere:1"}}}
FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "health": ({"healthcheck": NEVER_WELL}, "health"),
    "loop": ({"command": ["sh", "-c", "echo going down; exit 3"]}, "going down"),
    "constraint": ({"deploy": {"placement": {"constraints": ["node.labels.none == yes"]}}}, "constraints"),
    "image": ({"image": "ailtire-demo/nowhere:1"}, "ailtire-demo/nowhere:1"),
    "child": ({}, "ailtire-demo/nowhere:1"),
}


def stack(folder: Path, name: str, *, well: bool) -> Path:
    """A service that changes with the others, one that may be spoilt, and a child."""
    change = {} if well else FAILURES[name][0]
    beside = {"image": "ailtire-demo/echo", "environment": {"WELL": str(well)}}
    services = {
        "beside": beside,
        "it": {"image": "ailtire-demo/echo", **change},
        "inner": {"type": "stack", "definition": SPOILT if not well and name == "child" else CHILD},
    }
    port = PORT + list(FAILURES).index(name)
    return write(folder, name, services, port, deadline="20s")


@pytest.fixture(scope="module")
def before(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The five stacks as they were when all was well."""
    folder = tmp_path_factory.mktemp("well")
    with ExitStack() as kept:
        kept.callback(all_gone, swarm)
        ended = applied(swarm, {name: stack(folder, name, well=True) for name in FAILURES})
        assert {code for code, _ in ended.values()} == {0}, ended
        yield specs(swarm)


def all_gone(swarm: Swarm) -> None:
    """Take all down at the same time: one after another takes minutes."""
    running = [swarm.start_cli("shutdown", name, "--yes") for name in FAILURES if left(swarm, name)]
    said = [process.communicate(timeout=200) for process in running]
    assert [process.returncode for process in running] == [0] * len(running), said
    assert [thing for name in FAILURES for thing in left(swarm, name)] == []


def applied(swarm: Swarm, files: dict[str, Path]) -> dict[str, tuple[int, str]]:
    """How each ended, and what it said, when all are applied at the same time."""
    running = {name: swarm.start_cli("apply", file, "--output", "json") for name, file in files.items()}
    ended = {}
    for name, process in running.items():
        out, err = process.communicate(timeout=200)
        assert TRACEBACK not in out + err
        ended[name] = (process.returncode, out + err)
    return ended


def taken_back(name: str, code: int, said: str) -> bool:
    """Whether a change failed as it should: back to the old version, and with its cause."""
    return code == 5 and FAILURES[name][1] in said and '"verdict": "rolled back"' in said


def rounds(swarm: Swarm, before: dict[str, Any], folder: Path, number: int) -> dict[str, int]:
    """How often each change that fails was taken back, with the old version there afterwards."""
    files = {name: stack(folder, name, well=False) for name in FAILURES}
    good = dict.fromkeys(FAILURES, 0)
    for _ in range(number):
        ended = applied(swarm, files)
        after = specs(swarm)
        same = {name for name in FAILURES if of_stack(after, name) == of_stack(before, name)}
        for name, (code, said) in ended.items():
            good[name] += taken_back(name, code, said) and name in same
    return good


def of_stack(found: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: spec for each, spec in found.items() if each.split("_")[0] == name}


def specs(swarm: Swarm) -> dict[str, Any]:
    found = swarm.objects("service")
    return {name: each["Spec"] for name, each in found.items() if name.split("_")[0] in FAILURES}


@pytest.mark.small
def test_a_change_that_fails_is_taken_back_and_its_cause_is_named(
    swarm: Swarm, before: dict[str, Any], tmp_path: Path, prove_report: Proof
) -> None:
    files = {name: stack(tmp_path, name, well=False) for name in FAILURES}
    ended = applied(swarm, files)
    good = [name for name, (code, said) in ended.items() if taken_back(name, code, said)]
    prove_report(5, len(good), len(files), f"taken back with its cause: {', '.join(FAILURES)}")
    assert good == list(FAILURES), ended
    assert specs(swarm) == before
    assert yaml.safe_load(files["child"].read_text())["services"]["inner"]["definition"] == SPOILT
    for name in FAILURES:
        found = swarm.cli("history", name, "--output", "json").json()["revisions"]
        assert [each["outcome"] for each in found[:2]] == ["converged", "failed"]


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_changes_that_fail_ten_times_each(
    swarm: Swarm, before: dict[str, Any], tmp_path: Path, prove_report: Proof
) -> None:
    good = rounds(swarm, before, tmp_path, 10)
    for name, number in good.items():
        prove_report(5, number, 10, f"taken back with its cause, success never reported: {name}")
    assert good == dict.fromkeys(FAILURES, 10)


def test_a_new_stack_that_cannot_work_is_never_called_converged(swarm: Swarm, tmp_path: Path) -> None:
    """A crash loop without a health check runs for a moment each time that somebody looks."""
    looping = {"image": "ailtire-demo/echo", "command": ["sh", "-c", "sleep 1; echo down; exit 3"]}
    with cleaned(swarm, "loop2"):
        file = write(tmp_path, "loop2", {"it": looping}, PORT + 9, deadline="15s")
        failed = swarm.cli("apply", file, code=4, timeout=120)
        assert "exit" in failed.out + failed.err
        explained = swarm.cli("status", "loop2", "--explain", "--output", "json").json()
        assert any(each["name"] == "loop2/it" and each["remedy"] for each in explained["findings"])
