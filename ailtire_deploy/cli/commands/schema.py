"""``schema``: the packaged JSON Schemas."""

from __future__ import annotations

import click

from ailtire_deploy.cli.console import Console


@click.command("schema")
@click.argument("name", type=click.Choice(["stack", "playbook"]), default="stack")
def command(name: str) -> None:
    """Print the JSON Schema of stack definitions or playbooks, for editors and other programs.

    \b
    Examples:
      ailtire-deploy schema >stack.schema.json
      ailtire-deploy schema playbook
    """
    from ailtire_deploy import assets

    Console().lines([assets.schema(name).rstrip()])
