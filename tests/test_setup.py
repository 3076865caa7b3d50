"""The set-up scripts: they leave nothing behind, do nothing twice, and say what is missing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.swarm import PROJECT, Outcome, Swarm


def setup(script: str, *args: str, **env: str) -> Outcome:
    done = subprocess.run(
        [PROJECT / "setup" / script, *args], env={**os.environ, **env}, capture_output=True, text=True
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def traces(name: str) -> list[str]:
    """What the machine still has of a test engine: namespace, folders, processes, mounts, control groups."""
    folders = [Path(f"/run/netns/{name}"), Path(f"/run/{name}"), Path(f"/var/lib/{name}")]
    mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if f"/{name}/" in line]
    running = subprocess.run(["pgrep", "-af", f"/run/{name}/"], capture_output=True, text=True).stdout
    groups = Path("/sys/fs/cgroup").rglob(name)
    return [str(path) for path in [*folders, *groups] if path.exists()] + mounts + running.splitlines()


@pytest.fixture
def a_user(tmp_path: Path) -> dict[str, str]:
    """An environment in which one is not root and no engine answers."""
    who = tmp_path / "id"
    who.write_text("#!/bin/sh\necho 1000\n")
    who.chmod(0o755)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}


@pytest.mark.engine
def test_an_engine_whose_owner_is_gone_leaves_no_trace() -> None:
    owner = subprocess.Popen(["true"])
    owner.wait()
    name = f"orphan-{os.getpid()}"
    try:
        assert setup("test-engine", "start", name, str(owner.pid)).code == 0
        assert traces(f"ailtire-test-{name}")
        swept = setup("test-engine", "sweep")
        assert f"removing ailtire-test-{name}" in swept.err
        assert traces(f"ailtire-test-{name}") == []
    finally:
        setup("test-engine", "stop", name)


def test_images_that_are_there_are_not_built_again(swarm: Swarm) -> None:
    assert setup("images", DOCKER_HOST=swarm.host) == Outcome(0, "", "")


def test_an_engine_that_answers_is_used_as_it_is(swarm: Swarm) -> None:
    before = swarm.docker("info", "--format", "{{.Swarm.Cluster.ID}} {{.Swarm.Cluster.Version.Index}}")
    used = setup("engine", DOCKER_HOST=swarm.host)
    assert used.code == 0
    assert "using the engine that is there" in used.err
    assert before == swarm.docker(
        "info", "--format", "{{.Swarm.Cluster.ID}} {{.Swarm.Cluster.Version.Index}}"
    )


def test_who_is_not_root_is_told_what_is_missing(a_user: dict[str, str]) -> None:
    assert setup("test-engine", "start", "nobody", **a_user).code == 1
    assert "no engine answers at DOCKER_HOST" in setup("engine", **a_user).err
    del a_user["DOCKER_HOST"]
    assert "needs root" in setup("test-engine", "start", "nobody", **a_user).err


@pytest.mark.parametrize("name", ["", "Upper", "../x", "a" * 21, "-x"])
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    assert "not a name" in setup("test-engine", "stop", name).err
