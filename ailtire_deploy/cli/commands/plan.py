"""``plan``: what would be done, and nothing done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote


@click.command("plan")
@options.target
@click.option(
    "--save",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep the plan; `apply --plan FILE` does that and nothing else.",
)
@click.option("--diff", is_flag=True, help="Show each field that changes.")
@options.anew
@options.definition
@options.engine
@options.remote
@options.console("text", "json", "markdown")
def command(
    console: Console,
    target: Path,
    file: Path | None,
    diff: bool,
    anew: options.Anew,
    context: str | None,
    extra: Sequence[str],
    tags: str,
    engine: str | None,
    remote: Remote | None,
) -> int:
    """Show every write that apply would make, at every level of the tree, and make none.

    Ends with 2 if there is something to do, 0 if not, 4 if something can never be done.

    \b
    Examples:
      ailtire-deploy plan playbook.yml --diff
      ailtire-deploy plan playbook.yml -e replicas=3 --output markdown
      ailtire-deploy plan playbook.yml --save today.plan
    """
    playbook = targets.load(target, context, extra, tags)
    from ailtire_deploy.cli import afar
    from ailtire_deploy.cli.runs import Run

    if remote:
        insist_on_no_engine(file, anew.resolve)
        return afar.of(remote, console, diff).plan(playbook)
    run = Run(console, engine, diff, anew=anew)
    if file is None:
        return run.plan(playbook)
    from ailtire_deploy.cli.saved import SavedPlan

    asked = {"target": str(target), "context": context, "extra": list(extra), "tags": tags, "engine": engine}
    run.saved = SavedPlan({**asked, "resolve": anew.resolve})
    code = run.plan(playbook)
    run.saved.write(file)
    return code


def insist_on_no_engine(file: Path | None, resolve: bool) -> None:
    """Raises UsageError for what only an engine can do."""
    if file or resolve:
        raise click.UsageError("--save and --resolve need an engine")
