"""How long an apply takes that has nothing to do, one that adds services, and one from nothing.

The peers are ``docker stack deploy`` and Ansible's ``docker_stack``, on the same swarm and in turn with ours.
Services have no tasks here: what is measured is the tool. ``docker stack deploy`` ends as soon as the engine
has taken its services; ours ends when the controllers have said that all has converged.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

from rig import OURS, Rig, compose, definition, in_turn, judged, ratio, rig, summary, surplus

ROUNDS = 7
PEER = "peer"
PLAY = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - community.docker.docker_stack: {{name: {peer}, compose: ["{file}"]}}
"""


def ours(bench: Rig, count: int) -> Callable[[], float]:
    file = definition(bench, count)
    options = ("--yes", "--allow-prune", "--progress", "quiet")
    return lambda: bench.seconds(OURS, "apply", *options, file)


def docker(bench: Rig, count: int, *options: str) -> Callable[[], float]:
    file = compose(bench, count)
    return lambda: bench.seconds("docker", "stack", "deploy", *options, "--compose-file", file, PEER)


def ansible(bench: Rig, count: int) -> Callable[[], float] | None:
    """None where Ansible cannot be had."""
    if not ansible_is_there():
        return None
    play = bench.write(f"play-{count}.yml", PLAY.format(peer=PEER, file=compose(bench, count)))
    return lambda: bench.seconds("ansible-playbook", "--inventory", "localhost,", play)


def ansible_is_there() -> bool:
    """Debian's package is installed when there is none; it is run as a program and never imported."""
    if not shutil.which("ansible-playbook") and shutil.which("apt-get"):
        packages = ["ansible", "python3-jsondiff"]
        subprocess.run(
            ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *packages],
            stdout=subprocess.DEVNULL,
        )
    return shutil.which("ansible-playbook") is not None


def nothing_to_do(bench: Rig, count: int) -> None:
    """Must: at most 0.3 s more than docker at 10 and 50, no more at 500; 0.3 of Ansible at 10, 0.2 at 100."""
    candidates = {"ours": ours(bench, count), "docker stack deploy": docker(bench, count)}
    peer = ansible(bench, count) if count in (10, 100) else None
    candidates |= {"ansible docker_stack": peer} if peer else {}
    for each in candidates.values():
        each()
    found = show(f"nothing to do, {count} services", in_turn(ROUNDS, candidates))
    mine, theirs = found["ours"], found["docker stack deploy"]
    if count <= 50:
        more = surplus(mine, theirs)
        print(f"  ours - docker: {more:+.3f} s, at most +0.3: {judged(more <= 0.3)}")
    else:
        most = 1.0 if count == 500 else 1.5
        share = ratio(mine, theirs)
        note = f", at most {most}: {judged(share <= most)}" if count == 500 else ""
        print(f"  ours / docker: {share:.2f}{note}")
    if peer:
        share, most = ratio(mine, found["ansible docker_stack"]), 0.3 if count == 10 else 0.2
        print(f"  ours / ansible: {share:.2f}, at most {most}: {judged(share <= most)}")


def adding(bench: Rig, count: int) -> None:
    """Must: at most 1.5 times docker's time at 10, 1.2 times at 100 and 500."""
    fewer, more = ours(bench, 0), ours(bench, count)
    base = compose(bench, 0)

    def mine() -> float:
        fewer()
        return more()

    def theirs(*options: str) -> Callable[[], float]:
        add = docker(bench, count, *options)

        def once() -> float:
            bench.run("docker", "stack", "deploy", "--prune", "--compose-file", base, PEER)
            return add()

        return once

    candidates = {
        "ours, until converged": mine,
        "docker stack deploy": theirs(),
        "docker stack deploy --detach=false": theirs("--detach=false"),
    }
    if count > 10 or not knows_detach(bench):  # it looks at each service for five seconds, one after another
        del candidates["docker stack deploy --detach=false"]
    found = show(f"adding {count} services to a living stack", in_turn(ROUNDS, candidates))
    share, most = (
        ratio(found["ours, until converged"], found["docker stack deploy"]),
        1.5 if count == 10 else 1.2,
    )
    print(f"  ours / docker: {share:.2f}, at most {most}: {judged(share <= most)}")


def knows_detach(bench: Rig) -> bool:
    return "--detach" in bench.read("docker", "stack", "deploy", "--help")


def from_nothing(bench: Rig, count: int) -> None:
    """Seconds, for information: ours starts a controller and a gateway first."""

    def mine() -> float:
        bench.run(OURS, "shutdown", definition(bench, count), "--yes")
        return ours(bench, count)()

    def theirs() -> float:
        bench.run("docker", "stack", "rm", PEER)
        return docker(bench, count)()

    show(f"{count} services from nothing", in_turn(3, {"ours": mine, "docker stack deploy": theirs}))


def show(title: str, found: dict[str, list[float]]) -> dict[str, list[float]]:
    print(title)
    for name, seconds in found.items():
        print(f"  {name:36} {summary(seconds)}", flush=True)
    return found


def main() -> None:
    with rig() as bench:
        print(f"docker client {bench.read('docker', 'version', '--format', '{{.Client.Version}}')}", end="")
        for count in (10, 50, 100, 500):
            nothing_to_do(bench, count)
        for count in (10, 100, 500):
            adding(bench, count)
        for count in (10, 100, 500):
            from_nothing(bench, count)


if __name__ == "__main__":
    main()
