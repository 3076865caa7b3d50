"""``token``: let somebody speak with a controller."""

from __future__ import annotations

import click

from ailtire_deploy.cli import options
from ailtire_deploy.names import StackPath

HOUR = "1h"


@click.command("token")
@click.argument("stack", type=options.StackPathType())
@click.option(
    "--role",
    type=click.Choice(["viewer", "operator", "admin"]),
    default="viewer",
    show_default=True,
    help="What it allows: read; also change and act; also give secrets and shut down.",
)
@click.option("--ttl", type=options.Duration(), default=HOUR, show_default=True, help="How long it is good.")
@click.option("--subject", metavar="NAME", help="Who it is for, as logs will say (default: your user name).")
@options.engine
def command(stack: StackPath, role: str, ttl: float, subject: str | None, engine: str | None) -> None:
    """Print a token for the REST interface of a stack and everything below it, and nothing else.

    It is made with the root's key from your key file; nobody else is asked. Its id, which takes it back, is
    told on standard error.

    \b
    Examples:
      ailtire-deploy token shop --role admin --ttl 10m
      TOKEN=$(ailtire-deploy token shop)
      curl -H "Authorization: Bearer $TOKEN" http://shop.example/_admin/status
    """
    import secrets
    import time

    from ailtire_deploy import identity, revocation
    from ailtire_deploy.cli.swarms import author, connected, keyring
    from ailtire_deploy.errors import Failed, Usage

    ring = keyring()
    with connected(engine) as swarm:
        keys = ring.get(swarm.info.cluster, str(stack.root))
    if keys is None:
        said = f"the key of {stack.root} on this swarm is not in {ring.path}"
        raise Failed(f"{said}; copy the key file of whoever applied it, or name it in AILTIRE_KEY_FILE")
    key = identity.child_key_for(keys.key, stack.root, stack)
    try:
        now = int(time.time())
        id = revocation.new_id(int(now + ttl), secrets.token_bytes(8))
        click.echo(identity.issue(key, stack, subject or author(), role, int(now + ttl), id, now))
        click.echo(f"id {id}: `ailtire-deploy tokens revoke {stack.root} {id}` takes it back", err=True)
    except ValueError as error:
        raise Usage(str(error)) from None
