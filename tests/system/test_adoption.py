"""A stack that ``docker stack deploy`` made becomes ours: services keep their names, volumes their data."""

from __future__ import annotations

from pathlib import Path

from tests.swarm import Swarm, eventually
from tests.system.small import write

IMAGE = "ailtire-demo/echo"
KEEP = ["sh", "-c", "test -e /data/once || echo first > /data/once; exec sleep 1000"]
COMPOSE = """\
version: "3.9"
services:
  keeper:
    image: {image}
    user: "0"
    stop_grace_period: 1s
    command: ["sh", "-c", "test -e /data/once || echo first > /data/once; exec sleep 1000"]
    volumes: ["data:/data"]
    configs: [{{source: hello, target: /hello}}]
    secrets: [word]
    ports: ["8095:8080"]
volumes: {{data: {{}}}}
configs: {{hello: {{file: ./hello.txt}}}}
secrets: {{word: {{file: ./word.txt}}}}
"""


def once(swarm: Swarm) -> str:
    """What the first container of the keeper wrote, as its container of now sees it."""
    ids = swarm.docker(
        "ps", "-q", "--filter", "label=com.docker.swarm.service.name=moved_keeper", check=False
    ).split()
    return swarm.docker("exec", ids[0], "cat", "/data/once", check=False) if ids else ""


def test_what_docker_stack_made_is_taken_over_with_its_names_and_data(swarm: Swarm, tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text(COMPOSE.format(image=IMAGE))
    (tmp_path / "hello.txt").write_text("hello")
    (tmp_path / "word.txt").write_text("secret")
    keeper = {
        "image": IMAGE,
        "user": "0",
        "command": KEEP,
        "volumes": [{"source": "data", "target": "/data"}],
        "configs": [{"source": "hello", "target": "/hello"}],
        "secrets": ["word"],
        "interface": {"/": {"port": 8080}},
        "stop_grace_period": "1s",
    }
    shared = {
        "volumes": {"data": {}},
        "configs": {"hello": {"file": "./hello.txt"}},
        "secrets": {"word": {"from": {"file": "./word.txt"}}},
    }
    file = write(tmp_path, "moved", {"keeper": keeper}, **shared)
    deploy = ("stack", "deploy", "--resolve-image", "never", "-c", tmp_path / "compose.yml", "moved")
    swarm.docker(*deploy)
    stranger = ("--detach", "--no-resolve-image", "--name", "stranger", "--replicas=0", IMAGE)
    swarm.docker("service", "create", *stranger)
    try:
        eventually(lambda: once(swarm) == "first\n", 20, "the old stack runs")
        before = swarm.objects("service")
        assert "is not ours" in (said := swarm.cli("apply", file, "--check")).out + said.err
        shown = swarm.cli("adopt", file, "--check", code=2)
        assert "take over service moved_keeper" in shown.out
        assert "leave behind network moved_default" in shown.out
        assert swarm.objects("service") == before, "--check writes nothing"
        container = swarm.tasks("moved_keeper")[0]["ID"]
        swarm.cli("adopt", file, "--yes", code=0)
        assert swarm.tasks("moved_keeper")[0]["ID"] == container, "no task restarts for a label"
        assert "nothing to take over" in swarm.cli("adopt", file, "--check", code=0).out
        swarm.cli("apply", file, "--yes", code=0)
        after = swarm.objects("service")
        assert after["moved_keeper"]["ID"] == before["moved_keeper"]["ID"], "updated in place"
        assert once(swarm) == "first\n", "the data is still there"
        assert after["stranger"] == before["stranger"]
        dump = swarm.dump()
        assert "changed=0" in swarm.cli("apply", file, "--yes", code=0).out
        assert swarm.dump() == dump
    finally:
        swarm.cli("shutdown", "moved", "--yes")
        swarm.docker("service", "rm", "stranger", check=False)
        for kind, name in (("network", "default"), ("config", "hello"), ("secret", "word")):
            swarm.docker(kind, "rm", f"moved_{name}", check=False)
        swarm.docker("volume", "rm", "moved_data", check=False)
