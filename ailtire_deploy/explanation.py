"""Why things of a tree are not well, one by one, with what can be done: what ``status --explain`` shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypedDict

from ailtire_deploy import causes
from ailtire_deploy.status import HARMLESS, Status

NONE: Mapping[str, str] = MappingProxyType({})


class Finding(TypedDict):
    """One thing that is not well. ``cause`` and ``remedy`` are "" where the engine's words say it all."""

    name: str
    status: str
    why: str
    cause: str
    remedy: str
    line: str


def explained(tree: Status, deadlines: Mapping[str, str] = NONE) -> dict[str, Any]:
    """The answer to ``explain``: how the stack does, what is not well, and when what is on its way fails."""
    return {
        "stack": tree["name"],
        "status": tree["status"],
        "findings": findings(tree),
        "deadlines": dict(deadlines),
    }


def findings(tree: Status) -> list[Finding]:
    """The services that are not well, and stacks for which no service of theirs is the reason."""
    return list(_within(tree))


def _within(node: Status) -> Iterator[Finding]:
    below = [each for held in node["services"] for each in _within(held)]
    if node["status"] not in HARMLESS and (node["type"] == "Service" or not below):
        yield _finding(node)
    yield from below


def _finding(node: Status) -> Finding:
    cause = causes.of(node["message"])
    return {
        "name": node["name"],
        "status": node["status"],
        "why": node["message"] or f"{node['running']} of {node['desired']} tasks run",
        "cause": cause.name if cause else "",
        "remedy": cause.remedy if cause else "",
        "line": node["line"],
    }
