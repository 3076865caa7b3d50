"""``serve``: a stack's controller, in its container."""

from __future__ import annotations

import click


@click.command("serve")
def command() -> None:
    """Run the controller of a stack: keep it as its newest revision says, and answer REST.

    For the container that apply starts: the environment AILTIRE_* and the secret ailtire.key tell it who it
    is. SIGTERM ends it after the call at hand and leaves the stack running.
    """
    import os

    from ailtire_deploy.cli.containers import serve

    serve(os.environ)
