"""Jobs on a real engine: how often they run, whatever happens to the engine, and what a failed one does."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof import Proof
from tests.swarm import Outcome, Swarm, eventually, own_swarm, restart
from tests.system.small import service, write

pytestmark = pytest.mark.engine
PORT = 8098
COUNT = "echo run >>/data/runs; echo {word} $(wc -l </data/runs)"
SECOND = COUNT.format(word="second")
FAIL = f"{COUNT.format(word='fails')}; echo the table is locked >&2; exit 3"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    """An engine that may be killed."""
    with own_swarm(tmp_path_factory.mktemp("jobs"), "jobs") as swarm:
        yield swarm


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service that needs a job that needs a service; the job counts its runs in a volume.

    Nothing is taken down at the end, since the engine goes as a whole.
    """
    job = {
        "image": "ailtire-demo/echo",
        "entrypoint": ["/bin/sh", "-c"],
        "command": ["{{ script }}"],
        "user": "0",
        "volumes": ["data:/data"],
        "depends_on": {"db": {"condition": "healthy"}},
    }
    services = {
        "db": service("/db", environment={"NOTE": "{{ store }}"}),
        "web": service(
            depends_on={"count": {"condition": "completed"}},
            environment={"NOTE": "{{ note }}"},
            volumes=["data:/data:ro"],
        ),
    }
    given = {each: {"type": "string", "default": "1"} for each in ("note", "store")}
    given["script"] = {"type": "string", "default": COUNT.format(word="first")}
    shared = {"jobs": {"count": job}, "volumes": {"data": {}}, "parameters": given}
    return write(tmp_path_factory.mktemp("ledger"), "ledger", services, PORT, **shared)


def applied(swarm: Swarm, file: Path, code: int = 0, **values: str) -> Outcome:
    options = [option for name, value in values.items() for option in ("-e", f"{name}={value}")]
    return swarm.cli("apply", file, *options, code=code, timeout=120)


def runs(swarm: Swarm) -> int:
    """How often the job began, as the service that depends on it sees it."""
    return len(written(swarm))


def written(swarm: Swarm) -> list[str]:
    """All that jobs wrote; nothing while no task lives that could tell."""
    if not swarm.tasks("ledger_web"):
        return []
    return str(swarm.inside("ledger_web").run("cat /data/runs").stdout).split()


def begun(swarm: Swarm, name: str) -> str:
    return str(swarm.objects("service")[name]["CreatedAt"])


def word(swarm: Swarm) -> str:
    tree = swarm.cli("status", "ledger", "--output", "json", code=0).json()
    return str(next(each["status"] for each in tree["services"] if each["shortName"] == "count"))


def test_a_job_runs_once_between_what_it_needs_and_what_needs_it(own: Swarm, ledger: Path) -> None:
    applied(own, ledger)
    order = [begun(own, f"ledger_{each}") for each in ("db", "count", "web")]
    assert order == sorted(order)
    assert runs(own) == 1
    assert word(own) == "completed"
    assert "first 1" in own.cli("logs", "ledger", "count", code=0).out
    before = own.dump()
    applied(own, ledger)
    own.cli("plan", ledger, code=0)
    assert own.dump() == before
    assert runs(own) == 1


def test_a_killed_engine_does_not_run_it_again(own: Swarm, ledger: Path) -> None:
    applied(own, ledger)
    known = runs(own)
    restart(own)
    eventually(lambda: own.tasks("ledger_admin") and own.tasks("ledger_web"), 60, "the stack runs again")
    applied(own, ledger)
    assert runs(own) == known
    assert "first 1" in own.cli("logs", "ledger", "count", code=0).out


def test_another_command_runs_it_again_and_the_output_of_both_runs_is_there(own: Swarm, ledger: Path) -> None:
    known = runs(own)
    applied(own, ledger, script=SECOND)
    assert runs(own) == known + 1
    written = own.cli("logs", "ledger", "count", code=0).out
    assert f"first {known}" in written
    assert f"second {known + 1}" in written


def test_a_job_that_fails_leaves_the_old_version_serving_until_a_better_one_comes(
    own: Swarm, ledger: Path
) -> None:
    applied(own, ledger, script=SECOND)
    known, web = runs(own), own.objects("service")["ledger_web"]["Version"]
    said = applied(own, ledger, 5, script=FAIL, note="3")
    assert "ledger/count" in said.out + said.err
    assert "exit (3)" in said.out + said.err
    assert "the table is locked" in said.out + said.err
    assert own.objects("service")["ledger_web"]["Version"] == web
    assert own.http("GET", "/", port=PORT).status_code == 200
    assert "the table is locked" in own.cli("logs", "ledger", "count", code=0).out
    applied(own, ledger, 5, script=FAIL, note="3")
    time.sleep(7)  # a round of the controller: it does not try again by itself
    assert runs(own) == known + 2
    applied(own, ledger, script=COUNT.format(word="third"), store="3", note="3")
    assert runs(own) == known + 3
    assert own.objects("service")["ledger_web"]["Version"] != web


def survives(swarm: Swarm, file: Path, word: str, pause: float) -> bool:
    """Whether an engine killed in the middle of an apply leaves a job that ran as often as it had to."""
    script = f"echo {word}-begun >>/data/runs; sleep 1; echo {word}-done >>/data/runs"
    with swarm.start_cli("apply", file, "-e", f"script={script}") as process:
        time.sleep(pause)
        restart(swarm)
        process.communicate(timeout=180)
    codes = [process.returncode]
    while codes[-1] != 0 and len(codes) < 4:
        codes.append(swarm.cli("apply", file, "-e", f"script={script}").code)
    lines = eventually(lambda: written(swarm), 60, "the stack runs again")
    begun, done = lines.count(f"{word}-begun"), lines.count(f"{word}-done")
    applied(swarm, file, script=script)
    print(f"{word}: killed after {pause:.1f} s, exit codes {codes}, begun {begun}, done {done}")
    return codes[-1] == 0 and 1 <= done <= begun <= len(codes) and written(swarm) == lines


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_an_engine_killed_at_any_moment_of_an_apply_never_runs_a_job_without_need(
    own: Swarm, ledger: Path, prove_report: Proof, rounds: int = 12, seed: int = 7
) -> None:
    applied(own, ledger)
    chance = random.Random(seed)
    good = sum(survives(own, ledger, f"round-{each}", chance.uniform(0, 6)) for each in range(rounds))
    prove_report(3, good, rounds, f"engine killed during an apply with a job, seed {seed}")
    assert good == rounds
