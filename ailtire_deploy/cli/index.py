"""All commands by name, with their one line, so that ``--help`` imports none of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

SECTIONS: dict[str, dict[str, str]] = {
    "Definitions (no engine needed)": {
        "init": "Write a commented starter definition into a new file.",
        "validate": "Check files and show every problem with its line.",
        "vars": "Show the parameters of each root and where each value comes from.",
        "bundle": "Print a definition as one document, everything it names inlined.",
        "schema": "Print the JSON Schema of stack or playbook files.",
    },
    "The swarm": {
        "render": "Write what would be deployed as files, a folder a stack.",
        "plan": "Show every write that apply would make, and make none.",
        "apply": "Make the swarm equal to the files and wait until it is.",
        "shutdown": "Take a root stack down, leaf to root; volumes stay.",
        "status": "Show a stack and everything below it.",
        "logs": "Show the log lines of a stack and everything below it.",
        "history": "Show the revisions of a stack and what became of them.",
        "token": "Print a token for the REST interface of a stack.",
        "doctor": "Check the engine, the swarm and the image.",
    },
    "Inside containers": {
        "serve": "Run the controller of a stack (configured by AILTIRE_*).",
        "gateway": "Run the reverse proxy of a stack.",
        "sweep": "Remove a root stack whose controller asked for it.",
    },
}
ALIASES = {"app": "The older words: `app deploy` is `apply`."}


class Index(click.Group):
    """A group that imports a command when it is called, and lists all without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for section in SECTIONS.values() for name in section] + list(ALIASES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        found: Any = import_module(f"ailtire_deploy.cli.commands.{cmd_name}").command
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))
