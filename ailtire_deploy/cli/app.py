"""The program as click sees it."""

from __future__ import annotations

import click

from ailtire_deploy import __version__
from ailtire_deploy.cli.index import Index


@click.group(cls=Index, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def app() -> None:
    """Everything is in the commands; what ``--help`` shows is in ``front``."""
