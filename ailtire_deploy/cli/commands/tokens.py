"""``tokens``: take tokens back before they end."""

from __future__ import annotations

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath


@click.group("tokens")
def command() -> None:
    """Take tokens of a root stack, and of all stacks below it, back before they end."""


@command.command("revoke")
@click.argument("stack", type=options.StackPathType())
@click.argument("token", required=False, metavar="ID|TOKEN")
@click.option("--all", "everything", is_flag=True, help="Every token that was made until now.")
@options.engine
def revoke(stack: StackPath, token: str | None, everything: bool, engine: str | None) -> None:
    """Take a token back, by the id that `token` told on standard error, or by the token itself.

    STACK is its root. Every controller of the tree refuses it within seconds. - reads it from standard input.

    \b
    Examples:
      ailtire-deploy tokens revoke shop 6f3a21c0-0123456789abcdef
      ailtire-deploy tokens revoke shop --all
    """
    import sys

    from ailtire_deploy.cli.takings import take_back

    if everything == bool(token):
        raise click.UsageError("name one token, or say --all")
    said = sys.stdin.readline().strip() if token == "-" else token
    click.echo(take_back(stack.root, said, engine), err=True)


@command.command("list")
@click.argument("stack", type=options.StackPathType())
@options.engine
@options.console("text", "json")
def listed(console: Console, stack: StackPath, engine: str | None) -> None:
    """Show what is taken back and has not ended yet. Tokens that were given out are written down nowhere.

    \b
    Examples:
      ailtire-deploy tokens list shop
    """
    from ailtire_deploy.cli.takings import as_json, as_text, held

    found = held(stack.root, engine)
    console.result(text=lambda: as_text(found), data=lambda: as_json(found))
