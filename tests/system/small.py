"""Small one-level stacks on the echo image, written into a folder for one test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.swarm import Swarm

PORT = 8095


def service(prefix: str = "/", **rest: Any) -> dict[str, Any]:
    """An echo service that answers under a prefix."""
    return {"image": "ailtire-demo/echo", "interface": {prefix: {"port": 8080}}, **rest}


def write(folder: Path, name: str, services: dict[str, Any], port: int = PORT, **rest: Any) -> Path:
    """A definition as a file."""
    gateway = {"publish": [{"port": port}], "admin": True}
    file = folder / f"{name}.yml"
    file.write_text(yaml.safe_dump({"name": name, "services": services, "gateway": gateway, **rest}))
    return file


def left(swarm: Swarm, name: str) -> list[str]:
    """What is on the swarm of a stack, its containers included."""
    begins = (f"{name}_", f"{name}.")
    things = [f"{kind} {each}" for kind in ("service", "network", "config", "secret")
              for each in swarm.objects(kind) if each.startswith(begins)]  # fmt: skip
    return things + [f"container {each}" for each in swarm.containers(f"{name}_")]


@contextmanager
def cleaned(swarm: Swarm, name: str) -> Iterator[None]:
    """Whatever happens in the block, nothing of the stack is left behind."""
    try:
        yield
    finally:
        if left(swarm, name):
            swarm.cli("shutdown", name, "--yes", code=0)
        assert left(swarm, name) == []
