"""``gateway``: a stack's reverse proxy, in its container."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("gateway")
@click.argument("config", type=click.Path(path_type=Path), required=False)
def command(config: Path | None) -> None:
    """Check the proxy's configuration, then become the proxy.

    For the container that a controller starts; CONFIG is /etc/ailtire/haproxy.cfg there.
    """
    from ailtire_deploy import gateway

    gateway.run(config or gateway.CONFIG)
