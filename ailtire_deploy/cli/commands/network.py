"""``network``: who can reach whom, and whether that is so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote


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
@options.remote
@options.console("text", "json", "markdown")
def matrix(
    console: Console,
    target: str,
    context: str | None,
    extra: Sequence[str],
    tags: str,
    engine: str | None,
    remote: Remote | None,
) -> None:
    """Print who can reach whom, from the definition: at which ports, and under which names.

    TARGET is a file, for which no engine is needed; PATH is a running stack, whose newest revision counts.

    \b
    Examples:
      ailtire-deploy network matrix stack.yml
      ailtire-deploy network matrix playbook.yml --context prod --output markdown
      ailtire-deploy network matrix shop/orders --output json
      ailtire-deploy network matrix shop --url https://shop.example --token -
    """
    from ailtire_deploy.cli import reach
    from ailtire_deploy.views import matrices

    found = reach.matrices(target, context, extra, tags, engine, remote)
    console.result(
        text=lambda: reach.joined(matrices.as_text(each, console.paint) for each in found),
        data=lambda: {"matrices": found},
        markdown=lambda: reach.joined(matrices.as_markdown(each) for each in found),
    )


@command.command("verify")
@click.argument("path", type=options.StackPathType())
@click.option(
    "--timeout",
    type=options.Duration(),
    metavar="TIME",
    help="How long to wait for all networks: 90s, 5m (default: 2m).",
)
@click.option(
    "--keep/--no-keep", default=True, help="Write the result down at the newest revision (default)."
)
@options.engine
@options.remote
@options.console("text", "json", "markdown")
def verify(
    console: Console,
    path: StackPath,
    timeout: float | None,
    keep: bool,
    engine: str | None,
    remote: Remote | None,
) -> int:
    """Ask inside every network of a running stack, and of all below it, who answers, and compare.

    On each network a short-lived service of our image tries names, and the addresses of everybody in the
    tree; what the matrix does not say is a surprise, and so is who stands where it does not belong. Ends
    with 4 if there is any, 8 if a network gave no answer, 0 if all is as the matrix says.

    \b
    Examples:
      ailtire-deploy network verify shop
      ailtire-deploy network verify shop/orders --output json
      ailtire-deploy network verify shop --url https://shop.example --token -
    """
    from ailtire_deploy.cli import reach
    from ailtire_deploy.survey import LONGEST, PATIENCE

    patience = PATIENCE if timeout is None else timeout
    if patience > LONGEST:
        raise click.UsageError("--timeout: an hour is the most")
    return reach.verify(console, path, engine, remote, patience, keep)
