"""Taking one value out of nested data. Places in lists stay what they were until the end."""

from __future__ import annotations

import re
from typing import Any

from ailtire_deploy.documents import Path

STEP = re.compile(r"\.?([A-Za-z0-9_-]+)|\[([0-9]+)\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
GONE: Any = object()
"""Stands in a list where something was taken out."""


def without_gone(data: Any) -> Any:
    """The data that is left, with lists closed up."""
    if isinstance(data, dict):
        return {key: without_gone(each) for key, each in data.items()}
    if isinstance(data, list):
        return [without_gone(each) for each in data if each is not GONE]
    return data


def steps(path: str, data: Any) -> Path:
    """``services.web.ports[0]``, as it is in what is left of the data, as steps into the data."""
    found: list[str | int] = []
    holder = data
    for word, number, quoted in STEP.findall(path):
        step = _place(holder, int(number)) if number else word or quoted
        found.append(step)
        holder = at(holder, step)
    return tuple(found)


def _place(holder: Any, number: int) -> int:
    """Where the entry of a list is that has this number when lists are closed up."""
    left = (
        [index for index, each in enumerate(holder) if each is not GONE] if isinstance(holder, list) else []
    )
    return left[number] if number < len(left) else number


def cut(data: dict[str, Any], way: Path) -> Path:
    """Remove what stands at a path, or the deepest part that is there; returns which, () for nothing."""
    holder: Any = data
    for depth, step in enumerate(way):
        last = depth == len(way) - 1
        below = at(holder, step)
        if below is None or last or at(below, way[depth + 1]) is None:
            return way[: depth + 1] if _remove(holder, step) else _parent(data, way[:depth])
        holder = below
    return ()


def put(data: dict[str, Any], way: Path, value: Any) -> None:
    """Another value in the place of one that is there."""
    holder: Any = data
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value


def at(holder: Any, *way: str | int) -> Any:
    """What stands at a path; None for nothing."""
    for step in way:
        try:
            holder = holder[step]
        except (TypeError, LookupError):
            return None
    return holder


def _parent(data: dict[str, Any], way: Path) -> Path:
    """What lacks something goes as a whole."""
    return way if way and _remove(at(data, *way[:-1]), way[-1]) else ()


def _remove(holder: Any, step: str | int) -> bool:
    if at(holder, step) is None or at(holder, step) is GONE:
        return isinstance(holder, dict) and holder.pop(step, GONE) is not GONE
    if isinstance(holder, list) and isinstance(step, int):
        holder[step] = GONE
    else:
        del holder[step]
    return True
