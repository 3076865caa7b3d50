"""``render``: what would be deployed, as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console


@click.command("render")
@options.target
@click.option(
    "-o",
    "--directory",
    "directory",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where to write; made when it is not there.",
)
@options.definition
@options.engine
@options.console("text", "json")
def command(
    console: Console,
    target: Path,
    directory: Path,
    context: str | None,
    extra: Sequence[str],
    tags: str,
    engine: str | None,
) -> None:
    """Write exactly what would be deployed: compose file, proxy configuration and controller environment.

    One folder a stack: DIR/shop, DIR/shop/orders, … Nothing is written to the swarm; it is asked for the
    addresses of networks and the names of secrets. `docker stack deploy -c DIR/shop/compose.yml NAME` makes
    the same services.

    \b
    Examples:
      ailtire-deploy render playbook.yml -o out
      ailtire-deploy render stack.yml --context prod -o out
    """
    from ailtire_deploy.cli.rendering import folders
    from ailtire_deploy.cli.writing import write

    playbook = targets.load(target, context, extra, tags)
    files = folders(playbook, engine)
    written = write(directory, files)
    console.result(
        text=lambda: [str(file) for file in written],
        data=lambda: {"verdict": "rendered", "files": [str(file) for file in written]},
    )
