"""``validate``: every problem of the files at once, nothing contacted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console
from ailtire_deploy.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from ailtire_deploy.loading import Entry


@click.command("validate")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.definition
@options.console("text", "json")
def command(
    console: Console, files: Sequence[Path], context: str | None, extra: Sequence[str], tags: str
) -> None:
    """Check playbooks, definitions or bundles with all they name, and show every problem with its line.

    Nothing is contacted. Ends with 3 if there is any problem. A secret whose value is not at hand here is
    told, and is none: apply needs it.

    \b
    Examples:
      ailtire-deploy validate stack.yml
      ailtire-deploy validate playbooks/*.yml --output json
    """
    from ailtire_deploy.views import plain

    stacks: dict[str, list[str]] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    for file in files:
        try:
            found = targets.entries(targets.load(file, context, extra, tags))
            stacks[str(file)] = [str(path) for entry in found for path in sorted(entry.stacks)]
            notes += [note for entry in found for note in missing(entry)]
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput(problems)
    for note in notes if console.format == "text" else ():
        console.tell(plain.line(note))
    console.result(
        text=lambda: [plain.line(f"{file}: valid: {', '.join(paths)}") for file, paths in stacks.items()],
        data=lambda: {"verdict": "valid", "files": stacks, "notes": notes},
    )


def missing(entry: Entry) -> list[str]:
    """The secrets of a root whose values an apply from here would miss."""
    from ailtire_deploy import secrets_source

    try:
        secrets_source.check(entry.stacks, entry.folders, os.environ)
    except InvalidInput as error:
        return [f"note: {each.file}: {each.path}: {each.message}; apply needs it" for each in error.problems]
    return []
