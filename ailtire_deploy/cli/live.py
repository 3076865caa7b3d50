"""The live tree on a terminal; the only module that draws with rich."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console as Terminal
from rich.live import Live
from rich.text import Text

from ailtire_deploy import moments, status
from ailtire_deploy.cli.colours import is_coloured
from ailtire_deploy.cli.console import Console
from ailtire_deploy.errors import NotFound
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import State
from ailtire_deploy.views import paint, trees


@contextmanager
def live(console: Console, path: StackPath) -> Iterator[Callable[[State], None]]:
    """A tree that is drawn anew with each look at the swarm, and wiped away at the end."""
    coloured = is_coloured(sys.stderr, console.colour)
    terminal = Terminal(file=sys.stderr, force_terminal=True, no_color=not coloured, highlight=False)
    began = time.time()
    with Live(console=terminal, transient=True, auto_refresh=False) as drawing:
        yield lambda observed: drawing.update(
            picture(observed, path, time.time() - began, terminal.width), refresh=True
        )


def picture(observed: State, path: StackPath, elapsed: float, width: int) -> Text:
    """The tree as a terminal shows it, under the time it took so far."""
    lines = [f"{path}: {moments.duration(elapsed)}"]
    try:
        tree = status.tree(observed, path, {}, time.time())
        lines += trees.as_text(tree, paint.ansi, width - 1)
    except NotFound:
        lines.append("nothing of it is there")
    return Text.from_ansi("\n".join(lines), no_wrap=True, overflow="crop")
