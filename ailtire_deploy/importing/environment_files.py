"""Files of variables, as Compose reads them: quotes, comments, ``export``."""

from __future__ import annotations

import re

LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*
    (?:=\s*(?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<bare>.*?))\s*(?:(?:^|(?<=\s))\#.*)?)?""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def read(text: str) -> tuple[dict[str, str], list[str]]:
    """The variables, and the names that have no value. Raises ValueError for a line that is none."""
    found: dict[str, str] = {}
    without: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not (parts := LINE.fullmatch(line)):
            raise ValueError(f"has no variable on line {number}")
        if "=" in line:
            found[parts["name"]] = _value(parts)
        else:
            without.append(parts["name"])
    return found, without


def _value(parts: re.Match[str]) -> str:
    if parts["double"] is not None:
        return re.sub(r"\\(.)", lambda each: ESCAPES.get(each[1], each[1]), parts["double"])
    return parts["single"] if parts["single"] is not None else (parts["bare"] or "")
