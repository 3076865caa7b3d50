"""Ten services of one task each, added to a living stack: seconds until all of them run.

``docker stack deploy`` returns before anything runs, so the tasks of both are watched from here. Ours ends by
itself when all has converged; both its moments are shown.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from rig import OURS, Rig, compose, definition, judged, rig, summary, surplus

ROUNDS = 7
COUNT = 10
PEER = "peer"
LIMIT = 120.0  # seconds
FACTOR, START = 1.2, 0.7  # of docker's time, and seconds more


def running(bench: Rig, namespace: str) -> int:
    """How many of the added services have a running task."""
    label = f"label=com.docker.stack.namespace={namespace}"
    listed = bench.read("docker", "service", "ls", "--filter", label, "--format", "{{.Name}} {{.Replicas}}")
    rows = (line.split() for line in listed.splitlines())
    return sum(name.startswith(f"{namespace}_s0") and replicas == "1/1" for name, replicas, *_ in rows)


def until_running(bench: Rig, namespace: str, command: list[str]) -> tuple[float, float]:
    """Seconds until all run, and until the command has ended as well."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, env=dict(bench.environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while running(bench, namespace) < COUNT:
            assert time.perf_counter() - started < LIMIT, f"{command} did not come to an end"
        seen = time.perf_counter() - started
        assert process.wait(LIMIT) == 0, f"{command} ended with {process.returncode}"
    return seen, time.perf_counter() - started


def emptied(bench: Rig, remove: Callable[[], None]) -> None:
    """Back to the stack without the ten, and until their containers have gone."""
    remove()
    until = time.perf_counter() + LIMIT
    while bench.read("docker", "ps", "--quiet", "--filter", "name=_s0").strip():
        assert time.perf_counter() < until, "containers are left"
        time.sleep(0.2)


def main() -> None:
    with rig() as bench:
        fewer, more = definition(bench, 0, 1), definition(bench, COUNT, 1)
        base, all_of_them = compose(bench, 0, 1), compose(bench, COUNT, 1)
        mine, theirs, ended = [], [], []
        apply = [OURS, "apply", "--yes", "--allow-prune", "--progress", "quiet"]
        deploy = ["docker", "stack", "deploy", "--prune", "--compose-file"]
        for number in range(ROUNDS):
            turns = ("ours", "docker") if number % 2 else ("docker", "ours")
            for turn in turns:
                emptied(bench, lambda: (bench.run(*apply, fewer), bench.run(*deploy, base, PEER))[0])
                if turn == "ours":
                    seen, end = until_running(bench, "living", [*apply, more])
                    mine.append(seen)
                    ended.append(end)
                else:
                    theirs.append(until_running(bench, PEER, [*deploy, all_of_them, PEER])[0])
        report(mine, ended, theirs)


def report(mine: list[float], ended: list[float], theirs: list[float]) -> None:
    print(f"{COUNT} services of one task until all run, added to a living stack")
    rows = {"ours": mine, "ours, command ended": ended, "docker stack deploy": theirs}
    for name, seconds in rows.items():
        print(f"  {name:36} {summary(seconds)}")
    over = surplus(mine, [FACTOR * each for each in theirs])
    print(f"  ours - {FACTOR} docker: {over:+.2f} s, at most +{START}: {judged(over <= START)}")


if __name__ == "__main__":
    main()
