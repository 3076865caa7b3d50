"""``import``: a Compose file as a definition."""

from __future__ import annotations

from pathlib import Path

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the definition there, into a new file (default: stdout).",
)
@click.option("--strict", is_flag=True, help="End with 4 if something is impossible.")
@options.console("text", "json")
def command(console: Console, file: Path, out: Path | None, strict: bool) -> int:
    """Make a definition of a Docker Compose or stack FILE, and say what became of each key.

    A key is kept, translated, or impossible on a swarm and left out. ${VARIABLES} become parameters. The file
    itself is never changed, and an existing definition is not written over.

    \b
    Examples:
      ailtire-deploy import docker-compose.yml
      ailtire-deploy import docker-compose.yml -o stack.yml
    """
    from ailtire_deploy.cli.imports import read, write
    from ailtire_deploy.documents import write_yaml
    from ailtire_deploy.views import imports

    found = read(file)
    text = write_yaml(found.definition, f"Made from {file.name}; what it could not say is not in here.")
    report = imports.as_text(found, str(file))
    if out:
        write(out, text)
        report.append(f"{out}: written; next: ailtire-deploy validate {out}")
    else:
        for line in report:
            console.tell(line)
    console.result(
        text=lambda: report if out else text.splitlines(),
        data=lambda: imports.as_json(found),
    )
    return 4 if strict and found.impossible else 0
