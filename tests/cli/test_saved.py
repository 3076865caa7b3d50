"""A saved plan is carried out as it was saved, or not at all."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from ailtire_deploy.cli import saved
from ailtire_deploy.cli.app import app
from ailtire_deploy.errors import InvalidInput, StalePlan
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import Plan
from ailtire_deploy.plan.operations import Operation
from ailtire_deploy.state import Key, Resource, State

SHOP = StackPath(("shop",))
LABELS = {"ailtire.path": "shop"}
WEB = Resource(Key("service", "shop_web"), labels=LABELS, version=7, created=1.5)
ASKED = {"target": "stack.yml", "context": None, "extra": ["a=1"], "tags": "", "engine": None}
ASKED["resolve"] = True
SEEN = State.of([WEB])
FOUND = [Plan(SHOP, (Operation("update", WEB, WEB, "the definition changed"),))]


def kept(folder: Path) -> Path:
    plan = saved.SavedPlan(dict(ASKED))
    plan.note("swarm", "shop", SEEN, FOUND)
    plan.write(folder / "today.plan")
    return folder / "today.plan"


def test_what_is_read_is_what_was_written_and_only_its_owner_may(tmp_path: Path) -> None:
    (tmp_path / "today.plan").write_text("old")
    (tmp_path / "today.plan").chmod(0o644)
    file = kept(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    plan = saved.read(file)
    assert plan.asked == ASKED
    plan.insist("swarm", "shop", SEEN, FOUND)


@pytest.mark.parametrize(
    ("cluster", "path", "observed", "found", "said"),
    [
        ("other", "shop", SEEN, FOUND, "another swarm"),
        ("swarm", "shed", SEEN, FOUND, "another swarm or stack"),
        ("swarm", "shop", State(), FOUND, "service shop_web"),
        ("swarm", "shop", SEEN, [], "the files, the variables or the secrets changed"),
    ],
)
def test_what_moved_is_named(tmp_path, cluster, path, observed, found, said) -> None:
    with pytest.raises(StalePlan, match=said) as caught:
        saved.read(kept(tmp_path)).insist(cluster, path, observed, found)
    assert caught.value.exit_code == 7


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"version": "9"},
        {"asked": {}},
        {"asked": {**ASKED, "extra": "a=1"}},
        {"asked": {**ASKED, "target": 3}},
        {"roots": []},
        {"roots": {"x": {}}},
        {"more": 1},
    ],
)
def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path, change: dict) -> None:
    file = kept(tmp_path)
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(InvalidInput):
        saved.read(file)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 100_000, b"{}", b"null"])
def test_what_is_no_json_of_ours_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "it").write_bytes(content)
    with pytest.raises(InvalidInput, match="plan --save"):
        saved.read(tmp_path / "it")


@pytest.mark.parametrize(
    "arguments", [["apply"], ["apply", "a.yml", "--plan", "x"], ["apply", "--plan", "x", "-e", "a=1"]]
)
def test_a_target_or_a_saved_plan_and_not_both(arguments: list[str]) -> None:
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 2
    assert "plan" in found.output
