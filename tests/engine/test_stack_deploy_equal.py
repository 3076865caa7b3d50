"""What ``docker stack deploy`` makes of a rendered compose file is what we make of it, field by field.

Left out of the comparison: names, the labels that each tool adds by itself, and the service's own key, which
the docker client adds as an alias on each network. Nothing has to run for this, so no image is one that
exists: the specs are what is compared.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from ailtire_deploy import diff, specs
from ailtire_deploy.documents import read_yaml
from ailtire_deploy.engine import SwarmEngine
from ailtire_deploy.model import Site, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import Artifacts
from ailtire_deploy.state import LIVE
from tests import corpus
from tests.proof import Proof
from tests.stacks import CASES, filled, launching, rendered
from tests.swarm import Swarm, eventually

CLIENTS = sorted({path for path in map(shutil.which, ("docker", "/usr/bin/docker")) if path})
SITE = Site("ailtire-test/absent:1")
KNOWN = [each.image for each in filled(CASES[0]).services]
STACKS = {case.name: filled(case) for case in CASES}
STACKS = {name: replace(each, path=StackPath((*each.path.parts[:-1], name))) for name, each in STACKS.items()}
STACKS |= {"command-line": launching("spec-root")}  # each has names of its own
STACKS |= corpus.stacks()
RECORDED = dict.fromkeys(KNOWN, f"sha256:{'1' * 64}")
STACKS |= {"digests": replace(filled(CASES[0]), path=StackPath(("recorded",)), digests=RECORDED)}

Spec = dict[str, Any]


class Ground:
    """One swarm, and all that these tests put on it."""

    def __init__(self, swarm: Swarm) -> None:
        self._swarm = swarm
        self._api = docker.APIClient(base_url=swarm.host, version="1.41")
        self._engine = SwarmEngine(swarm.host)
        self._made: list[tuple[str, str]] = []
        self._services: list[str] = []
        self._stacks: list[str] = []

    def prepare(self, artifacts: Artifacts) -> None:
        """The networks and secrets that the compose file expects somebody else to have made."""
        document = read_yaml(artifacts.compose, "compose.yml").data
        for given in document["networks"].values():
            if given.get("external"):
                self._swarm.docker("network", "create", "-d", "overlay", "--internal", given["name"])
                self._made.append(("network", given["name"]))
        for given in document.get("secrets", {}).values():
            self._swarm.docker("secret", "create", given["name"], "-", stdin="x")
            self._made.append(("secret", given["name"]))

    def ours(self, stack: Stack, artifacts: Artifacts) -> dict[str, Spec]:
        """What we make of the file, as the engine keeps it, by the service's key."""
        made = specs.resources(stack, artifacts, {child.key: "any" for child in stack.children})
        for resource in made:
            self._engine.create(resource)
            if resource.kind == "service":
                self._services.append(resource.name)
        found = self._engine.observe(stack.path.root).resources
        drift = {str(each.key): diff.changes(each, found[each.key]) for each in made}
        assert not {key: changes for key, changes in drift.items() if changes}, "again is nothing to do"
        self._made += [each.key for each in made if each.kind != "service"]
        services = [each.name for each in made if each.kind == "service"]
        return self._taken(services, f"{stack.path.engine}_" if stack.path else "")

    def theirs(self, stack: Stack, client: str, folder: Path) -> dict[str, Spec]:
        """What a docker client makes of the file, by the service's key."""
        self._stacks.append(f"spec-equal-{len(self._stacks)}")
        name = self._stacks[-1]
        self._run(client, "stack", "deploy", "--resolve-image", "never", "-c", folder / "compose.yml", name)
        services = self._run(client, "stack", "services", "--format", "{{.Name}}", name).split()
        found = self._taken(services, f"{name}_", f"{stack.path.engine}_")
        return {key: without_own_alias(key, spec) for key, spec in found.items()}

    def close(self) -> None:
        """Remove all; networks last, when no task of a removed service is left that may stand on them."""
        for name in self._services:  # after a failure: tasks without an image are tried for ever
            self._refused("service", "rm", name)
        eventually(lambda: not self._orphans(), 60, "the tasks of removed services are gone")
        for name in self._stacks:
            eventually(lambda name=name: not self._refused("stack", "rm", name), 60, f"{name} is gone")
        for kind, name in self._made:
            eventually(
                lambda kind=kind, name=name: not self._refused(kind, "rm", name), 60, f"{name} is gone"
            )
        self._engine.close()
        self._api.close()

    def _orphans(self) -> list[str]:
        services = {each["ID"] for each in self._api.services()}
        tasks = [each for each in self._api.tasks() if each["ServiceID"] not in services]
        return [each["ID"] for each in tasks if each["Status"]["State"] in LIVE]

    def _refused(self, *args: str) -> str:
        done = subprocess.run(
            ["docker", *args], env=self._swarm.environment, capture_output=True, text=True, timeout=60
        )
        return done.stderr if done.returncode else ""

    def _run(self, client: str, *args: str | Path) -> str:
        done = subprocess.run(
            [client, *args], env=self._swarm.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{client} {args}: {done.stderr}"
        return done.stdout

    def _taken(self, services: list[str], *prefixes: str) -> dict[str, Spec]:
        """The specs of services by the name in the compose file; the services go at once."""

        def local(name: str) -> str:
            return next((name.removeprefix(each) for each in prefixes if name.startswith(each)), name)

        networks = {each["Id"]: local(each["Name"]) for each in self._api.networks()}
        found = {local(name): self._api.inspect_service(name)["Spec"] for name in services}
        self._run("docker", "service", "rm", *services)
        return {key: anonymous(spec, local, networks) for key, spec in found.items()}


def anonymous(spec: Spec, local: Callable[[str], str], networks: Mapping[str, str]) -> Spec:
    """A spec without names, labels and ids."""
    template = spec["TaskTemplate"]
    container = template["ContainerSpec"]
    for each in template["Networks"]:
        each["Target"] = networks[each["Target"]]
    template["Networks"].sort(key=lambda each: each["Target"])
    for mount in container.get("Mounts", ()):
        only_given_labels(mount.get("VolumeOptions", {}))
        if mount["Type"] == "volume" and "Source" in mount:
            mount["Source"] = local(mount["Source"])
    for kind in ("Config", "Secret"):
        for use in container.get(f"{kind}s", ()):
            del use[f"{kind}ID"]
            use[f"{kind}Name"] = local(use[f"{kind}Name"])
    del spec["Name"]
    only_given_labels(spec)
    only_given_labels(container)
    return spec


def only_given_labels(holder: dict[str, Any]) -> None:
    """Leave those that the definition gives."""
    own = ("com.docker.stack.", "ailtire.")
    found = {
        name: said for name, said in (holder.pop("Labels", None) or {}).items() if not name.startswith(own)
    }
    holder |= {"Labels": found} if found else {}


def without_own_alias(key: str, spec: Spec) -> Spec:
    for each in spec["TaskTemplate"]["Networks"]:
        assert each["Aliases"].pop() == key, "the client adds it last"
        if not each["Aliases"]:
            del each["Aliases"]
    return spec


@pytest.fixture(scope="module")
def ground(swarm: Swarm) -> Iterator[Ground]:
    found = Ground(swarm)
    yield found
    found.close()


@pytest.mark.parametrize("name", sorted(STACKS))
def test_the_docker_client_makes_the_same_services_of_a_rendered_file(
    name: str, ground: Ground, tmp_path: Path, prove_report: Proof
) -> None:
    artifacts = rendered(STACKS[name], SITE)
    for file, content in artifacts.files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(content)
    ground.prepare(artifacts)
    ours = ground.ours(STACKS[name], artifacts)
    for client in CLIENTS:
        version = subprocess.run([client, "--version"], capture_output=True, text=True, check=True).stdout
        theirs = ground.theirs(STACKS[name], client, tmp_path)
        equal = sum(theirs.get(key) == spec for key, spec in ours.items())
        prove_report(2, equal, len({*ours, *theirs}), f"services of {name} equal, {version.strip()}")
        assert theirs == ours
