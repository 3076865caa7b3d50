"""The status of a tree as text and Markdown; as JSON it is what ``status.tree`` gives."""

from __future__ import annotations

from collections.abc import Iterator

from ailtire_deploy import moments
from ailtire_deploy.segments import keeping
from ailtire_deploy.status import Status
from ailtire_deploy.views import paint, plain
from ailtire_deploy.views.paint import Paint

MARKS = {
    "running": "●",
    "completed": "✓",
    "shutdown": "○",
    "failed": "✗",
    "error": "✗",
    "unreachable": "?",
    "warning": "!",
}
MOVING = "◌"
WIDTH = 100
INDENT = "  "
OLD = 30  # seconds after which traffic is shown with its age


def as_text(tree: Status, colour: Paint = paint.none, width: int = WIDTH) -> list[str]:
    """An indented line a stack or service: mark, name, status, tasks, and why or the last log line."""
    rows = list(walk(tree))
    names = max(len(INDENT * depth + each["shortName"]) for depth, each in rows)
    return [_line(depth, each, names, width, colour) for depth, each in rows]


def as_markdown(tree: Status) -> list[str]:
    """A table with a row a stack or service, named by its path."""
    rows = (
        [
            plain.code(each["name"]),
            each["type"].lower(),
            each["status"],
            _tasks(each),
            plain.markdown(_note(each)),
        ]
        for _, each in walk(tree)
    )
    return plain.table(("name", "type", "status", "tasks", "message"), rows)


def walk(tree: Status, depth: int = 0) -> Iterator[tuple[int, Status]]:
    """The stack itself and everything below it, each with its depth."""
    yield depth, tree
    for each in tree["services"]:
        yield from walk(each, depth + 1)


def mark(status: str) -> str:
    """One character for a status, to be seen without colours too."""
    return MARKS.get(status, MOVING)


def _line(depth: int, each: Status, names: int, width: int, colour: Paint) -> str:
    name = (INDENT * depth + each["shortName"]).ljust(names)
    word = each["status"].ljust(len("unreachable"))
    title = colour("title", name) if each["type"] == "Stack" else name
    sign, tasks = mark(each["status"]), f"{_tasks(each):<5}"
    room = width - len(f"{sign} {name}  {word}  {tasks}  ")
    note = plain.shortened(_note(each), max(20, room))
    return f"{colour(each['status'], sign)} {title}  {colour(each['status'], word)}  {tasks}  {note}".rstrip()


def _tasks(each: Status) -> str:
    return f"{each['running']}/{each['desired']}"


def _note(each: Status) -> str:
    """Why it does as it does; else how much is going on, and what it said last."""
    if each["message"]:
        return each["message"]
    return " · ".join(part for part in (_traffic(each), _word(each)) if part)


def _traffic(each: Status) -> str:
    """The last minute's, as ``12/s 0.4% 8ms``; its age where it is no longer of now."""
    found = each.get("traffic")
    if not found:
        return ""
    often = found["requests"]
    told = f"{often:.1f}/s" if 0.05 <= often < 9.95 else f"{often:.0f}/s"
    if often:
        told += f" {found['errors']:.1%} {found['milliseconds']:.0f}ms"
    return f"{told}, {moments.duration(found['age'])} ago" if found["age"] >= OLD else told


def _word(each: Status) -> str:
    """The revision of a stack, or the last line of a service."""
    if each["type"] == "Stack":
        seen = each.get("segmentation")
        looked = f" · {keeping.sentence(seen)} at {seen['time']}" if seen else ""
        return f"revision {each['revision']}{looked}" if each["revision"] else ""
    if each["age"] is None:
        return ""
    return f"{moments.duration(each['age'])} ago: {each['line']}"
