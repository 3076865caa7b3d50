"""``history``: the revisions of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote
    from ailtire_deploy.views.histories import Line


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
@options.remote
@options.console("text", "json", "markdown")
def command(
    console: Console,
    stack: StackPath,
    numbers: tuple[int, int] | None,
    since: int | None,
    engine: str | None,
    remote: Remote | None,
) -> None:
    """Show the revisions of a stack, newest first: when, by whom, and what became of each.

    \b
    Examples:
      ailtire-deploy history shop
      ailtire-deploy history shop --diff 3 5
      ailtire-deploy history shop --since 3
      ailtire-deploy history shop/orders --output json
    """
    told = asked(remote, stack, numbers, since) if remote else looked(engine, stack, numbers, since)
    if isinstance(told, dict):
        show_difference(console, told)
    else:
        show(console, stack, told)


def looked(
    engine: str | None, stack: StackPath, numbers: tuple[int, int] | None, since: int | None
) -> dict[str, Any] | list[Line]:
    """The revisions, or the difference of two, as the swarm has them."""
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
        return histories.difference_as_json(older, newer)
    return histories.as_json(revisions.history(observed, stack))


def asked(
    remote: Remote, stack: StackPath, numbers: tuple[int, int] | None, since: int | None
) -> dict[str, Any] | list[Line]:
    """The same as the stack's controller tells it."""
    from ailtire_deploy.views import received

    remote.insist(stack)
    found = [] if numbers else remote.get(stack, "history")
    try:
        if numbers or since:
            older, newer = numbers or (since, found[0]["number"])
            return dict(remote.get(stack, f"history/{newer}/diff", against=older))
        return list(found)
    except received.ODD:
        raise received.unforeseen("history") from None


def show(console: Console, stack: StackPath, lines: list[Line]) -> None:
    from ailtire_deploy.views import histories

    console.result(
        text=lambda: histories.as_text(lines, console.paint),
        data=lambda: {"stack": str(stack), "revisions": lines},
        markdown=lambda: histories.as_markdown(lines),
    )


def show_difference(console: Console, told: dict[str, Any]) -> None:
    from ailtire_deploy.views import histories, received

    changes = received.changes(told.get("changes"))
    console.result(
        text=lambda: histories.difference_as_text(changes),
        data=lambda: told,
        markdown=lambda: histories.difference_as_markdown(changes),
    )
