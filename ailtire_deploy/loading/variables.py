"""Variables of a play, and where each value came from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ailtire_deploy.definition.findings import quoted
from ailtire_deploy.definition.parameters import from_text, section
from ailtire_deploy.documents import Document
from ailtire_deploy.errors import Problem
from ailtire_deploy.loading.files import Folder, Located, Unreadable, target
from ailtire_deploy.loading.reading import Reader

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TYPE_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string"}


@dataclass(frozen=True, slots=True)
class Value:
    """A value, who gave it, and where."""

    value: Any
    source: str  # vars_files | vars | parameters | -e
    place: Document

    @property
    def shown_place(self) -> str:
        return f"{self.place.file}:{self.place.node.line}" if self.place.node.line else self.place.file


@dataclass(frozen=True, slots=True)
class Extra:
    """What the command line gives: ``NAME=VALUE`` as text, and files whose values have types."""

    texts: Mapping[str, str]
    files: Mapping[str, Value]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.texts) | frozenset(self.files)

    def value(self, name: str, declaration: Mapping[str, Any]) -> Value | None:
        """The value of a name, its text read by the declared type; None when the command line has none."""
        if name in self.texts:
            value = from_text(declaration, self.texts[name])
            return Value(value, "-e", Document.unmarked(value, f"-e {name}"))
        return self.files.get(name)

    def over(self, variables: Mapping[str, Value]) -> dict[str, Value]:
        """Variables with those of the command line before them, each text read as what it replaces."""
        made = dict(variables)
        for name in self.names:
            old = variables.get(name)
            kind = _TYPE_NAMES[type(old.value)] if old else "string"
            value = self.value(name, {"type": kind})
            if value:
                made[name] = value
        return made

    def unknown(self, known: set[str]) -> list[Problem]:
        """A problem for each name that nobody declares."""
        return [self._problem(name, known) for name in sorted(self.names - known)]

    def _problem(self, name: str, known: set[str]) -> Problem:
        near = get_close_matches(name, sorted(known), 1)
        hint = f"did you mean {near[0]}?" if near else f"declared are {', '.join(sorted(known)) or 'none'}"
        place = Document.unmarked(None, f"-e {name[:80]}") if name in self.texts else self.files[name].place
        return place.problem((), "nobody declares a variable or parameter of this name", hint)


def extra(texts: Mapping[str, str], files: Sequence[Path], reader: Reader) -> Extra:
    """Everything given with ``-e``; in files, later ones win, and ``NAME=VALUE`` before all."""
    values: dict[str, Value] = {}
    for file in files:
        try:
            located, _ = target(file)
        except Unreadable as error:
            reader.problems.append(Problem(str(file), 0, 0, "", str(error)))
        else:
            values |= from_file(located, "-e", reader)
    return Extra(texts, values)


def of_play(play: Mapping[str, Any], part: Document, folder: Folder, reader: Reader) -> dict[str, Value]:
    """The variables of a play: its files in their order, then its own."""
    values: dict[str, Value] = {}
    files = play.get("vars_files")
    for index, name in enumerate(files if isinstance(files, list) else []):
        try:
            located = folder.definition(name) if isinstance(name, str) else None
        except Unreadable as error:
            reader.problems.append(part.problem(("vars_files", index), f"{quoted(name)} {error}"))
        else:
            values |= from_file(located, "vars_files", reader) if located else {}
    for name, value in section(play, "vars").items():
        if isinstance(value, bool | int | float | str):
            values[name] = Value(value, "vars", part.at("vars", name))
    return values


def from_file(located: Located, source: str, reader: Reader) -> dict[str, Value]:
    """A file of variables: a mapping of names to plain values."""
    document = reader.document(located)
    if document is None:
        return {}
    if not isinstance(document.data, dict):
        reader.problems.append(document.problem((), "has to be a mapping of names to values"))
        return {}
    values: dict[str, Value] = {}
    for name, value in document.data.items():
        if not _NAME.fullmatch(name):
            reader.problems.append(document.problem((name,), "a name takes letters, digits and _"))
        elif not isinstance(value, bool | int | float | str):
            reader.problems.append(document.problem((name,), "has to be a text, a number, true or false"))
        else:
            values[name] = Value(value, source, document.at(name))
    return values
