"""``adopt``: take over what ``docker stack deploy`` made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console


@click.command("adopt")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--from", "stack", metavar="STACK", help="The old stack (default: the root's own name).")
@click.option("--check", is_flag=True, help="Only show what would be taken over; exit 2 if there is any.")
@options.definition
@options.engine
@options.confirmation
@options.console("text")
def command(
    console: Console,
    target: Path,
    stack: str | None,
    check: bool,
    context: str | None,
    extra: Sequence[str],
    tags: str,
    engine: str | None,
    yes: bool,
) -> int:
    """Take over the services of a stack that docker stack deploy made, so that apply may change them.

    It gives them our labels and changes nothing else; no task restarts. Services keep their names and
    volumes. What is taken over, and what apply will do with it, is shown first.

    \b
    Examples:
      ailtire-deploy adopt stack.yml --check
      ailtire-deploy adopt stack.yml --yes && ailtire-deploy apply stack.yml
    """
    playbook = targets.load(target, context, extra, tags)
    from ailtire_deploy.cli.takeover import take_over

    return take_over(console, playbook, engine, stack, check=check, yes=yes)
