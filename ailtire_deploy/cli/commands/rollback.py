"""``rollback``: bring an older revision of a stack back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote


@click.command("rollback")
@click.argument("stack", type=options.StackPathType())
@click.argument("number", type=click.IntRange(min=1), required=False)
@click.option("--allow-prune", is_flag=True, help="Remove even more than half of a stack's services.")
@click.option("--allow-interruption", is_flag=True, help="Replace the edge even though its ports end.")
@click.option("--check", is_flag=True, help="Only show what would be done, like plan.")
@click.option("--diff", is_flag=True, help="Show each field that changes.")
@options.engine
@options.remote
@options.confirmation
@options.console("text", "json", "markdown")
def command(
    console: Console,
    stack: StackPath,
    number: int | None,
    allow_prune: bool,
    allow_interruption: bool,
    check: bool,
    diff: bool,
    engine: str | None,
    remote: Remote | None,
    yes: bool,
) -> int:
    """Bring an older revision of a stack back, with all below it, and wait until it has converged.

    Without a NUMBER it is the last that converged before the newest. No file is read: a rollback is a new
    revision that means what the old one meant. `history` lists the numbers. On a terminal it asks before it
    takes services away.

    \b
    Examples:
      ailtire-deploy rollback shop
      ailtire-deploy rollback shop 3 --check --diff
    """
    allowed = {"prune": allow_prune, "interrupt": allow_interruption}
    if remote:
        from ailtire_deploy.cli import afar

        return afar.of(remote, console, diff).rollback(stack, number, check=check, yes=yes, **allowed)
    from ailtire_deploy.cli.return_trip import go_back

    return go_back(console, stack, number, engine, check=check, diff=diff, yes=yes, **allowed)
