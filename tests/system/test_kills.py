"""Controllers killed at random while a tree of three levels is made, changed and shut down."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.proof import Proof
from tests.swarm import TRACEBACK, Swarm, eventually
from tests.system.small import cleaned, left, service, write

TABLE = "control"
NAME, PORT = "kite", 8094
NOTED = {"note": {"type": "string", "default": "none"}}
ENVIRONMENT = {"NOTE": "{{ note }}"}
LEVELS = ("kite", "kite_line", "kite_line_spool")
KILLS = 6  # most, while one command runs
STOPPED_BY = (0, 4, 5, 8)  # what a command may end with whose controllers are killed


def child(folder: Path, key: str, **services: Any) -> dict[str, Any]:
    """A definition as a file of its own, and what its parent says of it."""
    own = {"web": service(environment=ENVIRONMENT), **services}
    (folder / f"{key}.yml").write_text(yaml.safe_dump({"name": key, "parameters": NOTED, "services": own}))
    return {
        "type": "stack",
        "definition": f"{key}.yml",
        "parameters": {"note": "{{ note }}"},
        "interface": {f"/{key}": {"path": "/"}},
    }


@pytest.fixture(scope="module")
def kite(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp(NAME)
    line = child(folder, "line", spool=child(folder, "spool"))
    services = {"web": service(environment=ENVIRONMENT), "line": line}
    with cleaned(swarm, NAME):
        yield write(folder, NAME, services, PORT, parameters=NOTED)


class Onlooker(threading.Thread):
    """Kills controllers at random moments, and watches that nothing above goes while anything below lives."""

    def __init__(self, swarm: Swarm, chance: random.Random) -> None:
        super().__init__()
        self.swarm, self.chance = swarm, chance
        self.ended = threading.Event()
        self.killed: list[str] = []
        self.wrong: list[str] = []

    def run(self) -> None:
        while not self.ended.wait(self.chance.uniform(0.2, 1.5)):
            self.look()
            if len(self.killed) < KILLS:
                self.kill()

    def kill(self) -> None:
        found = [each for each in self.swarm.containers(NAME).items() if "admin." in each[0]]
        if found:
            name, id = self.chance.choice(sorted(found))
            if self.swarm.docker("kill", id, check=False).strip():
                self.killed.append(name.partition(".")[0])

    def look(self) -> None:
        """Services are listed in one call, so this is one moment."""
        names = set(self.swarm.docker("service", "ls", "--format", "{{.Name}}", check=False).split())
        for above, below in pairwise(LEVELS):
            alive = sorted(each for each in names if each.startswith(f"{below}_"))
            if alive and f"{above}_admin" not in names:
                self.wrong.append(f"no controller of {above} while there is {alive}")


@contextmanager
def killing(swarm: Swarm, chance: random.Random) -> Iterator[Onlooker]:
    onlooker = Onlooker(swarm, chance)
    onlooker.start()
    try:
        yield onlooker
    finally:
        onlooker.ended.set()
        onlooker.join()


def notes(swarm: Swarm) -> set[str]:
    """What the services of all levels run with."""
    found = swarm.objects("service")
    specs = (found.get(f"{level}_web") for level in LEVELS)
    given = (each["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"] if each else ["gone"] for each in specs)
    return {line for lines in given for line in lines if line == "gone" or line.startswith("NOTE=")}


def round_of(swarm: Swarm, file: Path, number: int, chance: random.Random) -> str:
    """An apply and a shutdown under fire, each let go on by itself. Says what is wrong."""
    wished = ("apply", file, "-e", f"note=round {number}")
    try:
        with killing(swarm, chance) as meanwhile:
            code = swarm.cli(*wished, timeout=300).code
        assert code in STOPPED_BY, f"apply: exit {code}"
        eventually(lambda: notes(swarm) == {f"NOTE=round {number}"}, 180, "all levels run the new version")
        eventually(lambda: swarm.cli("plan", *wished[1:]).code == 0, 60, "nothing is left to do")
        with killing(swarm, chance) as later:
            going = swarm.cli("shutdown", NAME, "--yes", timeout=300)
        assert going.code in STOPPED_BY and TRACEBACK not in going.err, going
        eventually(lambda: left(swarm, NAME) == [], 180, "all is gone")
    except AssertionError as error:
        return f"round {number}: {error}"
    wrong = [*meanwhile.wrong, *later.wrong]
    what = f"killed {meanwhile.killed}, then {later.killed}; exits {code}, {going.code}"
    print(f"round {number}: {what}; {wrong or 'in order'}", flush=True)
    return f"round {number}: {wrong}" if wrong else ""


def fire(swarm: Swarm, file: Path, rounds: int, prove_report: Proof) -> None:
    seed = random.randrange(1000)
    chance = random.Random(seed)
    wrong = [said for number in range(rounds) if (said := round_of(swarm, file, number, chance))]
    what = f"controllers of three levels killed while all is changed and shut down, seed {seed}"
    prove_report(7, rounds - len(wrong), rounds, what)
    assert not wrong, "\n".join(wrong)


@pytest.mark.small
@pytest.mark.timeout(900)
def test_controllers_may_be_killed_at_any_time(swarm: Swarm, kite: Path, prove_report: Proof) -> None:
    fire(swarm, kite, 1, prove_report)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_controllers_may_be_killed_at_any_time_thirty_times(
    swarm: Swarm, kite: Path, prove_report: Proof
) -> None:
    fire(swarm, kite, 30, prove_report)
