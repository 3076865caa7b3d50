"""``history``: the revisions of a stack."""

from __future__ import annotations

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath


@click.command("history")
@click.argument("stack", type=options.StackPathType())
@options.engine
@options.console("text", "json", "markdown")
def command(console: Console, stack: StackPath, engine: str | None) -> None:
    """Show the revisions of a stack, newest first: when, by whom, and what became of each.

    \b
    Examples:
      ailtire-deploy history shop
      ailtire-deploy history shop/orders --output json
    """
    from ailtire_deploy import revisions
    from ailtire_deploy.cli.swarms import connected
    from ailtire_deploy.errors import NotFound
    from ailtire_deploy.views import histories

    with connected(engine) as swarm:
        found = revisions.history(swarm.engine.observe(stack.root), stack)
    if not found:
        raise NotFound(f"there is no stack {stack} on this swarm")
    console.result(
        text=lambda: histories.as_text(found, console.paint),
        data=lambda: {"stack": str(stack), "revisions": histories.as_json(found)},
        markdown=lambda: histories.as_markdown(found),
    )
