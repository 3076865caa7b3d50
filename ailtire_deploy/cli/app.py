"""The program itself: what ``ailtire-deploy --help`` teaches."""

from __future__ import annotations

import click

from ailtire_deploy import __version__
from ailtire_deploy.cli.index import Index

HELP = """Declarative, nested application stacks on Docker Swarm.

One YAML file a stack; a service in it may be a stack itself. A playbook names the root stacks of a swarm.
Targets are playbooks, definitions or bundles; running stacks are named by their path (shop, shop/orders).

\b
Examples:
  ailtire-deploy init                            a commented stack.yml
  ailtire-deploy plan playbook.yml --diff        what it would do, by field
  ailtire-deploy apply playbook.yml -e tag=1.5   do it and wait
  ailtire-deploy status shop                     the living tree
"""

EPILOG = """\b
Exit codes:
    0  done, nothing to do
    1  internal error
    2  plan or --check found changes
    3  invalid input; nothing was contacted
    4  failed, with the reason
    5  failed and rolled back
    6  somebody else is at work on this stack
    7  the saved plan is stale
    8  something could not be reached
   64  wrong usage
  130  interrupted

The engine is found as by the docker command: --engine, DOCKER_HOST, DOCKER_CONTEXT, the current context.
Results go to stdout, progress to stderr. NO_COLOR turns colours off, AILTIRE_DEBUG=1 shows tracebacks.
Shell completion: eval "$(_AILTIRE_DEPLOY_COMPLETE=bash_source ailtire-deploy)"
"""


@click.group(
    cls=Index,
    help=HELP,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def app() -> None:
    """Everything is in the commands."""
