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
            told, wrong = secrets(found)
            notes, problems = notes + told, problems + wrong
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput(problems)
    for note in notes if console.format == "text" and not console.quiet else ():
        console.tell(plain.line(note))
    console.result(
        text=lambda: [plain.line(f"{file}: valid: {', '.join(paths)}") for file, paths in stacks.items()],
        data=lambda: {"verdict": "valid", "files": stacks, "notes": notes},
    )


def secrets(entries: Sequence[Entry]) -> tuple[list[str], list[Problem]]:
    """What has to be said of values that are not at hand here, and the problems of those that are."""
    from ailtire_deploy.secrets_source import NotAtHand, unread

    notes: list[str] = []
    problems: list[Problem] = []
    for entry in entries:
        for error in unread(entry.stacks, entry.folders, os.environ):
            if isinstance(error, NotAtHand):
                notes += [f"note: {e.file}: {e.path}: {e.message}; apply needs it" for e in error.problems]
            else:
                problems += error.problems
    return notes, problems
