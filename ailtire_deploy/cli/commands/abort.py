"""``abort``: end a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote


@click.command("abort")
@click.argument("path", type=options.StackPathType())
@options.engine
@options.remote
@options.console("text", "json")
def command(console: Console, path: StackPath, engine: str | None, remote: Remote | None) -> None:
    """End the release of a service: all requests go back to its old version at once.

    PATH is a service (shop/web) or a stack, for all that are being released in it. The revision has failed
    then, and by default the last that converged is brought back, with all that changed beside the service.

    \b
    Examples:
      ailtire-deploy abort shop/web
    """
    from ailtire_deploy.cli.releasing import ask
    from ailtire_deploy.releases import stages

    ask(console, path, stages.ABORT, engine, remote)
