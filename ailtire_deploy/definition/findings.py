"""What the checks of a definition find, before it is known in which file and line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

from ailtire_deploy.documents import Path

MOST = 200  # findings of one definition: more is no help, and looking for nearest words costs time
SHOWN = 60  # characters of a value that a message may repeat


class Finding(NamedTuple):
    """One mistake, at a path within one definition.

    ``spoils``: the value there cannot be used at all. When merely something is missing from it, the rest is
    looked at as well.
    """

    path: Path
    message: str
    hint: str = ""
    spoils: bool = True


def quoted(value: Any) -> str:
    """A short value for a message: on one line, with nothing in it that a terminal would obey."""
    text = json.dumps(str(value))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the likeliest of the known words, or all of them when they are few."""
    words = sorted(each for each in known if each.isprintable() and len(each) < SHOWN)[:MOST]
    near = get_close_matches(word[:SHOWN], words, 1, 0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(words)}" if 0 < len(words) <= 8 else ""
