"""A three-level stack behind two proxies, for the command line and for the controllers; and the oracle.

*Converged* means: the canonical dump equals that of a fresh install, all tasks run, the plan is empty, and
one more apply sends no write, neither from the command line nor from any controller.
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from subprocess import Popen
from typing import Any

import yaml

from tests.faults.proxy import FaultProxy, proxied
from tests.swarm import Outcome, Swarm, eventually
from tests.system.small import left

TAKES_OVER = 20.0  # seconds within which the next run has to be at work
LONGEST = 30.0  # seconds for a whole apply of this tree, on a machine that has much else to do
STATED = re.compile(r"\b[0-9]{1,3}(\.[0-9]{1,3}){3}\b")
HASHED = re.compile(r"-[0-9a-f]{12}\b")
REVISION = re.compile(r"(.+)\.r(\d+)")
NUMBERS = "com.docker.network.driver.overlay.vxlanid_list"  # given by the engine, others each time


@dataclass
class Rig:
    """One tree of three levels, its files, and the two doors to its engine."""

    swarm: Swarm
    name: str
    folder: Path
    cli: FaultProxy
    controllers: FaultProxy
    fresh: Any = None
    slowest: float = 0.0
    since: float = 0.0
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.yml"

    def write(self, replicas: int = 0) -> None:
        """Three definitions, a service in each that carries the note; children below children."""
        for name, below in ((self.name, "mid"), ("mid", "low"), ("low", "")):
            service = {
                "image": "ailtire-demo/echo",
                "environment": {"NOTE": "{{ note }}"},
                "deploy": {"replicas": replicas, "update_config": {"monitor": "500ms"}},
            }
            child = {"type": "stack", "definition": f"{below}.yml", "parameters": {"note": "{{ note }}"}}
            services = {"web": service, **({below: child} if below else {})}
            note = {"note": {"type": "string", "default": "none"}}
            whole = {"name": name, "parameters": note, "services": services}
            (self.folder / f"{name}.yml").write_text(yaml.safe_dump(whole))

    def apply(self, note: str, code: int | None = None) -> Outcome:
        """Run apply to its end."""
        return self.swarm.cli("apply", self.file, "-e", f"note={note}", code=code, **self.environment)

    def start(self, note: str) -> Popen[str]:
        """Start apply and leave it running."""
        return self.swarm.start_cli("apply", self.file, "-e", f"note={note}", **self.environment)

    def shutdown(self) -> Outcome:
        """Take the tree down; nothing is left."""
        outcome = self.swarm.cli("shutdown", self.name, "--yes", code=0, **self.environment)
        assert left(self.swarm, self.name) == []
        return outcome

    def wipe(self) -> None:
        """Take the tree away by hand, without any code of ours; a shutdown lets drain, and takes longer."""
        eventually(self._wiped, 60, "nothing is left")

    def _wiped(self) -> bool:
        """One round of it; a controller that was quicker than we are makes another one necessary."""
        docker, prefix = self.swarm.docker, f"{self.name}_"
        services = [each for each in self.swarm.objects("service") if each.startswith(prefix)]
        services.sort(key=lambda each: not each.endswith("_admin"))
        if services:
            docker("service", "rm", *services, check=False)
        while self.swarm.containers(prefix):
            docker("rm", "--force", *self.swarm.containers(prefix).values(), check=False)
            time.sleep(0.5)
        time.sleep(1.5)  # the swarm has to hear of it before it has the addresses back
        for kind in ("network", "config", "secret"):
            found = [each for each in self.swarm.objects(kind) if each.startswith((prefix, f"{self.name}."))]
            if found:
                docker(kind, "rm", *found, check=False)
        return not left(self.swarm, self.name)

    def count(self) -> int:
        """Writes since both proxies began to count."""
        return self.cli.writes + self.controllers.writes

    def check(self, note: str) -> None:
        """A plain apply, and then the four conditions. Keeps how long the apply took at most."""
        begun = time.monotonic()
        self.apply(note, code=0)
        self.slowest = max(self.slowest, time.monotonic() - begun)
        assert time.monotonic() - begun < TAKES_OVER + LONGEST
        found = canonical(self.swarm, self.name, note)
        if self.fresh is not None:
            assert found == self.fresh, difference(self.fresh, found)
        eventually(lambda: not idle(self.swarm, self.name), 30, "all tasks run again")
        self.cli.begin()
        self.controllers.begin()
        plan = ["plan", self.file, "-e", f"note={note}"]
        self.swarm.cli(*plan, code=0, **self.environment)
        self.apply(note, code=0)
        assert self.count() == 0, [
            str(each) for each in (*self.cli.calls, *self.controllers.calls) if each.writes
        ]


@contextmanager
def rigged(swarm: Swarm, name: str, replicas: int = 0) -> Iterator[Rig]:
    """A rig with its files, on which nothing is deployed yet; the tree is gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as place,
        proxied(swarm.socket, Path(place), "cli.sock") as cli,
        proxied(swarm.socket, Path(place), "own.sock") as controllers,
    ):
        rig = Rig(swarm, name, Path(place), cli, controllers)
        rig.environment = {"DOCKER_HOST": cli.host, "AILTIRE_SOCKET": controllers.socket}
        rig.write(replicas)
        try:
            yield rig
        finally:
            cli.begin()
            controllers.begin()
            rig.wipe()


def canonical(swarm: Swarm, name: str, note: str) -> dict[str, Any]:
    """Services, networks, secrets, and the configs they live by, without ids, times, addresses and hashes.

    Of revisions only the newest of each stack counts, with its outcome. What an older wish used and is kept
    for a while is no part of it.
    """
    objects = {kind: swarm.objects(kind) for kind in ("service", "network", "config", "secret")}
    begins = (f"{name}_", f"{name}.")
    ids = {found.get("Id") or found["ID"]: each for each, found in objects["network"].items()}
    used = json.dumps([each["Spec"] for each in objects["service"].values()])
    newest: dict[str, int] = {}
    for each in objects["config"]:
        if stem := REVISION.fullmatch(each):
            newest[stem[1]] = max(newest.get(stem[1], 0), int(stem[2]))
    found: dict[str, Any] = {}
    for kind, named in objects.items():
        for each, thing in named.items():
            stem = REVISION.fullmatch(each)
            stays = newest[stem[1]] == int(stem[2]) if stem else kind != "config" or f'"{each}"' in used
            if each.startswith(begins) and stays:
                found[f"{kind} {plain(each, note, ids)}"] = json.loads(plain(shown(kind, thing), note, ids))
    return found


def shown(kind: str, thing: dict[str, Any]) -> str:
    """What counts of an object, as text."""
    if kind == "network":
        kept = {
            key: thing[key] for key in ("Driver", "Scope", "Internal", "Attachable", "Ingress", "Options")
        }
        kept["Options"] = {key: each for key, each in (thing["Options"] or {}).items() if key != NUMBERS}
        return json.dumps({**kept, "Labels": bare(thing["Labels"])}, sort_keys=True)
    spec = dict(thing["Spec"])
    data = base64.b64decode(spec.pop("Data", ""))
    if data.startswith(b"x"):
        data = zlib.decompress(data)
    labels = bare(spec.pop("Labels", {}))
    lines = STATED.sub("ADDRESS", data.decode(errors="replace")).split("\n")
    return json.dumps({**spec, "Labels": labels, "Data": sorted(lines)})


def bare(labels: dict[str, str]) -> dict[str, str]:
    """Labels without what depends on history: hashes, reports, authors, where a wish came from."""
    kept = ("ailtire.owner", "ailtire.path", "ailtire.root", "ailtire.service", "ailtire.outcome")
    return {key: value for key, value in sorted(labels.items()) if key in kept}


def plain(text: str, note: str, ids: dict[str, str]) -> str:
    """Text with names for ids, and nothing of one installation."""
    for id, name in ids.items():
        text = text.replace(id, name)
    text = re.sub(r'"(Config|Secret)ID": "[^"]+"', r'"\1ID": ""', text)
    text = re.sub(r"\.r\d+\b", ".r", HASHED.sub("-", STATED.sub("ADDRESS", text)))
    return text.replace(note, "NOTE")


def difference(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    """What is missing, what is too much, what differs."""
    lines = [f"missing {each}" for each in wanted if each not in found]
    lines += [f"too much: {each}" for each in found if each not in wanted]
    for each in (each for each in wanted if each in found and wanted[each] != found[each]):
        pair = [json.dumps(side[each], indent=1).split("\n") for side in (wanted, found)]
        lines += [f"{each}: {line}" for line in unified_diff(*pair, lineterm="", n=0)]
    return "\n".join(lines)


def idle(swarm: Swarm, name: str) -> list[str]:
    """Services of the tree that have less or more running tasks than they want."""
    lines = swarm.docker("service", "ls", "--format", "{{.Name}} {{.Replicas}}").splitlines()
    counts = (line.split()[:2] for line in lines if line.startswith(f"{name}_"))
    return [f"{each} {count}" for each, count in counts if len(set(count.split("/"))) > 1]


def steady(rig: Rig) -> None:
    """Wait until no controller writes any more: the calls of one round are not those of the next."""

    def quiet() -> bool:
        before = rig.controllers.writes
        time.sleep(1.0)
        return rig.controllers.writes == before

    eventually(quiet, 30, "the controllers have nothing to write")
