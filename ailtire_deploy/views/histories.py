"""The revisions of a stack as text, JSON and Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NotRequired, TypedDict

from ailtire_deploy import images, moments, names, revisions
from ailtire_deploy.diff import Change
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.revisions import Revision
from ailtire_deploy.segments import keeping
from ailtire_deploy.segments.keeping import Shown
from ailtire_deploy.views import paint, plain
from ailtire_deploy.views.paint import Paint

HEADER = ("revision", "written", "outcome", "cause", "author")
CAUSES = {revisions.LOCAL: "REST", revisions.PARENT: "its parent's change"}


class Line(TypedDict):
    """One revision; ``report`` holds the counts by stack that its controller gave, and the reasons.

    Of a rollback ``restores`` names the revision that is back, and ``undoes`` the one that failed, if any.
    ``maintenance`` is what it only turns on or off, "" for any other. ``digests`` are what the tags of images
    stand for, the stack's own and those below, as far as is known. ``segmentation`` is what the
    last look at the networks found while it was the newest, if there was one.
    """

    number: int
    name: str
    created: str
    outcome: str
    cause: str
    origin: str
    author: str
    restores: str
    undoes: str
    maintenance: str
    digests: dict[str, str]
    report: dict[str, Any]
    segmentation: NotRequired[Shown]


def as_json(found: Iterable[Revision]) -> list[Line]:
    """Newest first, as they come."""
    return [_line(each) for each in found]


def as_text(lines: list[Line], colour: Paint = paint.none) -> list[str]:
    """A line a revision; below it the digests that are not those of the one before, and why it failed."""
    rows = plain.columns([HEADER, *(_cells(each) for each in lines)])
    shown = [colour("title", rows[0])]
    older = [each["digests"] for each in lines[1:]] + [{}]
    for each, row, before in zip(lines, rows[1:], older, strict=True):
        shown.append(row.replace(each["outcome"], colour(each["outcome"], each["outcome"]), 1))
        new = sorted(each["digests"].items() - before.items())
        shown += [colour("dim", f"    {plain.line(image)} is {digest}") for image, digest in new]
        if seen := each.get("segmentation"):
            shown.append(
                colour("dim", f"    {plain.line(keeping.sentence(seen))} at {plain.line(seen['time'])}")
            )
        shown += [f"    {plain.line(str(reason))}" for reason in each["report"].get("reasons", [])]
    return shown


def difference(older: Revision, newer: Revision) -> tuple[Change, ...]:
    """What differs between what two revisions mean, field by field. Neither holds the value of a secret."""
    before, after = (_flat("", _told(each.body)) for each in (older, newer))
    fields = sorted({*before, *after})
    return tuple(
        Change(path, before.get(path), after.get(path))
        for path in fields
        if before.get(path) != after.get(path)
    )


def _told(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body without what is no news: its format, and images of which no digest is known."""
    maps = {"digests": body.get("digests", {}), **body.get("below", {})}
    known = {key: {i: d for i, d in each.items() if d} for key, each in maps.items()}
    own = known.pop("digests")
    told = {key: value for key, value in body.items() if key not in ("format", "digests", "below")}
    below = {key: each for key, each in known.items() if each}
    return {**told, **({"digests": own} if own else {}), **({"below": below} if below else {})}


def difference_as_text(changes: Iterable[Change]) -> list[str]:
    shown = [plain.line(line) for each in changes for line in each.lines()]
    return shown or ["no difference"]


def difference_as_json(older: Revision, newer: Revision) -> dict[str, Any]:
    """``{stack, from, to, changes: [{path, before, after}]}``."""
    changes = [{"path": c.path, "before": c.before, "after": c.after} for c in difference(older, newer)]
    return {"stack": str(newer.path), "from": older.number, "to": newer.number, "changes": changes}


def difference_as_markdown(changes: Iterable[Change]) -> list[str]:
    rows = ([plain.code(c.path), plain.code(_shown(c.before)), plain.code(_shown(c.after))] for c in changes)
    return plain.table(("field", "before", "after"), rows)


def _shown(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _flat(path: str, value: Any) -> dict[str, Any]:
    """Every scalar, list and empty mapping by its path."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    found: dict[str, Any] = {}
    for key, each in value.items():
        found |= _flat(f"{path}.{key}" if path else key, each)
    return found


def as_markdown(lines: list[Line]) -> list[str]:
    return plain.table(HEADER, ([plain.markdown(cell) for cell in _cells(each)] for each in lines))


def _cells(line: Line) -> tuple[str, ...]:
    cause = CAUSES.get(line["cause"], line["cause"])
    if line["undoes"] or line["restores"]:
        undone = f" of {line['undoes']}" if line["undoes"] else ""
        cause = f"{cause}{undone} to {line['restores']}"
    cause = f"maintenance {line['maintenance']}" if line["maintenance"] else cause
    cells = (str(line["number"]), line["created"], line["outcome"], cause, line["author"] or "-")
    return tuple(plain.line(cell) for cell in cells)


def _digests(revision: Revision) -> dict[str, str]:
    try:
        found = images.ever([images.recorded(revision.body, revision.path)])
    except InvalidInput:
        return {}
    return dict(sorted(found.items()))


def _line(revision: Revision) -> Line:
    seen = keeping.shown(revision.found)
    line: Line = {
        "number": revision.number,
        "name": revision.name,
        "created": moments.to_text(revision.found.created),
        "outcome": revision.outcome,
        "cause": revision.cause,
        "origin": revision.origin,
        "author": revision.found.labels.get(names.LABEL_AUTHOR, ""),
        "restores": revision.restores,
        "undoes": revision.undoes,
        "maintenance": revision.found.labels.get(names.LABEL_MAINTENANCE, ""),
        "digests": _digests(revision),
        "report": revision.report,
    }
    return {**line, "segmentation": seen} if seen else line
