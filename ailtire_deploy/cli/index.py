"""A group that imports a command when it is called, and lists all without importing any."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from ailtire_deploy.cli import front

NAMES = [name for section in front.SECTIONS.values() for name in section] + list(front.ALIASES)


class Index(click.Group):
    """All commands, by the names of ``front``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return NAMES

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NAMES:
            return None
        found: Any = import_module(f"ailtire_deploy.cli.commands.{cmd_name}").command
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say which command was probably meant, where there is one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], NAMES, n=1)
            if near and not args[0].startswith("-"):
                said = f"{error.message.rstrip('.')}; did you mean {near[0]}?"
                raise click.UsageError(said, error.ctx) from None
            raise

    def get_help(self, ctx: click.Context) -> str:
        return front.text()
