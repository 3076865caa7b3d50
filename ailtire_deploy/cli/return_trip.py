"""Going back to an older revision from the command line."""

from __future__ import annotations

from ailtire_deploy import interruption, pruning
from ailtire_deploy.cli import progress
from ailtire_deploy.cli.console import Console
from ailtire_deploy.cli.runs import Run, ask_for_removals
from ailtire_deploy.cli.swarms import connected
from ailtire_deploy.names import LABEL_RESTORES, StackPath


def go_back(
    console: Console,
    stack: StackPath,
    number: int | None,
    engine: str | None,
    *,
    check: bool,
    diff: bool,
    yes: bool,
    prune: bool,
    interrupt: bool,
) -> int:
    """Show the plan of a rollback, and unless ``check`` carry it out. Returns the exit code.

    Raises Refused when it would do what neither ``prune`` nor ``interrupt`` allows.
    """
    run = Run(console, engine, diff)
    with connected(engine) as swarm:
        launcher = swarm.launcher()
        draft, found = launcher.plan_rollback(stack, number)
        console.header(f"ROLLBACK [{stack}] to {draft.labels[LABEL_RESTORES]} on {swarm}")
        if check:
            return run.show_plan(list(found.values()))
        run.print(list(found.values()))
        if not prune:
            pruning.refuse_excess(found, launcher.engine.observe(stack.root))
        if not interrupt:
            interruption.refuse(found.values())
        if not yes:
            ask_for_removals(list(found.values()))
        with progress.watching(console, stack) as watch:
            run.sum.add_recap(launcher.carry_out(stack, draft, watch))
    run.recap()
    return run.sum.exit_code
