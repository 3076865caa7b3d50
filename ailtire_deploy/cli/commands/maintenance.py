"""``maintenance``: keep callers away from a service or a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote


@click.command("maintenance")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.argument("path", type=options.StackPathType())
@click.option("--message", default="", metavar="TEXT", help="What callers are told.")
@click.option(
    "--allow",
    multiple=True,
    metavar="RANGE",
    help="Let callers from there in, like 10.0.0.0/8; may be repeated.",
)
@click.option("--check", is_flag=True, help="Only show what would be done, like plan.")
@click.option("--diff", is_flag=True, help="Show each field that changes.")
@options.engine
@options.remote
@options.console("text", "json", "markdown")
def command(
    console: Console,
    state: str,
    path: StackPath,
    message: str,
    allow: tuple[str, ...],
    check: bool,
    diff: bool,
    engine: str | None,
    remote: Remote | None,
) -> int:
    """Answer all callers of a stack or service with 503, and wait until its gateway does.

    PATH is a stack (shop, shop/orders) or a service of one (shop/web). It stays so, whatever is applied or
    rolled back meanwhile, until it is turned off. /_admin is reached as before.

    \b
    Examples:
      ailtire-deploy maintenance on shop --message "Back at noon"
      ailtire-deploy maintenance on shop/web --allow 10.0.0.0/8
      ailtire-deploy maintenance off shop --url https://shop.example
    """
    if remote:
        from ailtire_deploy.cli import afar

        wish = {"on": state == "on", **({"message": message} if message else {})}
        wish |= {"allow": list(allow)} if allow else {}
        return afar.of(remote, console, diff).maintenance(path, wish, check=check)
    from ailtire_deploy.cli.closing import close

    return close(console, path, state == "on", message, allow, engine, check=check, diff=diff)
