"""``sweep``: the last of a root stack, removed from a container of its own."""

from __future__ import annotations

import click

from ailtire_deploy.cli import options
from ailtire_deploy.names import StackPath


@click.command("sweep")
@click.argument("stack", type=options.StackPathType())
def command(stack: StackPath) -> None:
    """Remove what is left of a root stack that was shut down over REST, and at last the own service.

    For the container that the root's controller starts when everything below it is gone.
    """
    import os

    from ailtire_deploy.cli.containers import sweep

    sweep(stack, os.environ)
