"""``${VARIABLE}`` in a Compose file as parameters of a definition."""

from __future__ import annotations

import re
from typing import Any

from ailtire_deploy.documents import Path
from ailtire_deploy.documents.scalars import ends_raw, raw
from ailtire_deploy.importing.notes import Notes

DEPTH = 5  # variables within the defaults of variables
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WORDS = frozenset({"and", "else", "false", "if", "in", "is", "none", "not", "or", "true"})  # of templates
TEMPLATE = re.compile(r"\{\{ ([a-z_][a-z0-9_]*) \}\}")
WHOLE = re.compile(r"0|-?[1-9][0-9]{0,15}")


def filled(data: dict[str, Any], notes: Notes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same data with templates for variables, and the parameters they need."""
    found = _Variables(notes)
    made = {key: found.walk(value, (key,)) for key, value in data.items()}
    return made, dict(sorted(found.parameters.items()))


def settled(text: Any, parameters: dict[str, Any]) -> Any:
    """A text with defaults in place of its parameters; None where one has none."""
    if not isinstance(text, str):
        return None
    names = TEMPLATE.findall(text)
    if any("default" not in parameters.get(name, {}) for name in names):
        return None
    return TEMPLATE.sub(lambda found: str(parameters[found[1]]["default"]), text)


def as_number(parameters: dict[str, Any], template: str) -> bool:
    """Make the one parameter that a template names a whole number, if its default allows that."""
    found = TEMPLATE.fullmatch(template)
    declared = parameters.get(found[1], {}) if found else {}
    default = str(declared.get("default", 0))
    if not declared or not WHOLE.fullmatch(default):
        return False
    declared |= {"type": "integer"} | ({"default": int(default)} if "default" in declared else {})
    return True


class _Variables:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.parameters: dict[str, Any] = {}
        self.names: dict[str, str] = {}

    def walk(self, value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: self.walk(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [self.walk(each, (*path, index)) for index, each in enumerate(value)]
        return self.text(value, path) if isinstance(value, str) else value

    def text(self, text: str, path: Path) -> Any:
        """A text with its variables as templates; what looked like a template before stays as it is."""
        if "$" not in text:
            return self._literal(text, path)
        parts = list(_parts(text, 0))
        made = [
            self._part(each, path, len(parts) == 1) if isinstance(each, tuple) else self._literal(each, path)
            for each in parts
        ]
        if any(isinstance(each, tuple) for each in parts):
            self.notes.translated(path, "variables are parameters here")
        return "".join(made)

    def _literal(self, text: str, path: Path) -> str:
        if not any(mark in text for mark in ("{{", "{%", "{#")):
            return text
        if ends_raw(text):
            self.notes.impossible(path, "it holds the end of a raw template")
            return ""
        return raw(text)

    def _part(self, part: tuple[str, str, str], path: Path, alone: bool) -> str:
        """One variable; what stands ``alone`` may be a number, a part of a text never has to be."""
        variable, operator, word = part
        name = self._name(variable)
        declared = self.parameters.setdefault(name, {"type": "string"})
        default = _settled(word, 1)
        if "${" in word:
            self.notes.translated(path, f"the default of {name} was another variable: it is {default!r} now")
        if operator in (":-", "-"):
            declared.setdefault("default", default)
            if alone:
                as_number(self.parameters, f"{{{{ {name} }}}}")
        elif operator in (":+", "+"):
            declared.setdefault("default", "")
            quoted = default.replace("\\", "\\\\").replace("'", "\\'")
            return f"{{{{ '{quoted}' if {name} else '' }}}}"
        elif operator in (":?", "?") and default:
            declared.setdefault("description", default[:200])
        return f"{{{{ {name} }}}}"

    def _name(self, variable: str) -> str:
        """The parameter for a variable; two that differ in case are two."""
        wished = f"{variable.lower()}_value" if variable.lower() in WORDS else variable.lower()
        for number in range(1, len(self.names) + 2):
            name = wished if number == 1 else f"{wished}_{number}"
            if self.names.setdefault(name, variable) == variable:
                return name
        raise AssertionError(variable)


def _settled(word: str, depth: int) -> str:
    """A default as text: a variable in it stands for its own default."""
    parts = _parts(word, depth)
    return "".join(each if isinstance(each, str) else _settled(each[2], depth + 1) for each in parts)


def _parts(text: str, depth: int) -> list[str | tuple[str, str, str]]:
    """Plain text, and variables as (name, operator, word)."""
    found: list[str | tuple[str, str, str]] = []
    at = 0
    while at < len(text):
        dollar = text.find("$", at)
        if dollar < 0:
            return [*found, text[at:]]
        found.append(text[at:dollar])
        piece, at = _variable(text, dollar, depth)
        found.append(piece)
    return [each for each in found if each != ""]


def _variable(text: str, dollar: int, depth: int) -> tuple[str | tuple[str, str, str], int]:
    """What a ``$`` begins, and where it ends."""
    after = text[dollar + 1 : dollar + 2]
    if after == "$":
        return "$", dollar + 2
    bare = NAME.match(text, dollar + 1)
    if bare:
        return (bare[0], "", ""), bare.end()
    name = NAME.match(text, dollar + 2) if after == "{" else None
    end = _closing(text, dollar + 2)
    if name is None or end < 0 or depth > DEPTH:
        return "$", dollar + 1
    rest = text[name.end() : end]
    operator = re.match(r":?[-?+]", rest)
    word = rest[operator.end() :] if operator else ""
    return (name[0], operator[0] if operator else "", word), end + 1


def _closing(text: str, start: int) -> int:
    level = 1
    for at in range(start, len(text)):
        if text.startswith("${", at):
            level += 1
        elif text[at] == "}":
            level -= 1
            if level == 0:
                return at
    return -1
