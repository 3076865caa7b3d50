"""``history``: the revisions of a stack."""

from __future__ import annotations

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath


@click.command("history")
@click.argument("stack", type=options.StackPathType())
@click.option(
    "--diff",
    "numbers",
    type=click.IntRange(min=1),
    nargs=2,
    metavar="OLDER NEWER",
    help="Show what differs between two revisions.",
)
@click.option(
    "--since",
    type=click.IntRange(min=1),
    metavar="OLDER",
    help="The same, between one revision and the newest.",
)
@options.engine
@options.console("text", "json", "markdown")
def command(
    console: Console,
    stack: StackPath,
    numbers: tuple[int, int] | None,
    since: int | None,
    engine: str | None,
) -> None:
    """Show the revisions of a stack, newest first: when, by whom, and what became of each.

    \b
    Examples:
      ailtire-deploy history shop
      ailtire-deploy history shop --diff 3 5
      ailtire-deploy history shop --since 3
      ailtire-deploy history shop/orders --output json
    """
    from ailtire_deploy import recovery, revisions
    from ailtire_deploy.cli.swarms import connected
    from ailtire_deploy.views import histories

    with connected(engine) as swarm:
        observed = swarm.engine.observe(stack.root)
    recovery.insist(observed, stack)
    if since:
        numbers = since, revisions.history(observed, stack)[0].number
    if numbers:
        older, newer = (recovery.numbered(observed, stack, number) for number in numbers)
        changes = histories.difference(older, newer)
        console.result(
            text=lambda: histories.difference_as_text(changes),
            data=lambda: histories.difference_as_json(older, newer),
            markdown=lambda: histories.difference_as_markdown(changes),
        )
        return
    found = revisions.history(observed, stack)
    console.result(
        text=lambda: histories.as_text(found, console.paint),
        data=lambda: {"stack": str(stack), "revisions": histories.as_json(found)},
        markdown=lambda: histories.as_markdown(found),
    )
