"""The revisions of a stack as text, JSON and Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict

from ailtire_deploy import moments, names
from ailtire_deploy.revisions import Revision
from ailtire_deploy.views import paint, plain
from ailtire_deploy.views.paint import Paint

HEADER = ("revision", "written", "outcome", "cause", "author")


class Line(TypedDict):
    """One revision; ``report`` holds the counts by stack that its controller gave, and the reasons."""

    number: int
    name: str
    created: str
    outcome: str
    cause: str
    origin: str
    author: str
    report: dict[str, Any]


def as_json(revisions: Iterable[Revision]) -> list[Line]:
    """Newest first, as they come."""
    return [_line(each) for each in revisions]


def as_text(revisions: Iterable[Revision], colour: Paint = paint.none) -> list[str]:
    """A line a revision, the reasons of those that failed below it."""
    lines = as_json(revisions)
    rows = plain.columns([HEADER, *(_cells(each) for each in lines)])
    shown = [colour("title", rows[0])]
    for each, row in zip(lines, rows[1:], strict=True):
        shown.append(row.replace(each["outcome"], colour(each["outcome"], each["outcome"]), 1))
        shown += [f"    {plain.line(str(reason))}" for reason in each["report"].get("reasons", [])]
    return shown


def as_markdown(revisions: Iterable[Revision]) -> list[str]:
    return plain.table(
        HEADER, ([plain.markdown(cell) for cell in _cells(each)] for each in as_json(revisions))
    )


def _cells(line: Line) -> tuple[str, ...]:
    cells = (str(line["number"]), line["created"], line["outcome"], line["cause"], line["author"] or "-")
    return tuple(plain.line(cell) for cell in cells)


def _line(revision: Revision) -> Line:
    return {
        "number": revision.number,
        "name": revision.name,
        "created": moments.to_text(revision.found.created),
        "outcome": revision.outcome,
        "cause": revision.cause,
        "origin": revision.origin,
        "author": revision.found.labels.get(names.LABEL_AUTHOR, ""),
        "report": revision.report,
    }
