"""``apply``: make the swarm equal to the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console

if TYPE_CHECKING:
    from ailtire_deploy.cli.saved import SavedPlan
    from ailtire_deploy.loading import Playbook
    from ailtire_deploy.remote import Remote


@click.command("apply")
@click.argument("target", type=click.Path(path_type=Path), required=False)
@click.option(
    "--plan",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Do what a saved plan says, unless the swarm or the files have changed since.",
)
@click.option("--allow-prune", is_flag=True, help="Remove even more than half of a stack's services.")
@click.option("--allow-interruption", is_flag=True, help="Replace the edge even though its ports end.")
@click.option("--check", is_flag=True, help="Only show what would be done, like plan.")
@click.option("--diff", is_flag=True, help="Show each field that changes.")
@click.option("--wait/--no-wait", default=True, help="Wait until the whole tree has converged (default).")
@click.option(
    "--timeout",
    type=options.Duration(),
    metavar="TIME",
    help="Give up when nothing has come further for so long (default: from the health checks).",
)
@options.anew
@options.definition
@options.engine
@options.remote
@options.confirmation
@options.console("text", "json", "markdown")
def command(
    console: Console,
    target: Path | None,
    file: Path | None,
    allow_prune: bool,
    allow_interruption: bool,
    check: bool,
    diff: bool,
    anew: options.Anew,
    wait: bool,
    timeout: float | None,
    context: str | None,
    extra: Sequence[str],
    tags: str,
    engine: str | None,
    remote: Remote | None,
    yes: bool,
) -> int:
    """Make the swarm equal to the files, and wait until the whole tree has converged.

    It asks on a terminal before it takes services away. Interrupted, the same command goes on where it was.

    \b
    Examples:
      ailtire-deploy apply stack.yml --context prod -e tag=1.5 --yes
      ailtire-deploy apply playbook.yml --check --diff
      ailtire-deploy apply --plan today.plan
    """
    insist_on_one(target, file, given=bool(context or extra or tags or check or anew.resolve))
    plan = read(file) if file else None
    asked = plan.asked if plan else as_asked(target, context, extra, tags, anew.resolve)
    playbook = targets.load(Path(asked["target"]), asked["context"], asked["extra"], asked["tags"])
    allowed: dict[str, Any] = {"prune": allow_prune, "interrupt": allow_interruption}
    if remote:
        return from_afar(console, remote, playbook, plan, asked, timeout, diff, check, yes, wait, allowed)
    from ailtire_deploy.cli.runs import Run

    allowed |= {"saved": plan, "anew": replace(anew, resolve=asked["resolve"])}
    run = Run(console, engine or asked["engine"], diff, **allowed)
    return run.plan(playbook) if check else run.apply(playbook, yes=yes, wait=wait, patience=timeout)


def as_asked(
    target: Path | None, context: str | None, extra: Sequence[str], tags: str, resolve: bool
) -> dict[str, Any]:
    """How a plan was asked for, as a saved one remembers it."""
    asked = {"target": target, "context": context, "extra": extra, "tags": tags}
    return {**asked, "resolve": resolve, "engine": None}


def from_afar(
    console: Console,
    remote: Remote,
    playbook: Playbook,
    plan: SavedPlan | None,
    asked: Mapping[str, Any],
    timeout: float | None,
    diff: bool,
    check: bool,
    yes: bool,
    wait: bool,
    allowed: Mapping[str, bool],
) -> int:
    """The same over REST. Raises UsageError for what only an engine can do."""
    from ailtire_deploy.cli.afar import Afar
    from ailtire_deploy.cli.runs import Run

    if plan or asked["resolve"] or timeout:
        raise click.UsageError("--plan, --resolve and --timeout need an engine")
    afar = Afar(remote, Run(console, None, diff))
    return afar.plan(playbook) if check else afar.apply(playbook, yes=yes, wait=wait, **allowed)


def read(file: Path) -> SavedPlan:
    from ailtire_deploy.cli import saved

    return saved.read(file)


def insist_on_one(target: Path | None, file: Path | None, *, given: bool) -> None:
    """A target or a saved plan, which brings its own target and values. Raises UsageError."""
    if file and (target or given):
        raise click.UsageError(
            "--plan goes without a target, --context, -e, --tags, --resolve, --check: the plan has all that"
        )
    if not (file or target):
        raise click.UsageError("name a playbook or definition, or a saved plan with --plan")
