"""``promote``: let a release go on now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote


@click.command("promote")
@click.argument("path", type=options.StackPathType())
@click.option("--fully", is_flag=True, help="Rest at no later step either.")
@options.engine
@options.remote
@options.console("text", "json")
def command(
    console: Console, path: StackPath, fully: bool, engine: str | None, remote: Remote | None
) -> None:
    """Let the release of a service go on to its next step now, whatever its pause says.

    PATH is a service (shop/web) or a stack, for all that are being released in it. A step still waits for its
    tasks, and what ends the release still counts. The `apply` that waits shows how it goes on.

    \b
    Examples:
      ailtire-deploy promote shop/web
      ailtire-deploy promote shop --fully
    """
    from ailtire_deploy.cli.releasing import ask
    from ailtire_deploy.releases import stages

    ask(console, path, stages.FULLY if fully else stages.PROMOTE, engine, remote)
