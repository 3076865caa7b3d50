"""``shutdown``: take root stacks down."""

from __future__ import annotations

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console


@click.command("shutdown")
@click.argument("target")
@options.engine
@options.confirmation
@options.console("text", "json", "markdown")
def command(console: Console, target: str, engine: str | None, yes: bool) -> int:
    """Take a root stack down, leaf to root, until nothing but its volumes is left.

    TARGET is the name of a running root stack, or a file whose roots are meant. On a terminal it asks first;
    elsewhere it wants --yes.

    \b
    Examples:
      ailtire-deploy shutdown shop
      ailtire-deploy shutdown playbook.yml --yes
    """
    from ailtire_deploy.cli.departure import insist_on_roots, take_down

    paths = targets.paths(target)
    insist_on_roots(paths)
    return take_down(console, paths, engine, yes=yes, named=not targets.looks_like_a_file(target))
