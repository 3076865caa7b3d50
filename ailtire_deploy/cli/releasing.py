"""Asking something of a release from the command line: it is written down, and its controller does it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ailtire_deploy.cli.console import Console
from ailtire_deploy.errors import Busy, OutOfSequence
from ailtire_deploy.names import StackPath
from ailtire_deploy.releases import asking

if TYPE_CHECKING:
    from ailtire_deploy.cli.swarms import Swarm

ATTEMPTS = 5


def ask(console: Console, path: StackPath, what: str, engine: str | None) -> None:
    """Write down what is asked of the releases at a path. Raises NotFound and Busy."""
    from ailtire_deploy.cli.swarms import connected

    with connected(engine) as swarm:
        console.header(f"{what.upper()} [{path}] on {swarm}")
        stack, services = _written(swarm, path, what)
    console.result(
        text=lambda: [f"{stack}/{each}: written down; its controller does it" for each in services],
        data=lambda: {"stack": str(stack), "services": services, "asked": what},
    )


def _written(swarm: Swarm, path: StackPath, what: str) -> tuple[StackPath, list[str]]:
    from ailtire_deploy.cli.swarms import author

    for _ in range(ATTEMPTS):
        observed = swarm.engine.observe(path.root)
        stack, service = asking.place(observed, path)
        wish = asking.asked(observed, stack, service, what, author())
        with suppress(OutOfSequence):  # its controller has written on it meanwhile: read again
            swarm.engine.update(wish, observed.resources[wish.key])
            return stack, asking.concerned(wish, what)
    raise Busy(f"{path}: its release changes faster than it could be written; try again")
