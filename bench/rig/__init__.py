"""What the benchmarks share: an engine of their own, one stack for everybody, and runs that take turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent
OURS = str(Path(sys.executable).parent / "ailtire-deploy")
IMAGE = "ailtire-demo/echo:latest"
STACK = "living"


@dataclass(frozen=True)
class Rig:
    """A swarm that nobody else uses, a folder for files, and what commands see of the environment."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *command: str) -> None:
        """One whole process. Raises CalledProcessError with what it said."""
        done = subprocess.run(command, env=dict(self.environment), capture_output=True, text=True)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)

    def seconds(self, *command: str) -> float:
        """How long one process takes."""
        started = time.perf_counter()
        self.run(*command)
        return time.perf_counter() - started

    def read(self, *command: str) -> str:
        """What a process prints."""
        return subprocess.run(
            command, env=dict(self.environment), capture_output=True, text=True, check=True
        ).stdout

    def write(self, name: str, text: str) -> str:
        file = self.folder / name
        file.write_text(text)
        return str(file)


@contextmanager
def rig() -> Iterator[Rig]:
    """An engine for as long as the block runs."""
    name = f"bench-{os.getpid()}"
    script = str(PROJECT / "setup" / "test-engine")
    try:
        said = subprocess.run(
            [script, "start", name, str(os.getpid())], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        facts = dict(line.split("=", 1) for line in said.splitlines())
        with tempfile.TemporaryDirectory() as folder:
            kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
            environment = {**kept, "HOME": folder, "DOCKER_HOST": facts["DOCKER_HOST"]}
            images = str(PROJECT / "setup" / "images")
            subprocess.run([images], check=True, env={**os.environ, "DOCKER_HOST": facts["DOCKER_HOST"]})
            yield Rig(Path(folder), environment)
    finally:
        subprocess.run([script, "stop", name], check=True, stdout=subprocess.DEVNULL)


def services(count: int, replicas: int, rest: str = "") -> str:
    """The same services for everybody, as YAML; the first of them is ``first``."""
    names = ["first", *(f"s{number:03}" for number in range(count))]
    fields = f"image: {IMAGE}, deploy: {{replicas: {replicas}}}{rest}"
    lines = (f'  {name}: {{{fields}, environment: {{NAME: "{name}"}}}}' for name in names)
    return "services:\n" + "\n".join(lines) + "\n"


def definition(rig: Rig, count: int, replicas: int = 0) -> str:
    """Our file of a stack with ``count`` services and one more."""
    return rig.write(f"stack-{count}.yml", f"name: {STACK}\n{services(count, replicas)}")


def compose(rig: Rig, count: int, replicas: int = 0) -> str:
    """The same for ``docker stack deploy``, updated start-first and restarted as ours are."""
    return rig.write(f"compose-{count}.yml", f'version: "3.9"\n{services(count, replicas)}')


def in_turn(rounds: int, candidates: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Seconds of each candidate, all taking turns, so that a busy moment falls on all alike."""
    found: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds):
        order = list(candidates) if number % 2 else list(reversed(candidates))
        for name in order:
            found[name].append(candidates[name]())
    return found


def summary(seconds: list[float]) -> str:
    middle = statistics.median(seconds)
    return f"{middle:7.3f} s  ({min(seconds):.3f} to {max(seconds):.3f}, {len(seconds)} runs)"


def ratio(ours: list[float], peer: list[float]) -> float:
    """The median of the ratios of pairs that ran side by side."""
    return statistics.median(a / b for a, b in zip(ours, peer, strict=True))


def surplus(ours: list[float], peer: list[float]) -> float:
    """The median of the differences, in seconds."""
    return statistics.median(a - b for a, b in zip(ours, peer, strict=True))


def judged(met: bool) -> str:
    return "met" if met else "NOT MET"
