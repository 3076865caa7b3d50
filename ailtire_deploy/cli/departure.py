"""Taking whole trees down from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from ailtire_deploy.cli import progress
from ailtire_deploy.cli.console import Console
from ailtire_deploy.cli.runs import Run, confirm, insist_on_an_answer
from ailtire_deploy.cli.swarms import Swarm, connected
from ailtire_deploy.errors import NotFound, Usage
from ailtire_deploy.names import StackPath


def insist_on_roots(paths: Sequence[StackPath]) -> None:
    """A child goes when its parent's definition no longer has it. Raises Usage for one."""
    below = next((each for each in paths if each.parent), None)
    if below:
        raise Usage(f"{below} is not a root: take it out of the definition of {below.parent} and apply that")


def take_down(
    console: Console, paths: Sequence[StackPath], engine: str | None, *, yes: bool, named: bool
) -> int:
    """Shut roots down, one after another; one that was ``named`` has to be there. Raises NotFound."""
    run = Run(console, engine)
    names = ", ".join(map(str, paths))
    insist_on_an_answer(yes=yes)
    with connected(engine) as swarm:
        console.header(f"SHUTDOWN [{names}] on {swarm}")
        if named:
            insist_on_a_stack(swarm, paths[0])
        if not yes:
            confirm(f"Shut down {names}? Everything but volumes will be removed.")
        for path in paths:
            _take_down(run, swarm, path)
    run.recap()
    return run.sum.exit_code


def insist_on_a_stack(swarm: Swarm, path: StackPath) -> None:
    """Raises NotFound, with the nearest name, for a root that is not there."""
    if any(True for _ in swarm.engine.observe(path)):
        return
    there = {str(each.path.root) for each in swarm.engine.observe(StackPath()) if each.path}
    near = get_close_matches(str(path), sorted(there), 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise NotFound(f"there is no stack {path} on this swarm{hint}")


def _take_down(run: Run, swarm: Swarm, path: StackPath) -> None:
    with progress.watching(run.console, path) as watch:
        run.sum.add_recap(swarm.launcher().shutdown(path, watch))
