"""``network``: who can reach whom, and whether that is so."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console


@click.group("network")
def command() -> None:
    """Show who can reach whom in a tree of stacks, and verify it on the living networks.

    \b
    Examples:
      ailtire-deploy network matrix stack.yml
      ailtire-deploy network matrix shop/orders
      ailtire-deploy network verify shop
    """


@command.command("matrix")
@click.argument("target", metavar="TARGET|PATH")
@options.definition
@options.engine
@options.console("text", "json", "markdown")
def matrix(
    console: Console, target: str, context: str | None, extra: Sequence[str], tags: str, engine: str | None
) -> None:
    """Print who can reach whom, from the definition: at which ports, and under which names.

    TARGET is a file, for which no engine is needed; PATH is a running stack, whose newest revision counts.

    \b
    Examples:
      ailtire-deploy network matrix stack.yml
      ailtire-deploy network matrix playbook.yml --context prod --output markdown
      ailtire-deploy network matrix shop/orders --output json
    """
    from ailtire_deploy.cli import reach
    from ailtire_deploy.views import matrices

    found = reach.matrices(target, context, extra, tags, engine)
    console.result(
        text=lambda: reach.joined(matrices.as_text(m, path, console.paint) for path, m in found),
        data=lambda: {"matrices": [matrices.as_json(m, path) for path, m in found]},
        markdown=lambda: reach.joined(matrices.as_markdown(m, path) for path, m in found),
    )
