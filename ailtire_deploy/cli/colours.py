"""Whether to use colours, decided here alone: neither click nor rich is asked."""

from __future__ import annotations

import os
from typing import TextIO

from ailtire_deploy.views import paint
from ailtire_deploy.views.paint import Paint


def painter(stream: TextIO, wish: str) -> Paint:
    """How to colour what goes to a stream; ``wish`` is ``auto``, ``always`` or ``never``."""
    return paint.ansi if is_coloured(stream, wish) else paint.none


def is_coloured(stream: TextIO, wish: str) -> bool:
    """``auto`` means: on a terminal that can, unless NO_COLOR is set."""
    if wish != "auto":
        return wish == "always"
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
