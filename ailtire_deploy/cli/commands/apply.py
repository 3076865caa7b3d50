"""``apply``: make the swarm equal to the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console


@click.command("apply")
@options.target
@click.option("--check", is_flag=True, help="Only show what would be done, like plan.")
@click.option("--diff", is_flag=True, help="Show each field that changes.")
@click.option("--wait/--no-wait", default=True, help="Wait until the whole tree has converged (default).")
@click.option(
    "--timeout",
    type=options.Duration(),
    metavar="TIME",
    help="Give up when nothing has come further for so long (default: from the health checks).",
)
@options.definition
@options.engine
@options.confirmation
@options.console("text", "json", "markdown")
def command(
    console: Console,
    target: Path,
    check: bool,
    diff: bool,
    wait: bool,
    timeout: float | None,
    context: str | None,
    extra: Sequence[str],
    tags: str,
    engine: str | None,
    yes: bool,
) -> int:
    """Make the swarm equal to the files, and wait until the whole tree has converged.

    On a terminal it asks before it takes services away. Interrupting it leaves the swarm at work: the same
    command goes on where it was.

    \b
    Examples:
      ailtire-deploy apply playbook.yml
      ailtire-deploy apply stack.yml --context prod -e tag=1.5 --yes
      ailtire-deploy apply playbook.yml --check --diff
    """
    playbook = targets.load(target, context, extra, tags)
    from ailtire_deploy.cli.runs import Run

    run = Run(console, engine, diff)
    if check:
        return run.plan(playbook)
    return run.apply(playbook, yes=yes, wait=wait, patience=timeout)
