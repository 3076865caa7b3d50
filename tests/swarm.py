"""A real swarm for tests, and three ways to look at it: the docker client, HTTP, and from inside a container.

The engine is started by ``setup/test-engine`` in a network namespace of its own, and every trace of it is
removed at the end; what a killed test run left behind is removed by the next start. An engine that is already
there is used only when AILTIRE_TEST_ENGINE names it (``unix:///…``); AILTIRE_TEST_ADDRESS is then where its
published ports answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from testinfra.backend.base import CommandResult
from testinfra.backend.docker import DockerBackend
from testinfra.host import Host

PROJECT = Path(__file__).parent.parent
COMMAND = Path(sys.executable).parent / "ailtire-deploy"
TRACEBACK = "Traceback (most recent call last)"
KINDS = ("service", "network", "config", "secret")
BUILT_IN = {"ingress", "docker_gwbridge"}


@dataclass(frozen=True)
class Outcome:
    """What a finished command left: exit code and both streams."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one JSON document that stands alone on stdout."""
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass(frozen=True)
class Swarm:
    """One engine and how to reach it; ``home`` stands in for the user's home folder."""

    host: str
    address: str
    home: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def socket(self) -> str:
        """The engine's socket as a path."""
        return self.host.removeprefix("unix://")

    @property
    def environment(self) -> dict[str, str]:
        """What commands see: this engine, an empty home, nothing of the caller's own settings."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AILTIRE_", "DOCKER_", "XDG_"))}
        home = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config")}
        return {**kept, **home, "DOCKER_HOST": self.host, **self.extra}

    def cli(self, *args: str | Path, code: int | None = None, timeout: float = 180, **env: str) -> Outcome:
        """Run ailtire-deploy; with ``code`` insist on that exit code. A traceback always fails."""
        with self.start_cli(*args, **env) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(
                    f"{args} had no verdict after {timeout} s: {process.communicate()}"
                ) from None
        outcome = Outcome(process.returncode, out, err)
        assert TRACEBACK not in out + err, outcome
        assert code is None or code == outcome.code, f"{args}: {outcome}"
        return outcome

    def start_cli(self, *args: str | Path, **env: str) -> subprocess.Popen[str]:
        """Start ailtire-deploy and leave it running."""
        return subprocess.Popen(
            [COMMAND, *args],
            env={**self.environment, **env},
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def docker(self, *args: str | Path, check: bool = True, stdin: str | None = None) -> str:
        """What the docker client prints, run against this engine."""
        done = subprocess.run(
            ["docker", *args], env=self.environment, input=stdin, capture_output=True, text=True, timeout=120
        )
        assert not check or done.returncode == 0, f"docker {args}: {done.stderr}"
        return done.stdout

    def http(
        self, method: str, path: str, *, port: int = 8080, token: str = "", **rest: Any
    ) -> requests.Response:
        """One request to a published port; redirects are not followed."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= rest.pop("headers", {})
        rest = {"timeout": 30, "allow_redirects": False, **rest}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, f"http://{self.address}:{port}{path}", headers=headers, **rest)

    def objects(self, kind: str) -> dict[str, dict[str, Any]]:
        """All services, networks, configs or secrets of the swarm by name, as the engine shows them."""
        scope = ["--filter", "scope=swarm"] if kind == "network" else []
        ids = self.docker(kind, "ls", "-q", *scope).split()
        found = json.loads(self.docker(kind, "inspect", *ids, check=False)) if ids else []
        named = {each.get("Name") or each["Spec"]["Name"]: each for each in found}
        return {name: named[name] for name in sorted(named) if name not in BUILT_IN}

    def dump(self) -> dict[str, tuple[str, int]]:
        """Identity and version of everything on the swarm: equal dumps mean that nothing was written."""
        return {
            f"{kind} {name}": (found.get("ID") or found["Id"], found.get("Version", {}).get("Index", 0))
            for kind in KINDS
            for name, found in self.objects(kind).items()
        }

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """The running tasks of a service, as the engine shows them."""
        ids = self.docker(
            "service", "ps", "-q", "--filter", "desired-state=running", service, check=False
        ).split()
        found = json.loads(self.docker("inspect", *ids, check=False)) if ids else []
        return [task for task in found if task["Status"]["State"] == "running"]

    def containers(self, prefix: str) -> dict[str, str]:
        """Name → id of every container, running or not, of services whose name starts so."""
        lines = self.docker("ps", "-a", "--no-trunc", "--format", "{{.Names}} {{.ID}}").splitlines()
        pairs = (line.split() for line in lines)
        return {name: id for name, id in pairs if name.startswith(prefix)}

    def inside(self, service: str) -> Host:
        """A testinfra host that looks from inside the first running task of a service."""
        task = self.tasks(service)[0]
        return Host(_Inside(task["Status"]["ContainerStatus"]["ContainerID"], self.host))

    def logs(self, service: str) -> str:
        """All that a service has written, on both streams."""
        done = subprocess.run(
            ["docker", "service", "logs", "--raw", service],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout + done.stderr


class _Inside(DockerBackend):
    """testinfra's docker connection, held to one engine instead of that of the environment."""

    def __init__(self, container: str, engine: str) -> None:
        super().__init__(container)
        self._engine = engine

    def run_local(self, command: str, *args: str) -> CommandResult:
        return super().run_local(f"DOCKER_HOST=%s {command}", self._engine, *args)


def eventually(question: Callable[[], Any], seconds: float, what: str = "", pause: float = 0.5) -> Any:
    """The first answer that counts as true; an AssertionError if there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or question}"
        time.sleep(pause)
    return answer


@contextmanager
def running_swarm(home: Path, name: str = f"pytest-{os.getpid()}") -> Iterator[Swarm]:
    """A swarm with our images, for as long as the block runs."""
    given = os.environ.get("AILTIRE_TEST_ENGINE")
    if given:
        swarm = Swarm(given, os.environ.get("AILTIRE_TEST_ADDRESS", "127.0.0.1"), home)
        load_images(swarm)
        yield swarm
        return
    try:
        started = run_script("test-engine", "start", name, str(os.getpid()))
        facts = dict(line.split("=", 1) for line in started.splitlines())
        swarm = Swarm(facts["DOCKER_HOST"], facts["AILTIRE_TEST_ADDRESS"], home)
        load_images(swarm)
        yield swarm
    finally:
        run_script("test-engine", "stop", name)


@contextmanager
def own_swarm(home: Path, name: str) -> Iterator[Swarm]:
    """A swarm for one test alone, whatever the session's is: one that may be killed and restarted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AILTIRE_TEST_ENGINE", raising=False)
        with running_swarm(home, f"{name}-{os.getpid()}") as swarm:
            yield swarm


def restart(swarm: Swarm) -> None:
    """Kill an engine of ``own_swarm`` with all its containers, and start it again on what it left."""
    run_script("test-engine", "restart", Path(swarm.socket).parent.name.removeprefix("ailtire-test-"))


def load_images(swarm: Swarm) -> None:
    """Bring our image and those of the examples to the swarm."""
    run_script("images", DOCKER_HOST=swarm.host)


def run_script(script: str, *args: str, **env: str) -> str:
    """Run one of the set-up scripts; its progress goes where pytest's own output goes."""
    done = subprocess.run(
        [PROJECT / "setup" / script, *args],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"setup/{script} {' '.join(args)} failed"
    return done.stdout
