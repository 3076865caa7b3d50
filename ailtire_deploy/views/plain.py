"""Foreign text made harmless: a terminal obeys control characters, a Markdown reader obeys markup."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\x1b"}
HARMFUL = frozenset(
    {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
)  # controls, direction marks, lone halves, odd line ends
MARKUP = re.compile(r"([\\`*_\[\]<>|#~&])")


def line(text: str) -> str:
    """A text on one line of a terminal, with everything that is not meant to be seen written out."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def lines(text: str) -> list[str]:
    """A text of several lines, each made harmless; tabs become spaces."""
    return [line(each) for each in text.expandtabs(4).split("\n")]


def shortened(text: str, width: int) -> str:
    """One harmless line of at most ``width`` characters."""
    shown = line(text)
    return shown if len(shown) <= width else shown[: max(0, width - 1)] + "…"


def markdown(text: str) -> str:
    """A text inside a Markdown paragraph or table cell, markup written out."""
    return MARKUP.sub(r"\\\1", line(text))


def code(text: str) -> str:
    """A text as inline code in Markdown, fenced with more backticks than it holds."""
    shown = line(text).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if "`" in shown else f"{fence}{shown}{fence}"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A Markdown table of cells that are Markdown already."""
    titles = list(header)
    body = [titles, ["---"] * len(titles), *(list(row) for row in rows)]
    return [f"| {' | '.join(row)} |" for row in body]


def columns(rows: Iterable[Iterable[str]]) -> list[str]:
    """Rows of cells in aligned columns, without spaces at the ends of lines."""
    cells = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]


def document(data: Any) -> str:
    """One JSON document in pure ASCII: nothing in it can do anything to a terminal."""
    return json.dumps(data, indent=2)


def _visible(character: str) -> str:
    if character in NAMED:
        return NAMED[character]
    if unicodedata.category(character) not in HARMFUL:
        return character
    number = ord(character)
    return (
        f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
    )
