"""Ways to look at a tree: from inside its containers, at what is said about it, at the order of its end."""

from __future__ import annotations

import base64
import json
import subprocess
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Any

import requests

from ailtire_deploy.rest import ENDPOINTS, view
from tests.swarm import Swarm
from tests.system.trees import Deployed, Tree

PROBE = (Path(__file__).parent / "probe.py").read_text()


def probe(swarm: Swarm, service: str, **questions: Any) -> dict[str, Any]:
    """Look from inside a service: which names resolve, which addresses accept, what URLs answer."""
    done = swarm.inside(service).run(
        "RES_OPTIONS='timeout:1 attempts:1' python3 -c %s %s", PROBE, json.dumps(questions)
    )
    assert done.rc == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def walk(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A status and all below it."""
    yield status
    for each in status.get("services", ()):
        yield from walk(each)


def addresses(tasks: dict[str, Any], services: set[str], network: str) -> list[str]:
    """Where the tasks of some services answer, on one network or (no name) on all."""
    return [
        address.split("/")[0]
        for name in services
        for task in tasks[name]
        for attached in task["NetworksAttachments"]
        if network in ("", attached["Network"]["Spec"]["Name"])
        for address in attached["Addresses"]
    ]


def has_scaled(deployed: Deployed, replicas: int) -> bool:
    status = deployed.status()
    named = {each["name"].replace("/", "_"): each for each in walk(status) if each["type"] == "Service"}
    found = named[deployed.tree.scaled]
    return status["status"] == "running" and (found["running"], found["desired"]) == (replicas, replicas)


def secrets_of(swarm: Swarm, service: str) -> list[bytes]:
    """The secrets of a service as a program inside sees them."""
    names = swarm.objects("service")[service]["Spec"]["TaskTemplate"]["ContainerSpec"].get("Secrets") or []
    files = [f"/run/secrets/{each['File']['Name'].rpartition('/')[2]}" for each in names]
    return [swarm.inside(service).file(file).content.strip() for file in files]


def forms(value: bytes) -> set[str]:
    """A secret value as it could be shown: as text, in hex, in base64."""
    safe = base64.urlsafe_b64encode(value).decode().rstrip("=")
    shown = {value.hex(), base64.b64encode(value).decode().rstrip("="), safe}
    with suppress(UnicodeDecodeError):
        shown.add(value.decode())
    return shown


def everything_said(deployed: Deployed) -> dict[str, str]:
    """All that the engine, the command line, REST and the page show of a tree."""
    swarm, tree = deployed.swarm, deployed.tree
    said = {kind: json.dumps(swarm.objects(kind)) for kind in ("service", "config", "secret", "network")}
    said |= {f"content of {name}": content(found) for name, found in swarm.objects("config").items()}
    said |= {f"log of {name}": swarm.logs(name) for name in swarm.objects("service") if tree.prefix in name}
    said["containers"] = swarm.docker("inspect", *swarm.containers(tree.prefix).values())
    for verb in (["plan", tree.playbook, "-v"], ["apply", tree.playbook, "-v"], ["bundle", tree.playbook],
                 ["plan", tree.playbook, "--diff", "--output", "json"], ["vars", tree.playbook],
                 ["status", tree.root], ["status", tree.root, "--output", "json"], ["logs", tree.root],
                 ["history", tree.root, "--output", "json"], ["doctor"]):  # fmt: skip
        said[" ".join(verb)] = str(swarm.cli(*verb))
    for mount in {"", tree.mount}:
        said |= {f"{mount}/_admin/{call}": text for call, text in answers(deployed, mount)}
    return said


def answers(deployed: Deployed, mount: str) -> Iterator[tuple[str, str]]:
    """What every call that only reads answers to an admin, headers and all."""
    token = deployed.token()
    names = {each.name for each in ENDPOINTS if each.method == "GET" and (each.below or not mount)}
    for name in sorted(names):
        for file in sorted(view.FILES) if "<file>" in name else [""]:
            call = name.replace("<n>/diff", "1/diff").replace("<n>", "1").replace("<file>", file)
            call += "?tail=1000" if call == "log" else ""
            if call == "events":
                yield call, first_event(deployed, mount, token)
            else:
                found = deployed.http("GET", f"{mount}/_admin/{call}", token=token)
                yield call, f"{found.status_code} {found.headers} {found.text}"


def first_event(deployed: Deployed, mount: str, token: str) -> str:
    """The whole state, with which a stream of events begins."""
    url = f"http://{deployed.swarm.address}:{deployed.tree.port}{mount}/_admin/events"
    said = {"Authorization": f"Bearer {token}"}
    with requests.Session() as session:
        session.trust_env = False
        with session.get(url, headers=said, stream=True, timeout=30) as found:
            lines = found.iter_lines(decode_unicode=True)
            return "".join(takewhile(bool, dropwhile(lambda line: not line, lines)))


def content(config: Mapping[str, Any]) -> str:
    """What a config holds, unpacked if it is packed."""
    data = base64.b64decode(config["Spec"].get("Data", ""))
    with suppress(zlib.error):
        data = zlib.decompress(data)
    return data.decode(errors="replace")


@contextmanager
def removals(swarm: Swarm) -> Iterator[list[str]]:
    """The names of services in the order of their removal while the block ran; filled in at its end."""
    command = ["docker", "events", "--filter", "type=service", "--filter", "event=remove"]
    form = ["--format", "{{.Actor.Attributes.name}}"]
    seen: list[str] = []
    with subprocess.Popen(
        [*command, *form], env=swarm.environment, stdout=subprocess.PIPE, text=True
    ) as listening:
        try:
            yield seen
            time.sleep(0.5)
        finally:
            listening.terminate()
            seen.extend(listening.communicate()[0].split())


def check_order(tree: Tree, seen: list[str]) -> None:
    """What a stack owns goes before the gateway and the plain services of every stack above it."""
    assert set(seen) >= set(tree.plain), "the engine told of every removal"
    for path, keys in tree.stacks.items():
        parent = path.rpartition("/")[0]
        own = [tree.engine_name(path, key) for key in (*keys, "gateway")]
        if parent:
            above = [tree.engine_name(parent, key) for key in (*tree.stacks[parent], "gateway", "admin")]
            assert max(map(seen.index, own)) < min(map(seen.index, above)), seen
        assert max(map(seen.index, own)) < seen.index(tree.engine_name(path, "admin")), seen
    assert seen.index(f"{tree.root}_gateway") < seen.index(f"{tree.root}_edge"), seen
