"""Colours: one word for each meaning, and what turns it into an escape sequence, or into nothing."""

from __future__ import annotations

from collections.abc import Callable

Paint = Callable[[str, str], str]
"""``paint(word, text)``: the text in the colour of a word: an outcome, a status, ``add``, ``remove``, …"""

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"
COLOURS = {
    "title": BOLD,
    "dim": DIM,
    "ok": GREEN,
    "changed": YELLOW,
    "waiting": CYAN,
    "failed": RED,
    "error": RED,
    "unreachable": RED,
    "warning": YELLOW,
    "running": GREEN,
    "completed": GREEN,
    "starting": CYAN,
    "updating": CYAN,
    "shutdown": DIM,
    "converged": GREEN,
    "pending": CYAN,
    "rolled back": RED,
    "superseded": DIM,
    "add": GREEN,
    "remove": RED,
}


def none(word: str, text: str) -> str:
    """No colour."""
    return text


def ansi(word: str, text: str) -> str:
    """Colour for a terminal."""
    code = COLOURS.get(word)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text
