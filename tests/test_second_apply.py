"""Whoever applies the same files again changes nothing: every example and every case, with no registry."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest
import yaml

from ailtire_deploy import images, loading
from ailtire_deploy.documents import read_yaml
from tests.household import Household, entry, three_levels
from tests.proof import Proof
from tests.stacks import CASES
from tests.swarm import Swarm
from tests.system.small import cleaned

DIGEST = f"sha256:{'1' * 64}"
EXAMPLES = sorted((Path(__file__).parent.parent / "playbooks").glob("*.yml"))
TARGETS = [*EXAMPLES, *(folder / "stack.yml" for folder in CASES)]


def changes_of_a_second_apply(house: Household, target: Path, known: bool) -> list[str]:
    """Apply what a file names twice, and say what the second time did; a first one has to arrive.

    ``known`` images are those of a registry that is there the first time only.
    """
    found = []
    for each in [root for play in loading.load(target).plays for root in play.entries]:
        used = {image for stack in images.used(each.stacks).values() for image in stack}
        house.engine.registry = dict.fromkeys(used, DIGEST) if known else {}
        first = house.apply(each)
        house.engine.registry = {}
        house.engine.asked.clear()
        assert first.verdict == "converged", (str(target), first.reasons)
        house.settle(20)
        before, tasks = len(house.engine.writes), started(house)
        again = house.apply(each)
        house.settle(20)
        found += house.engine.writes[before:]
        changed = {path: counts["changed"] for path, counts in again.stacks.items() if counts["changed"]}
        found += [f"{path}: {number} changed" for path, number in changed.items()]
        found += [f"started: {task}" for task in sorted(started(house) - tasks)]
        found += [f"asked for {image}" for image in house.engine.asked]
        found += [str(op.key) for plan in house.launcher().plan(each).values() for op in plan.operations]
    return found


def rooted(target: Path, folder: Path) -> Path:
    """The same file, or a root that has it as a child and grants what it says it uses."""
    found = read_yaml(target.read_text(), str(target)).data
    uses = found.get("uses", []) if isinstance(found, dict) else []
    if not uses:
        return target
    copytree(target.parent, folder / "inner")
    offered = {key: {"image": f"{key}:1", "interface": {"/": {"port": 8080}}} for key in uses}
    inner = {"type": "stack", "definition": "inner/stack.yml", "uses": uses}
    file = folder / "root.yml"
    file.write_text(yaml.safe_dump({"name": "outer", "services": {**offered, "inner": inner}}))
    return file


def started(house: Household) -> set[str]:
    """Every task there is, by its id."""
    return {each.id for each in house.engine.running}


def test_a_second_apply_of_every_example_and_case_does_nothing(tmp_path: Path, prove_report: Proof) -> None:
    wrong = {}
    rounds = [(target, known) for target in TARGETS for known in (False, True)]
    for number, (target, known) in enumerate(rounds):
        folder = tmp_path / str(number)
        folder.mkdir()
        house = Household(folder)
        house.engine.lasting = {"orders_db"}  # it may be restarted three times, and is no job
        if found := changes_of_a_second_apply(house, rooted(target, folder), known):
            wrong[str(target), known] = found
    good = len(rounds) - len(wrong)
    what = "second apply of every example and case, never a registry and no more a registry, on the model"
    prove_report(1, good, len(rounds), what)
    assert wrong == {}


@pytest.mark.prove
@pytest.mark.parametrize("playbook", EXAMPLES, ids=lambda path: path.stem)
def test_a_second_apply_of_an_example_does_nothing_on_a_real_swarm(
    swarm: Swarm, playbook: Path, prove_report: Proof
) -> None:
    """Cases name images and nodes that are not there; for them there is the model."""
    roots = [str(root.path) for play in loading.load(playbook).plays for root in play.entries]
    with ExitStack() as kept:
        for root in roots:
            kept.enter_context(cleaned(swarm, root))
        swarm.cli("apply", playbook, code=0)
        before = swarm.dump(), swarm.containers("")
        again = swarm.cli("apply", playbook, "--output", "json", code=0).json()
        changed = [path for path, counts in again["stacks"].items() if counts["changed"]]
        good = not changed and (swarm.dump(), swarm.containers("")) == before
        prove_report(1, int(good), 1, f"second apply of {playbook.name} on a real swarm, no registry")
        assert changed == []
        assert (swarm.dump(), swarm.containers("")) == before


def test_there_are_examples_and_cases() -> None:
    assert len(EXAMPLES) >= 2
    assert len(CASES) >= 4


def test_another_build_of_our_image_rolls_every_controller_and_gateway_once_and_no_edge(
    tmp_path: Path,
) -> None:
    house = Household(tmp_path)
    house.site = replace(house.site, build="sha256:old")
    house.apply(entry(three_levels()))
    house.site = replace(house.site, build="sha256:new")
    plans = house.launcher().plan(entry(three_levels())).values()
    planned = sorted(f"{op.verb} {op.key}" for each in plans for op in each.operations)
    assert [each.split()[-1] for each in planned] == [
        f"{stack}_{part}"
        for stack in ("shop", "shop_orders", "shop_orders_ledger")
        for part in ("admin", "gateway")
    ]
    done = len(house.engine.writes)
    house.loops.clear()  # the new ones read their environment
    house.apply(entry(three_levels()))
    house.settle()
    assert sorted(house.engine.writes[done:]) == planned
    assert all(each.empty for each in house.launcher().plan(entry(three_levels())).values())


def test_where_our_image_cannot_be_seen_the_controllers_stay_as_they_are(tmp_path: Path) -> None:
    house = Household(tmp_path)
    known = house.site
    house.site = replace(known, build="sha256:old")
    house.apply(entry(three_levels()))
    before = list(house.engine.writes)
    house.site = known
    assert all(each.empty for each in house.launcher().plan(entry(three_levels())).values())
    house.apply(entry(three_levels()))
    assert house.engine.writes == before
