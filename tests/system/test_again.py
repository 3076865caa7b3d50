"""Removed and deployed again at once, on a swarm that has hardly more subnets than one stack takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof import Proof
from tests.swarm import Swarm, own_swarm
from tests.system.small import left, service, write

POOL = ("--default-addr-pool", "10.77.0.0/26", "--default-addr-pool-mask-length", "28")
"""Four subnets, as many as engine and stack take: one that is not given back is missed in the next round."""


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    """A swarm of its own with four subnets."""
    with own_swarm(tmp_path_factory.mktemp("narrow"), "narrow") as swarm:
        swarm.docker("swarm", "leave", "--force")
        swarm.docker("swarm", "init", "--advertise-addr", swarm.address, *POOL)
        yield swarm


def subnets(swarm: Swarm) -> list[str]:
    """The subnets of all overlays, which are those of the pool."""
    ids = swarm.docker("network", "ls", "-q", "--filter", "scope=swarm").split()
    found = json.loads(swarm.docker("network", "inspect", *ids))
    return [
        part["Subnet"] for each in found for part in each["IPAM"]["Config"] if "10.77.0." in part["Subnet"]
    ]


def again(swarm: Swarm, folder: Path, rounds: int, prove_report: Proof) -> None:
    """Deployed, served by all tasks, taken away; at once the same again."""
    file, wrong = write(folder, "phoenix", {"ash": service()}), []
    for number in range(rounds):
        try:
            said = swarm.cli("apply", file, code=0, timeout=90)
            assert "not found" not in said.out + said.err
            assert len(subnets(swarm)) == 4, "all there are"
            swarm.cli("shutdown", "phoenix", "--yes", code=0, timeout=90)
            assert left(swarm, "phoenix") == []
        except AssertionError as error:
            wrong.append(f"round {number}: {error}")
    prove_report(7, rounds - len(wrong), rounds, "removed and deployed again at once, with four subnets")
    assert not wrong, "\n".join(wrong)


@pytest.mark.small
def test_what_is_removed_can_be_deployed_again_at_once(
    narrow: Swarm, tmp_path: Path, prove_report: Proof
) -> None:
    again(narrow, tmp_path, 2, prove_report)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_what_is_removed_can_be_deployed_again_at_once_twenty_times(
    narrow: Swarm, tmp_path: Path, prove_report: Proof
) -> None:
    again(narrow, tmp_path, 20, prove_report)
