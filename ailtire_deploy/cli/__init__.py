"""The command line: the only place that makes the real objects. Nothing imports it.

``--help`` has to come at once, so nothing heavy is imported before a command needs it: ``front`` holds the
help as text, each command stands in a module of its own, and imports what it uses in the function that uses
it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from ailtire_deploy.cli import front, streams


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    The program itself ends at once: to take its objects apart first would take about 0.1 s.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    streams.prepare()
    code = streams.finish(_run(given))
    if arguments is None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _run(given: list[str]) -> int:
    if given in (["--help"], ["-h"]):
        try:
            print(front.text())
        except OSError as error:
            return streams.silenced() if isinstance(error, BrokenPipeError) else streams.unwritable(error)
        return 0
    from ailtire_deploy.cli.entry import run

    return run(given)
