"""Volumes, configs, secrets and networks of a Compose file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ailtire_deploy.importing.notes import Notes

Read = Callable[[str], str]
OTHERS = "it belongs to somebody else"
OURS = "names are made from the stack's path and the key"
SAID = frozenset({"file", "environment", "external", "name"})
"""Of a secret, what its source or its key says here."""


def translated(data: dict[str, Any], notes: Notes, read: Read) -> dict[str, Any]:
    """The sections of a definition that services share; empty ones are left out."""
    if "version" in data:
        notes.translated(("version",), "the version of a file's form says nothing here")
    for key, each in _mapping(data, "networks").items():
        if isinstance(each, dict) and each.get("external"):
            notes.impossible(("networks", key), "nobody else stands on a stack's networks: use interface")
            continue
        notes.translated(("networks", key), "each stack has networks of its own; a nested stack has others")
    made = {
        "volumes": {key: _volume(key, each or {}, notes) for key, each in _mapping(data, "volumes").items()},
        "configs": {
            key: _config(key, each or {}, notes, read) for key, each in _mapping(data, "configs").items()
        },
        "secrets": {key: _secret(key, each or {}, notes) for key, each in _mapping(data, "secrets").items()},
    }
    return {section: found for section, found in made.items() if found}


def with_variables(data: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """The same file; a config that comes from a variable has it as its content."""
    configs = dict(_mapping(data, "configs"))
    for key, each in configs.items():
        variable = each.get("environment") if isinstance(each, dict) else None
        if isinstance(variable, str) and variable.isidentifier():
            left = {part: value for part, value in each.items() if part != "environment"}
            configs[key] = {**left, "content": f"${{{variable}}}"}
            notes.translated(("configs", key, "environment"), "a parameter has its content")
    return {**data, "configs": configs} if configs else data


def _mapping(data: dict[str, Any], section: str) -> dict[str, Any]:
    found = data.get(section)
    return found if isinstance(found, dict) else {}


def _volume(key: str, given: Any, notes: Notes) -> Any:
    at = ("volumes", key)
    if not isinstance(given, dict):
        return given
    for part in ("external", "name"):
        if given.get(part):
            notes.impossible((*at, part), f"{OTHERS}: a volume of this stack begins empty; copy its data")
    notes.kept(at)
    return {part: value for part, value in given.items() if part not in ("external", "name")}


def _config(key: str, given: Any, notes: Notes, read: Read) -> Any:
    at = ("configs", key)
    if not isinstance(given, dict):
        return given
    if isinstance(given.get("file"), str):
        try:
            read(given["file"])
        except ValueError as error:
            notes.impossible((*at, "file"), f"{given['file'][:80]} {error}")
            return {"content": ""}
    if given.get("external"):
        notes.impossible((*at, "external"), f"{OTHERS}: write its content here")
        return {"content": ""}
    notes.kept(at)
    if "name" in given:
        notes.translated((*at, "name"), OURS)
    return {part: value for part, value in given.items() if part != "name"}


def _secret(key: str, given: Any, notes: Notes) -> Any:
    at = ("secrets", key)
    if not isinstance(given, dict):
        return given
    left = {part: value for part, value in given.items() if part not in SAID}
    if "file" in given:
        notes.translated(at, "from: {file: …}")
        return {"from": {"file": given["file"]}, **left}
    variable = given.get("environment") or "".join(c if c.isalnum() else "_" for c in key).upper()
    notes.translated(at, f"from: {{env: {variable}}}; set that variable when you apply")
    return {"from": {"env": variable}, **left}
