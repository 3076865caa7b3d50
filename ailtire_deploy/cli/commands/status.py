"""``status``: a stack and everything below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote
    from ailtire_deploy.status import Status


@click.command("status")
@click.argument("stack", type=options.StackPathType())
@click.option("--explain", is_flag=True, help="Only what is not well: why, and what can be done.")
@options.engine
@options.remote
@options.console("text", "json", "markdown")
def command(
    console: Console, stack: StackPath, explain: bool, engine: str | None, remote: Remote | None
) -> None:
    """Show how a stack does, with everything below it: tasks, reasons, last log lines.

    \b
    Examples:
      ailtire-deploy status shop
      ailtire-deploy status shop --explain
      ailtire-deploy status shop/orders --output json
      ailtire-deploy status shop --url https://shop.example --token -
    """
    tree, times = asked(remote, stack, explain) if remote else looked(stack, engine)
    show(console, stack, tree, times if explain else None)


def asked(remote: Remote, stack: StackPath, explain: bool) -> tuple[Status, dict[str, str]]:
    """The tree as the stack's controller tells it, and by when what is on its way fails."""
    from ailtire_deploy.views import received

    remote.insist(stack)
    tree = remote.get(stack, "status")
    times = remote.get(stack, "status", explain=True) if explain else {"deadlines": {}}
    if not isinstance(tree, dict) or tree.get("type") != "Stack" or not isinstance(times, dict):
        raise received.unforeseen("status")
    return cast("Status", tree), dict(times["deadlines"])


def looked(stack: StackPath, engine: str | None) -> tuple[Status, dict[str, str]]:
    """The tree as the swarm shows it, and by when what is on its way fails."""
    import time

    from ailtire_deploy import deadlines, log_lines, status
    from ailtire_deploy.cli.swarms import connected
    from ailtire_deploy.log_streams import last_lines

    with connected(engine) as swarm:
        observed = swarm.engine.observe(stack.root)
        status.tree(observed, stack, {}, time.time())  # raises NotFound before any log is read
        lines = last_lines(swarm.engine, log_lines.within(observed, stack))
    now = time.time()
    return status.tree(observed, stack, lines, now), dict(deadlines.sentences(observed, stack, now))


def show(console: Console, stack: StackPath, tree: Status, times: dict[str, str] | None) -> None:
    """The tree; with ``times`` only what in it is not well."""
    from ailtire_deploy import explanation
    from ailtire_deploy.views import findings, trees

    if times is not None:
        found = explanation.findings(tree)
        console.result(
            text=lambda: findings.as_text(str(stack), found, console.paint, times),
            data=lambda: explanation.explained(tree, times),
            markdown=lambda: findings.as_markdown(found),
        )
        return
    console.result(
        text=lambda: trees.as_text(tree, console.paint, console.width),
        data=lambda: tree,
        markdown=lambda: trees.as_markdown(tree),
    )
