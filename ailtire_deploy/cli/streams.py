"""The two streams: no character, closed pipe or full disk may end the program with a traceback."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress

BROKEN_PIPE = 141  # what a shell shows of a program that a closed pipe ended
FAILED = 4  # as ``errors.Failed`` has it, which the help does without
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def prepare() -> None:
    """A character that the terminal's encoding does not have is written out instead of raising.

    What the caller closed leads nowhere; left closed, the next file that is opened would take its place.
    """
    for number in range(3):
        with suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
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
    except OSError as error:
        return unwritable(error)
    return code


def unwritable(error: OSError) -> int:
    """The result has no room where it should go: say so where that can still be said."""
    silenced()
    with suppress(OSError):
        print(f"error: the output cannot be written: {error.strerror}", file=sys.stderr)
    return FAILED


def silenced() -> int:
    """Nobody reads any more: keep the interpreter from complaining about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
