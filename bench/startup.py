"""How long a person waits for a word: whole processes, as ratios to peers measured in the same run.

The peers are an interpreter that does nothing and the docker command's help. Runs take turns, so that a busy
moment of the machine falls on all alike; the best of each counts.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
STARTER = Path(__file__).parent.parent / "templates" / "starter.yml"


def commands(folder: Path) -> dict[str, list[str]]:
    """What is measured, peers first."""
    ours = [str(Path(sys.executable).parent / "ailtire-deploy")]
    file = folder / "stack.yml"
    file.write_text(STARTER.read_text())
    found = {"python -c pass": [sys.executable, "-c", "pass"]}
    docker = shutil.which("docker")
    if docker:
        found["docker stack --help"] = [docker, "stack", "--help"]
    return {**found, "--help": [*ours, "--help"], "validate": [*ours, "validate", str(file)]}


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def best(found: dict[str, list[str]]) -> dict[str, float]:
    """The shortest time of each, all taking turns."""
    rounds = [{name: seconds(command) for name, command in found.items()} for _ in range(ROUNDS)]
    return {name: min(each[name] for each in rounds) for name in found}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        times = best(commands(Path(folder)))
    peers = [name for name in ("python -c pass", "docker stack --help") if name in times]
    print(f"best of {ROUNDS} runs, taking turns")
    for name, spent in times.items():
        ratios = ", ".join(f"{spent / times[peer]:.1f} times {peer}" for peer in peers if peer != name)
        print(f"{name:22} {spent * 1000:6.0f} ms   {ratios}")


if __name__ == "__main__":
    main()
