"""Running the command line as a user does: a process of its own, with nothing of the caller's settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NO_ENGINE = "unix:///nonexistent/engine.sock"
GOOD = """\
name: shop
parameters:
  replicas: {type: integer, default: 2}
contexts:
  prod: {replicas: 3}
services:
  web:
    image: shop/web:1
    interface: {/: {port: 8080}}
    deploy: {replicas: "{{ replicas }}"}
"""
BAD = GOOD.replace("image:", "imagine:")


@dataclass(frozen=True)
class Finished:
    """What a process left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document that stands alone on stdout."""
        return json.loads(self.out)


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL")}
    return {**kept, "HOME": str(home), "DOCKER_HOST": NO_ENGINE, **more}


def run(home: Path, *arguments: str, cwd: Path | None = None, **variables: str) -> Finished:
    """Run ``ailtire-deploy`` to its end; a traceback is never all right."""
    done = subprocess.run(
        [sys.executable, "-m", "ailtire_deploy", *arguments],
        env=environment(home, **variables),
        cwd=cwd or home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return Finished(done.returncode, done.stdout, done.stderr)


def modules_after(*arguments: str) -> set[str]:
    """The modules that are loaded when a command has run."""
    code = (
        "import sys\nfrom ailtire_deploy.cli.entry import run\nrun(sys.argv[1:])\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stderr.split()} | set(done.stderr.split())


def stack(folder: Path, text: str = GOOD, name: str = "stack.yml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def lines_over(width: int, text: str) -> Sequence[str]:
    return [line for line in text.splitlines() if len(line) > width]
