"""``gateway``: a stack's reverse proxy, in its container."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("gateway")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def command(folder: Path | None) -> None:
    """Start the proxy, and have it follow its controller.

    For the container that a controller starts; FOLDER, with the first configuration, is /etc/ailtire there.
    """
    from ailtire_deploy import gateway

    raise SystemExit(gateway.serve(folder) if folder else gateway.serve())
