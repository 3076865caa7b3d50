"""``status``: a stack and everything below it."""

from __future__ import annotations

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath


@click.command("status")
@click.argument("stack", type=options.StackPathType())
@click.option("--explain", is_flag=True, help="Only what is not well: why, and what can be done.")
@options.engine
@options.console("text", "json", "markdown")
def command(console: Console, stack: StackPath, explain: bool, engine: str | None) -> None:
    """Show how a stack does, with everything below it: tasks, reasons, last log lines.

    \b
    Examples:
      ailtire-deploy status shop
      ailtire-deploy status shop --explain
      ailtire-deploy status shop/orders --output json
    """
    import time

    from ailtire_deploy import deadlines, explanation, log_lines, status
    from ailtire_deploy.cli.swarms import connected
    from ailtire_deploy.log_streams import last_lines
    from ailtire_deploy.views import findings, trees

    with connected(engine) as swarm:
        observed = swarm.engine.observe(stack.root)
        status.tree(observed, stack, {}, time.time())  # raises NotFound before any log is read
        lines = last_lines(swarm.engine, log_lines.within(observed, stack))
    tree = status.tree(observed, stack, lines, time.time())
    if explain:
        times = deadlines.sentences(observed, stack, time.time())
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
