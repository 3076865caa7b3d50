"""``doctor``: is everything there that an apply needs?"""

from __future__ import annotations

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console


@click.command("doctor")
@options.engine
@options.console("text", "json", "markdown")
def command(console: Console, engine: str | None) -> int:
    """Check the engine, the swarm, the image and the key file, and say what to mind.

    Ends with 8 if the engine cannot be reached, 4 if something else is missing.

    \b
    Examples:
      ailtire-deploy doctor
      ailtire-deploy doctor --engine prod
    """
    from ailtire_deploy.cli import examination
    from ailtire_deploy.views import plain

    findings = examination.examine(engine)
    rows = [(each.outcome, each.subject, each.message) for each in findings]
    console.result(
        text=lambda: examination.as_text(findings, console.paint),
        data=lambda: {
            "verdict": examination.verdict(findings),
            "checks": [{"outcome": o, "subject": s, "message": m} for o, s, m in rows],
        },
        markdown=lambda: plain.table(
            ("outcome", "subject", "message"), ([plain.markdown(cell) for cell in row] for row in rows)
        ),
    )
    return examination.exit_code(findings)
