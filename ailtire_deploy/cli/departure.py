"""Taking whole trees down from the command line."""

from __future__ import annotations

from collections.abc import Sequence

from ailtire_deploy.cli import progress
from ailtire_deploy.cli.console import Console
from ailtire_deploy.cli.runs import Run, confirm, insist_on_an_answer
from ailtire_deploy.cli.swarms import Swarm, connected
from ailtire_deploy.errors import Usage
from ailtire_deploy.names import StackPath


def insist_on_roots(paths: Sequence[StackPath]) -> None:
    """A child goes when its parent's definition no longer has it. Raises Usage for one."""
    below = next((each for each in paths if each.parent), None)
    if below:
        raise Usage(f"{below} is not a root: take it out of the definition of {below.parent} and apply that")


def take_down(console: Console, paths: Sequence[StackPath], engine: str | None, *, yes: bool) -> int:
    """Shut roots down, one after another."""
    run = Run(console, engine)
    names = ", ".join(map(str, paths))
    insist_on_an_answer(yes=yes)
    with connected(engine) as swarm:
        console.header(f"SHUTDOWN [{names}] on {swarm}")
        if not yes:
            confirm(f"Shut down {names}? Everything but volumes will be removed.")
        for path in paths:
            _take_down(run, swarm, path)
    run.recap()
    return run.sum.exit_code


def _take_down(run: Run, swarm: Swarm, path: StackPath) -> None:
    with progress.watching(run.console, path) as watch:
        run.sum.add_recap(swarm.launcher().shutdown(path, watch))
