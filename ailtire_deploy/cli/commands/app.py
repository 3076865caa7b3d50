"""``app deploy``: the verb of the original ailtire."""

from __future__ import annotations

import click

from ailtire_deploy.cli.commands.apply import command as apply


@click.group("app")
def command() -> None:
    """The older words for what is called apply now."""


command.add_command(apply, "deploy")
