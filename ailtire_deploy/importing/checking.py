"""What comes out of an import passes every check of a definition: what they object to is taken out again.

So no rule is written down twice. A value of the wrong kind, such as the text ``"3"`` where a number belongs,
which Compose takes as one, is tried as the other kind first.
"""

from __future__ import annotations

import re
from typing import Any

from ailtire_deploy import definition
from ailtire_deploy.documents import Path
from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.importing.notes import Notes
from ailtire_deploy.importing.surgery import at, cut, put, steps, without_gone
from ailtire_deploy.names import StackPath

ROUNDS = 30
WORDS = {"true": True, "false": False}


def checked(made: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """Without what the checks object to. Raises InvalidInput when nothing is left to be deployed."""
    turned: set[Path] = set()
    for _ in range(ROUNDS):
        left = without_gone(made)
        problems = _problems(left)
        if not problems:
            return _without_idle(left)
        for way, problem in [(steps(each.path, made), each) for each in problems]:
            kind = problem.message.startswith("has to be ")
            if not (kind and _turn(made, way, turned, notes)) and (path := cut(made, way)):
                notes.impossible(
                    _source(path, notes), f"{problem.message}{f' ({problem.hint})' if problem.hint else ''}"
                )
    raise InvalidInput([notes.document.problem((), "nothing of it can be deployed on a swarm")])


def _source(way: Path, notes: Notes) -> Path:
    """The same place in the file, where a service may have another name."""
    files = {new: old for old, new in notes.renamed.items()}
    return (way[0], files.get(str(way[1]), way[1]), *way[2:]) if way[:1] == ("services",) and way[1:] else way


def _problems(made: dict[str, Any]) -> list[Problem]:
    looked_at = {**made, "configs": {key: _read(each) for key, each in made.get("configs", {}).items()}}
    body = {"format": 1, "name": made["name"], "context": "", "environment": {}, "definition": looked_at}
    body["parameters"] = {key: _sample(each) for key, each in made.get("parameters", {}).items()}
    return definition.examine_tree(body, StackPath((made["name"],)))[1]


def _read(config: Any) -> Any:
    """A config as it is once its file has been read, which is done when it is applied."""
    return {"content": ""} if isinstance(config, dict) and isinstance(config.get("file"), str) else config


def _sample(declared: dict[str, Any]) -> Any:
    """A value for a parameter that has none, to look at the rest."""
    return declared.get("default", 1 if declared["type"] == "integer" else "a")


def _turn(made: dict[str, Any], way: Path, turned: set[Path], notes: Notes) -> bool:
    """Try text that looks like a number as one, and a number as text; each value once."""
    value = at(made, *way)
    other = _other(value)
    if other is None or way in turned:
        return False
    turned.add(way)
    put(made, way, other)
    notes.translated(_source(way, notes), f"{other!r} instead of {value!r}")
    return True


def _other(value: Any) -> Any:
    if isinstance(value, str):
        if re.fullmatch(r"-?[0-9]{1,15}", value):
            return int(value)
        return float(value) if re.fullmatch(r"[0-9]{0,9}\.[0-9]{1,9}", value) else WORDS.get(value.lower())
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _without_idle(made: dict[str, Any]) -> dict[str, Any]:
    """Without parameters that nothing uses any more."""
    used = " ".join(_templates({key: each for key, each in made.items() if key != "parameters"}))
    declared = made.get("parameters", {})
    kept = {key: each for key, each in declared.items() if re.search(rf"\b{key}\b", used)}
    return {
        key: kept if key == "parameters" else each
        for key, each in made.items()
        if key != "parameters" or kept
    }


def _templates(data: Any) -> list[str]:
    if isinstance(data, dict):
        return [found for each in data.values() for found in _templates(each)]
    if isinstance(data, list):
        return [found for each in data for found in _templates(each)]
    return re.findall(r"\{\{.*?\}\}", data) if isinstance(data, str) else []
