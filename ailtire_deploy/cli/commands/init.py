"""``init``: a definition to start from."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("init")
@click.argument("file", type=click.Path(path_type=Path), default="stack.yml")
def command(file: Path) -> None:
    """Write a commented starter definition into a new FILE (stack.yml). An existing file is never touched.

    \b
    Examples:
      ailtire-deploy init
      ailtire-deploy init stacks/shop/stack.yml
    """
    from ailtire_deploy import assets
    from ailtire_deploy.errors import Usage

    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(assets.template("starter.yml"))
    except FileExistsError:
        raise Usage(f"{file} exists, and is left as it is") from None
    except OSError as error:
        raise Usage(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file}: written; next: ailtire-deploy validate {file}")
