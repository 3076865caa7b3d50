"""``bundle``: a definition as one document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ailtire_deploy.cli import options, targets
from ailtire_deploy.cli.console import Console


@click.command("bundle")
@options.target
@options.definition
def command(target: Path, context: str | None, extra: Sequence[str], tags: str) -> None:
    """Print the only root stack of TARGET as one JSON document: nested definitions and files inlined.

    A bundle is a target like any other, and what a controller takes as `definition`. It holds no value of a
    secret, only where it comes from.

    \b
    Examples:
      ailtire-deploy bundle stack.yml --context prod >shop.json
      ailtire-deploy apply shop.json
    """
    from ailtire_deploy import loading
    from ailtire_deploy.views import plain

    values, files = targets.split_extra(extra)
    body = loading.bundle(
        target, context=context, extra=values, extra_files=files, tags=targets.split_tags(tags)
    )
    Console().lines([plain.document(body)])
