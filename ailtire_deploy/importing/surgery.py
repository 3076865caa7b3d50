"""Taking one value out of nested data."""

from __future__ import annotations

import re
from typing import Any

from ailtire_deploy.documents import Path

STEP = re.compile(r"\.?([A-Za-z0-9_-]+)|\[([0-9]+)\]|\[\"((?:[^\"\\]|\\.)*)\"\]")


def steps(path: str) -> Path:
    """``services.web.ports[0]`` as steps."""
    found: list[str | int] = []
    for word, number, quoted in STEP.findall(path):
        found.append(int(number) if number else word or quoted)
    return tuple(found)


def cut(data: dict[str, Any], path: str) -> Path:
    """Remove what stands at a path, or the deepest part that is there; returns which, () for nothing."""
    way = steps(path)
    holder: Any = data
    for depth, step in enumerate(way):
        last = depth == len(way) - 1
        below = _at(holder, step)
        if below is None or last or _at(below, way[depth + 1]) is None:
            return way[: depth + 1] if _remove(holder, step) else _parent(data, way[:depth])
        holder = below
    return ()


def _parent(data: dict[str, Any], way: Path) -> Path:
    """What lacks something goes as a whole."""
    holder: Any = data
    for step in way[:-1]:
        holder = _at(holder, step)
    return way if way and _remove(holder, way[-1]) else ()


def _at(holder: Any, step: str | int) -> Any:
    try:
        return holder[step]
    except (TypeError, LookupError):
        return None


def _remove(holder: Any, step: str | int) -> bool:
    try:
        del holder[step]
    except (TypeError, LookupError):
        return False
    return True
