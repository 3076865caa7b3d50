"""Parameters: what a stack lets others set, and the value each one has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from ailtire_deploy.definition.findings import MOST, Finding, nearest
from ailtire_deploy.definition.wording import kind
from ailtire_deploy.documents import Path
from ailtire_deploy.templating import UNKNOWN

LENGTH = 4096  # characters of a parameter: it is a setting, not a file
WORDS = frozenset(
    {"true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else"}
)
_TYPES: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "string": ("text", str),
    "integer": ("a whole number", int),
    "number": ("a number", (int, float)),
    "boolean": ("true or false", bool),
}
_FROM_TEXT = {"true": True, "false": False}


@dataclass(slots=True)
class Parameters:
    """What parameters came to. ``findings`` are about the definition, ``wrong`` about given values."""

    values: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    wrong: dict[str, tuple[str, str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def resolve(definition: Mapping[str, Any], context: str, given: Mapping[str, Any]) -> Parameters:
    """Default, then context, then what was given; each checked against its declaration.

    A value that is wrong or missing is ``UNKNOWN``: whatever uses it says nothing more about it.
    """
    declared = section(definition, "parameters")
    contexts = section(definition, "contexts")
    findings = chain(_declarations(declared), _contexts(contexts, declared))
    made = Parameters(findings=list(islice(findings, MOST)))
    chosen = section(contexts, context)
    for name, declaration in declared.items():
        made.values[name] = UNKNOWN
        if name in given:
            _take(made, name, declaration, given[name])
        elif name in chosen or "default" in section(declared, name):
            value = chosen[name] if name in chosen else declaration["default"]
            made.values[name] = UNKNOWN if complaint(declaration, value) else value
        elif isinstance(declaration, dict) and declaration.get("type") in _TYPES and name.isidentifier():
            made.missing.append(name)
    for name in sorted(given.keys() - declared.keys())[:MOST]:
        made.wrong[name] = (f"the stack declares no parameter {name[:40]!r}", nearest(name, declared))
    return made


def _take(made: Parameters, name: str, declaration: Any, value: Any) -> None:
    if value is UNKNOWN:
        return
    wrong = complaint(declaration, value)
    if wrong:
        made.wrong[name] = wrong
    else:
        made.values[name] = value


def section(holder: Any, key: str) -> dict[str, Any]:
    """The mapping under a key; an empty one for none, or for something else, which the schema reports."""
    found = holder.get(key) if isinstance(holder, Mapping) else None
    return found if isinstance(found, dict) else {}


def complaint(declaration: Any, value: Any) -> tuple[str, str] | None:
    """What is wrong with a value, and what helps; nothing when the declaration itself is broken."""
    wanted = _TYPES.get(str(declaration.get("type"))) if isinstance(declaration, dict) else None
    if wanted is None:
        return None
    words, types = wanted
    if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
        hint = "write it in quotes" if types is str and isinstance(value, int | float) else ""
        return f"has to be {words}, but is {kind(value)}", hint
    if isinstance(value, str) and len(value) > LENGTH:
        return f"longer than {LENGTH} characters", "a config holds longer texts"
    return _outside(declaration, value)


def _outside(declaration: Mapping[str, Any], value: Any) -> tuple[str, str] | None:
    least, most = declaration.get("minimum"), declaration.get("maximum")
    allowed = declaration.get("enum")
    if _is_number(least) and _is_number(value) and value < least:
        return f"has to be at least {least}, but is {value}", ""
    if _is_number(most) and _is_number(value) and value > most:
        return f"has to be at most {most}, but is {value}", ""
    if isinstance(allowed, list) and value not in allowed:
        return f"has to be one of {', '.join(map(str, allowed))[:200]}", ""
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _declarations(declared: Mapping[str, Any]) -> Iterator[Finding]:
    for name, declaration in declared.items():
        path: Path = ("parameters", name)
        if name in WORDS:
            yield Finding(path, f"{name!r} is a word of the template language", "choose another name")
        if not isinstance(declaration, dict):
            continue
        if "default" in declaration and (wrong := complaint(declaration, declaration["default"])):
            yield Finding((*path, "default"), *wrong)
        numeric = declaration.get("type") in ("integer", "number")
        for bound in ("minimum", "maximum"):
            if bound in declaration and not numeric:
                yield Finding((*path, bound), "only numbers have bounds")


def _contexts(contexts: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[Finding]:
    for context in contexts:
        for name, value in section(contexts, context).items():
            path: Path = ("contexts", context, name)
            if name not in declared:
                yield Finding(path, "no such parameter is declared", nearest(name, declared))
            elif wrong := complaint(declared[name], value):
                yield Finding(path, *wrong)


def from_text(declaration: Any, text: str) -> Any:
    """A value given as text, by the declared type; what does not fit stays text, and is refused later."""
    wanted = declaration.get("type") if isinstance(declaration, dict) else None
    if wanted == "boolean":
        return _FROM_TEXT.get(text.lower(), text)
    if wanted in ("integer", "number") and re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        return int(text)
    if wanted == "number" and re.fullmatch(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}", text):
        return float(text)
    return text


def as_map(given: Any) -> dict[str, Any]:
    """Parameters as a mapping; a list of ``{name, value}`` means the same."""
    return {name: value for name, (_, value) in entries(given).items()}


def entries(given: Any) -> dict[str, tuple[Path, Any]]:
    """Each given parameter with its path within ``given``. Entries that are broken are left out."""
    if isinstance(given, Mapping):
        return {str(name): ((str(name),), value) for name, value in given.items()}
    items = enumerate(given) if isinstance(given, list) else ()
    return {
        item["name"]: ((index, "value"), item["value"])
        for index, item in items
        if isinstance(item, Mapping) and isinstance(item.get("name"), str) and "value" in item
    }
