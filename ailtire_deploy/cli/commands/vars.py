"""``vars``: the parameters of the roots, and where their values come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console

if TYPE_CHECKING:
    from ailtire_deploy.loading import Entry


@click.command("vars")
@options.target
@click.option("--show-origin", is_flag=True, help="Say of each value where it comes from.")
@options.definition
@options.console("text", "json", "markdown")
def command(
    console: Console, target: Path, show_origin: bool, context: str | None, extra: Sequence[str], tags: str
) -> None:
    """Show the parameters of each root stack with their values.

    Lowest precedence first: parameter default, definition context, vars_files, playbook vars, the entry's
    parameters, -e.

    \b
    Examples:
      ailtire-deploy vars playbook.yml --show-origin
      ailtire-deploy vars stack.yml --context prod --output json
    """
    from ailtire_deploy.views import plain

    entries = targets.entries(targets.load(target, context, extra, tags))
    header = ("stack", "parameter", "value", "origin", "place")[: 5 if show_origin else 3]
    table = [row[: len(header)] for entry in entries for row in rows(entry)]
    console.result(
        text=lambda: plain.columns([header, *(map(plain.line, row) for row in table)]),
        data=lambda: {str(entry.path): as_json(entry, show_origin) for entry in entries},
        markdown=lambda: plain.table(header, (map(plain.markdown, row) for row in table)),
    )


def rows(entry: Entry) -> list[tuple[str, ...]]:
    found = sorted(entry.origins.items())
    return [(str(entry.path), name, json.dumps(o.value), o.source, o.place) for name, o in found]


def as_json(entry: Entry, show_origin: bool) -> dict[str, Any]:
    if not show_origin:
        return {name: origin.value for name, origin in sorted(entry.origins.items())}
    return {
        name: {"value": origin.value, "source": origin.source, "place": origin.place}
        for name, origin in sorted(entry.origins.items())
    }
