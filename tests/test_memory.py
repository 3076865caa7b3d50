"""Row 6 of the table "control": a controller that goes round and round, asked meanwhile, does not grow.

The real loop and the real surface, on the model of an engine. What a controller takes on a real one is
measured in ``system/test_memory``.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from tests.proof import Proof
from tests.rest.living import SHOP, Living

TABLE = "control"
GROWTH = 4 << 20  # bytes
WARM = 300  # rounds until everything was seen once
ASKED = ("status", "metrics", "history", "topology", "log?tail=10", "plan")


def resident() -> int:
    """The bytes of memory this process holds, after what is garbage has gone."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def go_round(living: Living, rounds: int) -> None:
    """Rounds of a settled root; every tenth time somebody asks for all there is to ask for."""
    for number in range(rounds):
        living.house.time += 30
        living.house.round(SHOP)
        for call in ASKED if number % 10 == 0 else ():
            assert living.ask("GET", f"/_admin/{call}").status == 200


def grown(folder: Path, rounds: int) -> int:
    living = Living(folder)
    for task in living.house.engine.running:
        living.house.engine.output[task.id] = ["a line"] * 20
    go_round(living, WARM)
    before = resident()
    go_round(living, rounds)
    return resident() - before


def count(folder: Path, prove_report: Proof, rounds: int) -> None:
    found = grown(folder, rounds)
    what = f"{rounds} rounds, {rounds // 10 * len(ASKED)} answers: grown by {found / 2**20:.1f} MiB"
    prove_report(6, int(found <= GROWTH), 1, what, TABLE)
    assert found <= GROWTH


@pytest.mark.small
def test_a_controller_does_not_grow_by_going_round(tmp_path: Path, prove_report: Proof) -> None:
    count(tmp_path, prove_report, 500)


@pytest.mark.prove
def test_a_controller_does_not_grow_in_ten_thousand_rounds(tmp_path: Path, prove_report: Proof) -> None:
    count(tmp_path, prove_report, 10_000)
