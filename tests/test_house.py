"""The rules of the house that a machine can keep: sizes, docstrings, honest text, links that lead on."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

PROJECT = Path(__file__).parent.parent
MODULES = sorted((PROJECT / "ailtire_deploy").rglob("*.py"))
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])

# Written in parts, so that this file does not find itself.
HOME_FOLDERS = re.compile(
    r"(?<![\w$}])/(" + "|".join(("wor" + "k", "roo" + "t", "far" + "m", "home/[a-z]")) + r")/"
)
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error")))
AVOIDED = re.compile(r"pytest\.(skip|xfail|importorskip)\b|mark\.(skip|skipif|xfail)\b")


def functions(file: Path) -> Iterator[tuple[str, int, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{file.name}:{node.lineno} {node.name}", lines, node


def tracked_text() -> list[Path]:
    """Every text file that is, or is about to be, under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = (PROJECT / line for line in listed.stdout.splitlines())
    return [file for file in files if file.is_file() and b"\0" not in file.read_bytes()[:4096]]


def found_in(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{file.relative_to(PROJECT)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_module_is_longer_than_300_lines_and_half_are_under_150() -> None:
    lengths = {file.name: len(file.read_text().splitlines()) for file in MODULES}
    assert not {name: length for name, length in lengths.items() if length > 300}
    assert median(lengths.values()) < 150


def test_no_function_is_longer_than_40_lines_and_half_are_under_8() -> None:
    lengths = {name: length for file in MODULES for name, length, _ in functions(file)}
    assert not {name: length for name, length in lengths.items() if length > 40}
    assert median(lengths.values()) < 8


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.name)
def test_every_module_says_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text()))


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    assert not found_in(tracked_text(), HOME_FOLDERS)


def test_nothing_is_left_unfinished_and_no_test_is_avoided() -> None:
    assert not found_in(tracked_text(), UNFINISHED)
    assert not found_in([file for file in tracked_text() if "tests" in file.parts], AVOIDED)


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(PROJECT)))
def test_links_in_the_documents_lead_somewhere(file: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", file.read_text())
    local = [target.split("#")[0] for target in targets if "://" not in target]
    assert not [target for target in local if target and not (file.parent / target).exists()]


def test_the_readme_leads_to_every_document() -> None:
    readme = (PROJECT / "README.md").read_text()
    pages = [file for file in DOCUMENTS if file.parent.name == "docs"]
    assert not [str(page.relative_to(PROJECT)) for page in pages if f"docs/{page.name}" not in readme]
