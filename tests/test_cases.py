"""A folder is a test: a definition beside all the files it has to become."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stacks import CASES, filled, rendered


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_definition_becomes_the_files_beside_it(folder: Path) -> None:
    for name, content in rendered(filled(folder)).files.items():
        assert content.decode() == (folder / name).read_text(), name


def test_there_are_cases() -> None:
    assert len(CASES) >= 4
