"""Data with the place in its file of every value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ailtire_deploy.errors import Problem

Path = tuple[str | int, ...]

SHOWN = 80  # letters of a key
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file. Lines and columns count from 1; an entry of a mapping is where its key is."""

    value: Any
    line: int = 0
    column: int = 0
    below: Mapping[str | int, Node] = field(default_factory=dict)
    weight: int = 1  # how many values it stands for, itself included
    height: int = 1  # how deep they are nested


@dataclass(frozen=True, slots=True)
class Document:
    """A file, or a part of one: ``prefix`` is the way from the file's top to this part."""

    file: str
    node: Node
    prefix: Path = ()

    @classmethod
    def unmarked(cls, data: Any, file: str) -> Document:
        """Data that was never a file of lines: its problems name a path, but no line."""
        return cls(file, Node(data))

    @property
    def data(self) -> Any:
        return self.node.value

    def at(self, *path: str | int) -> Document:
        """The part at ``path``; where the path leaves the document, its last value that exists."""
        node = self.node
        for step in path:
            node = node.below.get(step) or _unmarked(node, step)
        return Document(self.file, node, (*self.prefix, *path))

    def problem(self, path: Path, message: str, hint: str = "") -> Problem:
        """A Problem at ``path``, with the place of the deepest value on the way that the file holds."""
        part = self.at(*path)
        return Problem(self.file, part.node.line, part.node.column, dotted(part.prefix), message, hint)


def _unmarked(node: Node, step: str | int) -> Node:
    """What lies below a node that keeps no marks of it; nothing, where the path leaves the data."""
    try:
        value = node.value[step]
    except (TypeError, LookupError):
        value = None
    return Node(value, node.line, node.column)


def dotted(path: Path) -> str:
    """A path as text: ``services.web.volumes[0]``; a key that is no plain word stands in ``["…"]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step) and len(step) <= SHOWN:
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step[:SHOWN])}]"
    return text
