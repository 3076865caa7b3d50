"""The page of a stack: its tree with status, revision and last log line, made here and without script.

Every address in it is relative, so it works behind any prefix. A status may come from a child that was taken
over: what it holds is text of bounded length here, whatever it claims to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy import assets, images, moments
from ailtire_deploy.templating.pages import page as render
from ailtire_deploy.views import plain

WORDS = frozenset(
    {"running", "completed", "starting", "updating", "waiting", "warning", "failed", "error", "shutdown"}
    | {"unreachable"}
)
DEPTH = 30
ROWS = 2000
LENGTH = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One stack or service as the page shows it; ``mood`` is a status word the style knows, or "unknown"."""

    depth: int
    type: str
    name: str
    short: str
    status: str
    mood: str
    message: str
    line: str
    age: str
    revision: str
    tasks: str
    image: str


def page(status: Any) -> str:
    """The page of a status tree, as ``status`` answers it."""
    rows = list(_rows(status))
    return render(assets.template("view.html.j2"), top=rows[0], rows=rows, full=len(rows) >= ROWS)


def locked() -> str:
    """The page for whoever comes without a token: how to get one, and nothing about any stack."""
    return render(assets.template("locked.html.j2"))


def style() -> str:
    """The style sheet of both pages."""
    return assets.template("view.css")


def _rows(status: Any) -> Iterator[Row]:
    """The tree from the top down, without recursion: its depth is not for its sender to choose."""
    left = [(0, status)]
    count = 0
    while left and count < ROWS:
        depth, each = left.pop()
        found = each if isinstance(each, Mapping) else {}
        yield _row(depth, found)
        count += 1
        held = found.get("services")
        if isinstance(held, list) and depth < DEPTH:
            left += [(depth + 1, below) for below in reversed(held[:ROWS])]


def _row(depth: int, found: Mapping[str, Any]) -> Row:
    word = _text(found.get("status"))
    name = _text(found.get("name"))
    return Row(
        depth,
        "Stack" if found.get("type") == "Stack" else "Service",
        name,
        _text(found.get("shortName")) or name or "?",
        word or "unknown",
        word if word in WORDS else "unknown",
        _text(found.get("message")),
        _text(found.get("line")),
        _age(found.get("age")),
        _text(found.get("revision")),
        f"{_text(found.get('running')) or '0'}/{_text(found.get('desired')) or '0'}",
        images.without_digest(_text(found.get("image"))),
    )


def _text(value: Any) -> str:
    """Text and numbers on one line; anything else is nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return plain.shortened(value[: LENGTH + 1] if isinstance(value, str) else f"{value:.20g}", LENGTH)


def _age(value: Any) -> str:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9
    return f"{moments.duration(value)} ago" if known else ""
