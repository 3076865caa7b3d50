"""The two streams: no character and no closed pipe may end the program with a traceback."""

from __future__ import annotations

import os
import sys

BROKEN_PIPE = 141  # what a shell shows of a program that a closed pipe ended


def prepare() -> None:
    """A character that the terminal's encoding does not have is written out instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def finish(code: int) -> int:
    """Write what is still held back, and say how the process ends."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return silenced()
    return code


def silenced() -> int:
    """Nobody reads any more: keep the interpreter from complaining about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
