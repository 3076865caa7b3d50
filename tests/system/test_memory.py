"""Row 6 of the table "control": what memory a controller takes on a real engine, idle and with much to do."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.proof import Proof
from tests.swarm import Swarm
from tests.system.small import cleaned, service, write

TABLE = "control"
PORT = 8109
MEBIBYTE = 1 << 20
IDLE, BUSY = 64, 96  # MiB
SERVICES, CHILDREN = 100, 20
NONE = {"deploy": {"replicas": 0}}


def resident(swarm: Swarm, controller: str) -> float:
    """The MiB of memory that a controller's process holds."""
    said = swarm.inside(controller).check_output("cat /proc/[0-9]*/status")
    return max(map(int, re.findall(r"VmRSS:\s+([0-9]+) kB", said))) / 1024


def count(swarm: Swarm, file: Path, prove_report: Proof, most: int, what: str) -> None:
    """Ask a while as a page does that somebody looks at, then see what it came to."""
    name = file.stem
    with cleaned(swarm, name):
        swarm.cli("apply", file, "--progress", "quiet", code=0, timeout=900)
        token = swarm.cli("token", name, code=0).out.strip()
        for _ in range(15):
            assert swarm.http("GET", "/_admin/status", port=PORT, token=token).status_code == 200
            time.sleep(1)
        found = resident(swarm, f"{name}_admin")
        prove_report(6, int(found <= most), 1, f"{what}: {found:.0f} MiB, at most {most}", TABLE)
        assert found <= most


def test_an_idle_controller_is_small(swarm: Swarm, tmp_path: Path, prove_report: Proof) -> None:
    file = write(tmp_path, "idle", {"web": service(**NONE)}, PORT)
    count(swarm, file, prove_report, IDLE, "idle")


@pytest.mark.prove
def test_so_is_one_with_many_services_and_children(swarm: Swarm, tmp_path: Path, prove_report: Proof) -> None:
    image = {"image": "ailtire-demo/echo", **NONE}
    services: dict[str, Any] = {f"s{number}": image for number in range(SERVICES)}
    for number in range(CHILDREN):
        inner = {"name": "inner", "services": {"web": image}}
        services[f"c{number}"] = {"type": "stack", "definition": inner}
    file = write(tmp_path, "crowd", services, PORT)
    count(swarm, file, prove_report, BUSY, f"{SERVICES} services, {CHILDREN} children")
