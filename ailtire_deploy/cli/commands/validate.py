"""``validate``: every problem of the files at once, nothing contacted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console
from ailtire_deploy.errors import InvalidInput, Problem


@click.command("validate")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.definition
@options.console("text", "json")
def command(
    console: Console, files: Sequence[Path], context: str | None, extra: Sequence[str], tags: str
) -> None:
    """Check playbooks, definitions or bundles with all they name, and show every problem with its line.

    Nothing is contacted. Ends with 3 if there is any problem.

    \b
    Examples:
      ailtire-deploy validate stack.yml
      ailtire-deploy validate playbooks/*.yml --output json
    """
    from ailtire_deploy.views import plain

    stacks: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            found = targets.entries(targets.load(file, context, extra, tags))
            stacks[str(file)] = [str(path) for entry in found for path in sorted(entry.stacks)]
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput(problems)
    console.result(
        text=lambda: [plain.line(f"{file}: valid: {', '.join(paths)}") for file, paths in stacks.items()],
        data=lambda: {"verdict": "valid", "files": stacks},
    )
