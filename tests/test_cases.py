"""A folder is a test: a definition beside the files it has to become.

``x-path`` says where in a tree the stack stands. A file that starts like one of ours and is expected there has to
equal what is rendered; nothing else of the folder is looked at.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ailtire_deploy import definition, render, topology
from ailtire_deploy.documents import read_yaml
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import Artifacts
from tests.stacks import SITE

CASES = sorted((Path(__file__).parent / "cases").glob("*/compose.yml"))


def rendered(folder: Path) -> Artifacts:
    """What the definition of a case becomes, with made-up subnets."""
    data = read_yaml((folder / "stack.yml").read_bytes(), "stack.yml").data
    body = {"format": 1, "name": data["name"], "context": "", "parameters": {}, "environment": {}}
    stack = definition.fill({**body, "definition": data}, StackPath.parse(data["x-path"]))
    shape = topology.decide(stack)
    subnets = {face.network: (f"10.0.{number}.0/24",) for number, face in enumerate(shape.faces, 1)}
    return render.render(stack, shape, SITE, subnets)


@pytest.mark.parametrize("folder", [case.parent for case in CASES], ids=lambda folder: folder.name)
def test_a_definition_becomes_the_files_beside_it(folder: Path) -> None:
    artifacts = rendered(folder)
    for name, content in artifacts.files.items():
        assert content == (folder / name).read_bytes(), name


def test_there_are_cases() -> None:
    assert len(CASES) >= 4
