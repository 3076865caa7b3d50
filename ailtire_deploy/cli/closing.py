"""Maintenance from the command line: closing a stack or a service, and opening it again."""

from __future__ import annotations

from collections.abc import Collection

from ailtire_deploy import closing, maintenance
from ailtire_deploy.cli import progress
from ailtire_deploy.cli.console import Console
from ailtire_deploy.cli.runs import Run
from ailtire_deploy.cli.swarms import connected
from ailtire_deploy.names import StackPath


def close(
    console: Console,
    path: StackPath,
    on: bool,
    message: str,
    allow: Collection[str],
    engine: str | None,
    *,
    check: bool,
    diff: bool,
) -> int:
    """Show the plan, and unless ``check`` carry it out. Returns the exit code."""
    run = Run(console, engine, diff)
    with connected(engine) as swarm:
        launcher = swarm.launcher()
        observed = launcher.engine.observe(path.root)
        stack, key = closing.place(observed, path)
        wish = maintenance.wish(key, on, message, allow)
        draft = closing.draft(observed, stack, wish, launcher.author)
        plan = launcher.plan_draft(stack, draft, observed, f"maintenance {wish}") if draft else {}
        found = list(plan.values())
        console.header(f"MAINTENANCE {'on' if on else 'off'} [{path}] on {swarm}")
        if check:
            return run.show_plan(found)
        run.print(found)
        if draft is not None:
            with progress.watching(console, stack) as watch:
                run.sum.add_recap(launcher.carry_out(stack, draft, watch))
    run.recap()
    return run.sum.exit_code
