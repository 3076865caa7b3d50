"""What ``ailtire-deploy --help`` teaches: plain text, so that it comes without importing anything."""

from __future__ import annotations

SECTIONS: dict[str, dict[str, str]] = {
    "Definitions (no engine needed)": {
        "init": "Write a commented starter definition into a new file.",
        "import": "Make a definition of a Compose file, with a word on each key.",
        "validate": "Check files and show every problem with its line.",
        "vars": "Show the parameters of each root and where each value comes from.",
        "bundle": "Print a definition as one document, everything it names inlined.",
        "schema": "Print the JSON Schema of stack or playbook files.",
    },
    "The swarm": {
        "render": "Write what would be deployed as files, a folder a stack.",
        "plan": "Show every write that apply would make, and make none.",
        "apply": "Make the swarm equal to the files and wait until it is.",
        "adopt": "Take over what docker stack deploy made.",
        "promote": "Let the release of a service go on now.",
        "abort": "End the release of a service; the old version stays.",
        "rollback": "Bring an older revision of a stack back.",
        "maintenance": "Keep callers away from a stack or service, or let them in again.",
        "shutdown": "Take a root stack down, leaf to root; volumes stay.",
        "status": "Show a stack and everything below it.",
        "logs": "Show the log lines of a stack and everything below it.",
        "network": "Show who can reach whom, and verify it on the living networks.",
        "history": "Show the revisions of a stack and what became of them.",
        "token": "Print a token for the REST interface of a stack.",
        "tokens": "Take tokens back before they end, and show which are.",
        "doctor": "Check the engine, the swarm and the image.",
    },
    "Inside containers": {
        "serve": "Run the controller of a stack (configured by AILTIRE_*).",
        "gateway": "Run the reverse proxy of a stack.",
        "probe": "Say who answers on a network.",
        "sweep": "Remove a root stack whose controller asked for it.",
    },
}
ALIASES = {"app": "The older words: app deploy is apply."}

BEGINNING = """\
Usage: ailtire-deploy COMMAND [OPTIONS] [ARGUMENTS]

Declarative, nested application stacks on Docker Swarm.

One YAML file a stack; a service in it may be a stack itself. A playbook names
the root stacks of a swarm. Targets are playbooks, definitions or bundles;
running stacks are named by their path (shop, shop/orders).

Examples:
  ailtire-deploy init                            a commented stack.yml
  ailtire-deploy plan playbook.yml --diff        what it would do, by field
  ailtire-deploy apply playbook.yml -e tag=1.5   do it and wait
  ailtire-deploy status shop                     the living tree
"""

END = """\
Options:
  -h, --help  Show this, or the help of a command with its options and examples.
  --version   Show the version.

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

The engine is found as by the docker command: --engine, DOCKER_HOST,
DOCKER_CONTEXT, the current context. Results go to stdout, progress to stderr.
NO_COLOR turns colours off, AILTIRE_DEBUG=1 shows tracebacks. Shell completion:
eval "$(_AILTIRE_DEPLOY_COMPLETE=bash_source ailtire-deploy)"\
"""


def text() -> str:
    """The whole help."""
    return "\n".join([BEGINNING, *map(section, SECTIONS), END])


def section(title: str) -> str:
    commands = (f"  {name:<12}{purpose}" for name, purpose in SECTIONS[title].items())
    return "\n".join([f"{title}:", *commands, ""])
