"""``shutdown``: take root stacks down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote


@click.command("shutdown")
@click.argument("target")
@options.engine
@options.remote
@options.confirmation
@options.console("text", "json", "markdown")
def command(console: Console, target: str, engine: str | None, remote: Remote | None, yes: bool) -> int:
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
    if remote:
        from ailtire_deploy.cli.afar import Afar
        from ailtire_deploy.cli.runs import Run

        if len(paths) != 1:
            raise click.UsageError("--url is the address of one root")
        return Afar(remote, Run(console, None)).shutdown(paths[0], yes=yes)
    return take_down(console, paths, engine, yes=yes, named=not targets.looks_like_a_file(target))
