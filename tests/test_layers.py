"""Imports point only downwards, and each third-party package has one door."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ailtire_deploy"

LAYERS: dict[int, frozenset[str]] = {
    0: frozenset(
        {"errors", "names", "documents", "assets", "model", "passages", "entrances", "state", "ports"}
        | {"units", "moments"}
    ),
    1: frozenset(
        {"definition", "identity", "templating", "topology", "render", "specs", "diff", "plan", "revisions"}
        | {
            "pipeline",
            "gates",
            "jobs",
            "foresight",
            "recovery",
            "pruning",
            "proxies",
            "sealing",
            "updates",
            "importing",
            "idempotency",
            "followup",
            "revocation",
            "segments",
        }
        | {"causes", "symptoms", "verdict", "status", "explanation", "report", "recap", "views", "log_lines"}
        | {"log_tails"}
        | {"adoption", "particulars", "deadlines", "remains", "images", "registries", "traffic", "metrics"}
        | {"releases", "staging", "paces", "maintenance", "closing", "certificates", "handing"}
        | {"interruption", "rotation", "writer", "shutdown"}
    ),
    2: frozenset(
        {"loading", "checked", "secrets_source", "keyring", "engine", "sites"}
        | {"children", "remote", "apply", "departures", "log_streams", "log_rooms", "resolution", "probe"}
        | {"withdrawal"}
    ),
    3: frozenset({"launcher", "custody", "vigil", "controller", "gateway", "survey"}),
    4: frozenset({"rest"}),
    5: frozenset({"cli"}),
}

DOORS = {
    "bottle": {"rest"},
    "click": {"cli"},
    "cryptography": {"certificates"},
    "docker": {"engine"},
    "jinja2": {"templating"},
    "jsonschema": {"definition"},
    "prometheus_client": {"rest"},
    "referencing": {"definition"},
    "requests": {"children"},
    "rich": {"cli"},
    "waitress": {"rest"},
    "yaml": {"documents"},
}

CONVERTS_TIMES = "moments"  # from text to number and back; it never asks what time it is

# What would make a pure module depend on the hour, the machine or chance; logging is the caller's business.
IMPURE = {"os", "time", "threading", "socket", "subprocess", "random", "secrets", "logging"}
IMPURE |= {"asyncio", "http", "urllib.request", "multiprocessing", "signal", "tempfile", "uuid"}


def module_of(file: Path) -> str:
    """The module, or sub-package, of the table that a file belongs to."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(file: Path) -> Iterator[str]:
    """Every module a file imports, at the top or inside a function, as a dotted name."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}:{node.lineno}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imports() -> dict[str, frozenset[str]]:
    """What each module of the table imports."""
    found: dict[str, set[str]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        found.setdefault(module_of(file), set()).update(imports_of(file))
    return {module: frozenset(names) for module, names in found.items() if not module.startswith("__")}


def own_imports(module: str) -> set[str]:
    parts = (name.split(".") for name in imports()[module])
    found = {each[1] for each in parts if each[0] == "ailtire_deploy" and len(each) > 1}
    return {name for name in found if not name.startswith("__")} - {module}


def layer_of(module: str) -> int:
    return next((number for number, modules in LAYERS.items() if module in modules), len(LAYERS))


def test_every_module_stands_in_the_table_once() -> None:
    listed = [module for modules in LAYERS.values() for module in modules]
    assert not set(imports()) - set(listed), "modules that the table does not know"
    assert len(listed) == len(set(listed))


def test_the_documents_tell_of_every_module_in_its_layer() -> None:
    told: dict[int, set[str]] = {}
    layer = -1
    table = (PACKAGE.parent / "docs" / "architecture.md").read_text().partition("| layer | modules |")[2]
    for number, named in re.findall(r"^\| ([0-9]?) ?\| ([^|]+) \|", table.partition("\n\n")[0], re.M):
        layer = int(number) if number else layer
        told.setdefault(layer, set()).update(re.findall(r"`([a-z_]+)`", named))
    assert told == {layer: set(modules) for layer, modules in LAYERS.items()}


@pytest.mark.parametrize("module", sorted(imports()))
def test_imports_never_point_upwards(module: str) -> None:
    upwards = {other for other in own_imports(module) if layer_of(other) > layer_of(module)}
    assert not upwards, f"{module} (layer {layer_of(module)}) imports {upwards}"


def test_imports_never_run_in_a_circle() -> None:
    TopologicalSorter({module: own_imports(module) for module in imports()}).prepare()


@pytest.mark.parametrize("module", sorted(imports()))
def test_each_third_party_package_has_one_door(module: str) -> None:
    tops = {name.split(".")[0] for name in imports()[module]} - {"ailtire_deploy", "__future__"}
    foreign = tops - sys.stdlib_module_names
    astray = {name for name in foreign if module not in DOORS.get(name, set())}
    assert not astray, f"{module} imports {astray}"


@pytest.mark.parametrize("module", sorted(m for m in imports() if layer_of(m) <= 1))
def test_pure_modules_know_no_hour_no_machine_and_no_chance(module: str) -> None:
    allowed = {"datetime"} if module == CONVERTS_TIMES else set()
    impure = {
        bad for bad in IMPURE - allowed for name in imports()[module] if f"{name}.".startswith(f"{bad}.")
    }
    assert not impure, f"{module} imports {impure}"


@pytest.mark.parametrize("module", sorted(m for m in imports() if layer_of(m) <= 1))
def test_pure_modules_never_ask_what_time_it_is(module: str) -> None:
    files = [file for file in PACKAGE.rglob("*.py") if module_of(file) == module]
    asked = [file.name for file in files if re.search(r"\b(now|utcnow|today)\(\)", file.read_text())]
    assert not asked


def test_plan_knows_resources_and_not_stacks() -> None:
    assert own_imports("plan") <= {"errors", "names", "state", "diff"}


def test_apply_knows_only_ports_and_plans() -> None:
    assert own_imports("apply") <= {"errors", "names", "ports", "state", "plan", "diff", "report"}


def test_nothing_imports_the_command_line() -> None:
    assert not [module for module in imports() if "cli" in own_imports(module)]
