"""Images from a registry with a password, on a real engine: found out once, fetched for a child's service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.proof import Proof
from tests.swarm import Swarm, own_swarm, run_script

pytestmark = pytest.mark.engine
HOST = "127.0.0.1:5000"
IMAGE = f"{HOST}/book:1"
PASSWORD = "not-a-secret"


@dataclass
class Shelf:
    """A swarm, the registry in its network, and a stack whose child has its image there."""

    swarm: Swarm
    folder: Path

    @property
    def name(self) -> str:
        return Path(self.swarm.socket).parent.name.removeprefix("ailtire-test-")

    @property
    def file(self) -> Path:
        return self.define("shelf")

    def define(self, name: str) -> Path:
        """A stack whose child has its image in the registry."""
        back = {"name": "back", "services": {"book": {"image": IMAGE}}}
        services = {"web": {"image": "ailtire-demo/echo"}, "back": {"type": "stack", "definition": back}}
        file = self.folder / f"{name}.yml"
        file.write_text(yaml.safe_dump({"name": name, "services": services}))
        return file

    def start(self) -> None:
        run_script("registry", "start", self.name, str(self.folder))

    def stop(self) -> None:
        run_script("registry", "stop", str(self.folder))

    def log_in(self) -> None:
        self.swarm.docker("login", "-u", "tester", "--password-stdin", HOST, stdin=PASSWORD)

    def log_out(self) -> None:
        self.swarm.docker("logout", HOST)

    def push(self, label: str) -> str:
        """Move the tag to an image of its own, which this node forgets. Returns the digest."""
        text = f"FROM ailtire-demo/echo:latest\nLABEL is={label}\n"
        self.swarm.docker("build", "--quiet", "--tag", IMAGE, "-", stdin=text)
        self.swarm.docker("push", "--quiet", IMAGE)
        (known,) = json.loads(
            self.swarm.docker("image", "inspect", "--format", "{{json .RepoDigests}}", IMAGE)
        )
        self.swarm.docker("image", "rm", "--force", IMAGE)
        return str(known).partition("@")[2]

    @property
    def image(self) -> str:
        spec = self.swarm.objects("service")["shelf_back_book"]["Spec"]
        return str(spec["TaskTemplate"]["ContainerSpec"]["Image"])

    def planned(self, *options: str) -> list[str]:
        said = self.swarm.cli("plan", self.file, *options, "--output", "json").json()
        return [f"{op['verb']} {op['name']}" for each in said["stacks"].values() for op in each]

    def unchanged_by_an_apply(self) -> bool:
        before, asked = self.swarm.dump(), self.requests()
        said = self.swarm.cli("apply", self.file, "--output", "json", code=0).json()
        counts = [each["changed"] for each in said["stacks"].values()]
        return (self.swarm.dump(), self.requests()) == (before, asked) and not any(counts)

    def requests(self) -> int:
        """How often the registry was asked for anything."""
        return (self.folder / "log").read_text().count(" HTTP/1.1")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """An engine of its own: a registry takes a port in its network. Nothing is taken down at the end."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("registry")
    with own_swarm(home, "registry") as swarm:
        made = Shelf(swarm, folder)
        made.start()
        try:
            yield made
        finally:
            made.stop()


def test_a_registry_with_a_password_serves_a_child_and_is_asked_once(
    shelf: Shelf, prove_report: Proof
) -> None:
    """One life of a stack: the steps build on one another, since each of them costs a deployment."""
    swarm = shelf.swarm
    shelf.log_in()
    first = shelf.push("first")
    shelf.log_out()

    said = f"note: {IMAGE}: {HOST} wants a login: `docker login {HOST}`, then apply again"
    assert said in swarm.cli("plan", shelf.file, code=2).err.splitlines()

    shelf.log_in()
    swarm.cli("apply", shelf.file, code=0)
    assert shelf.image == f"{IMAGE}@{first}"
    assert shelf.unchanged_by_an_apply()

    second = shelf.push("second")
    assert first != second
    assert shelf.unchanged_by_an_apply(), "a tag that moved is no news"
    asked = shelf.requests()
    assert "update shelf_back_book" in shelf.planned("--resolve")
    assert shelf.requests() > asked
    swarm.cli("apply", shelf.file, "--resolve", code=0)
    assert shelf.image == f"{IMAGE}@{second}"

    shelf.stop()
    assert shelf.unchanged_by_an_apply(), "with the registry off"
    assert shelf.planned("--resolve") == [], "no answer is no news"
    swarm.cli("rollback", "shelf", "--yes", code=0)
    assert shelf.image == f"{IMAGE}@{first}"
    assert first in swarm.cli("history", "shelf", code=0).out
    prove_report(1, 3, 3, "second apply with digests: tag as it was, tag moved, registry off")


def test_the_password_stands_in_one_secret_and_nowhere_else(shelf: Shelf) -> None:
    swarm = shelf.swarm
    objects = {kind: swarm.objects(kind) for kind in ("service", "config", "secret", "network")}
    logins = [name for name in objects["secret"] if name.startswith("shelf.registry.127.0.0.1-5000-")]
    assert len(logins) == 1
    mounting = [name for name, each in objects["service"].items() if logins[0] in json.dumps(each)]
    assert mounting == ["shelf_admin", "shelf_back_admin"]
    said = json.dumps(objects) + swarm.logs("shelf_admin") + swarm.logs("shelf_back_admin")
    said += str(swarm.cli("plan", shelf.file, "--diff", "-v")) + str(swarm.cli("history", "shelf"))
    assert PASSWORD not in said
    assert "dGVzdGVyOm5vdC1hLXNlY3JldA" not in said, "nor as docker keeps it"


@pytest.mark.prove
def test_who_logs_in_after_a_failure_applies_again_and_that_is_all(shelf: Shelf) -> None:
    swarm, file = shelf.swarm, shelf.define("stool")
    shelf.stop()
    shelf.start()
    shelf.log_in()
    digest = shelf.push("third")
    shelf.log_out()
    refused = swarm.cli("apply", file, code=4)
    assert "wants a login" in refused.err
    assert "stool/back/book: task 1" in refused.out
    assert "log in there" in refused.out
    shelf.log_in()
    swarm.cli("apply", file, code=0)
    spec = swarm.objects("service")["stool_back_book"]["Spec"]
    assert spec["TaskTemplate"]["ContainerSpec"]["Image"] == f"{IMAGE}@{digest}"
