"""``tokens``: take tokens back before they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote


@click.group("tokens")
def command() -> None:
    """Take tokens of a root stack, and of all stacks below it, back before they end."""


@command.command("revoke")
@click.argument("stack", type=options.StackPathType())
@click.argument("id", required=False, metavar="ID|TOKEN")
@click.option("--all", "everything", is_flag=True, help="Every token that was made until now.")
@options.engine
@options.remote
def revoke(
    stack: StackPath, id: str | None, everything: bool, engine: str | None, remote: Remote | None
) -> None:
    """Take a token back, by the id that `token` told on standard error, or by the token itself.

    STACK is its root. Every controller of the tree refuses it within seconds. - reads it from standard input.
    Over REST it takes the token of an admin, which may be the very one that is taken back.

    \b
    Examples:
      ailtire-deploy tokens revoke shop 6f3a21c0-0123456789abcdef
      ailtire-deploy tokens revoke shop --all
      ailtire-deploy tokens revoke shop --all --url https://shop.example
    """
    import sys

    from ailtire_deploy.cli.takings import take_back

    if everything == bool(id):
        raise click.UsageError("name one token, or say --all")
    said = sys.stdin.readline().strip() if id == "-" else id
    if not (said or everything):
        raise click.UsageError("there is no token on standard input")
    click.echo(take_back(stack.root, said, engine, remote), err=True)


@command.command("list")
@click.argument("stack", type=options.StackPathType())
@options.engine
@options.remote
@options.console("text", "json")
def listed(console: Console, stack: StackPath, engine: str | None, remote: Remote | None) -> None:
    """Show what is taken back and has not ended yet. Tokens that were given out are written down nowhere.

    \b
    Examples:
      ailtire-deploy tokens list shop
    """
    from ailtire_deploy.cli.takings import held
    from ailtire_deploy.views import withdrawn

    found = held(stack.root, engine, remote)
    console.result(text=lambda: withdrawn.as_text(found), data=lambda: found)
