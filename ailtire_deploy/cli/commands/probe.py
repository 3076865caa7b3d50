"""``probe``: who answers on a network, asked from a container of its own on it."""

from __future__ import annotations

import click


@click.command("probe")
@click.argument("question")
def command(question: str) -> None:
    """Say who answers on the networks this container stands on.

    For the containers that `network verify` starts.
    """
    from ailtire_deploy import probe
    from ailtire_deploy.errors import Usage
    from ailtire_deploy.segments import dialogue

    try:
        asked = dialogue.unpacked(question)
    except ValueError as error:
        raise Usage(f"{error}: probes are started by `network verify`, not by hand") from None
    for line in dialogue.told(probe.answer(asked)):
        click.echo(line)
