"""On a real swarm: whoever uses an edited config or a changed secret restarts, and nobody else."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from ailtire_deploy.plan.removing import YOUNG
from tests.proof import Proof
from tests.swarm import Swarm, eventually
from tests.system.small import cleaned, service, write

USERS = {"config": "reader", "secret": "keeper"}
LOOK = 40  # seconds until a controller has looked again


def apply(swarm: Swarm, folder: Path, text: str, word: str) -> None:
    """One user of a config, one of a secret, and one of neither."""
    services = {
        "reader": service("/", configs=[{"source": "page", "target": "/page"}]),
        "keeper": service("/keeper", secrets=["word"]),
        "other": service("/other"),
    }
    things = {"configs": {"page": {"content": text}}, "secrets": {"word": {"from": {"env": "SCROLL"}}}}
    swarm.cli("apply", write(folder, "scroll", services, **things), code=0, SCROLL=word)


def running(swarm: Swarm) -> dict[str, set[str]]:
    """The tasks of every service of the stack, its gateway and controller included."""
    names = [each for each in swarm.objects("service") if each.startswith("scroll_")]
    return {name.removeprefix("scroll_"): {task["ID"] for task in swarm.tasks(name)} for name in names}


def restarted(swarm: Swarm, folder: Path, text: str, word: str) -> list[str]:
    before = running(swarm)
    apply(swarm, folder, text, word)
    after = running(swarm)
    return [name for name in before if after[name] != before[name]]


def versions(swarm: Swarm, kind: str) -> list[str]:
    begins = {"config": "scroll_page-", "secret": "scroll_word-"}[kind]
    return [name for name in swarm.objects(kind) if name.startswith(begins)]


def edit(swarm: Swarm, folder: Path, prove_report: Proof, rounds: int) -> dict[str, list[str]]:
    """Change the one, then the other, again and again; what was there at first."""
    apply(swarm, folder, "0", "0")
    first = {kind: versions(swarm, kind) for kind in USERS}
    seen: dict[str, list[list[str]]] = {kind: [] for kind in USERS}
    for number in range(rounds):
        seen["config"].append(restarted(swarm, folder, f"{number + 1}", f"{number}"))
        seen["secret"].append(restarted(swarm, folder, f"{number + 1}", f"{number + 1}"))
    for kind, found in seen.items():
        prove_report(6, found.count([USERS[kind]]), rounds, f"{kind} changed: its user alone restarted")
    assert seen == {kind: [[user]] * rounds for kind, user in USERS.items()}
    return first


@pytest.mark.small
def test_only_users_of_a_changed_thing_restart(swarm: Swarm, tmp_path: Path, prove_report: Proof) -> None:
    with cleaned(swarm, "scroll"):
        edit(swarm, tmp_path, prove_report, 1)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_only_users_of_a_changed_thing_restart_and_what_is_old_is_collected(
    swarm: Swarm, tmp_path: Path, prove_report: Proof
) -> None:
    """Not before it is old, nor while one of the last ten revisions needs it: so there are twelve."""
    with cleaned(swarm, "scroll"):
        first = edit(swarm, tmp_path, prove_report, 6)
        begun = time.monotonic()
        good = 0
        for kind, names in first.items():
            left = max(1.0, YOUNG + 2 * LOOK - (time.monotonic() - begun))
            with suppress(AssertionError):
                eventually(lambda k=kind, n=names: not {*n} & {*versions(swarm, k)}, left)
                good += len(versions(swarm, kind)) >= 1
        prove_report(6, good, 2, "the old one was collected, the one in use was not")
        assert good == 2, {kind: versions(swarm, kind) for kind in USERS}
