"""Asking something of a release from the command line: it is written down, and its controller does it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ailtire_deploy.cli.console import Console
from ailtire_deploy.errors import Busy, OutOfSequence
from ailtire_deploy.names import StackPath
from ailtire_deploy.releases import asking
from ailtire_deploy.releases.stages import ABORT, FULLY, PROMOTE
from ailtire_deploy.views import plain, received

if TYPE_CHECKING:
    from ailtire_deploy.cli.swarms import Swarm
    from ailtire_deploy.remote import Remote

ATTEMPTS = 5


def ask(console: Console, path: StackPath, what: str, engine: str | None, remote: Remote | None) -> None:
    """Write down what is asked of the releases at a path. Raises NotFound and Busy."""
    from ailtire_deploy.cli.swarms import connected

    if remote:
        console.header(plain.line(f"{what.upper()} [{path}] on {remote}"))
        stack, services = _asked(remote, path, what)
    else:
        with connected(engine) as swarm:
            console.header(f"{what.upper()} [{path}] on {swarm}")
            stack, services = _written(swarm, path, what)
    console.result(
        text=lambda: [
            plain.line(f"{stack}/{each}: written down; its controller does it") for each in services
        ],
        data=lambda: {"stack": str(stack), "services": services, "asked": what},
    )


def _asked(remote: Remote, path: StackPath, what: str) -> tuple[StackPath, list[str]]:
    """The same over REST: its controller writes it down."""
    from ailtire_deploy.cli.afar import place

    stack, service = place(remote, path)
    body = {"service": service} if service else {}
    more = {"fully": True} if what == FULLY else {}
    said, _ = remote.post(stack, ABORT if what == ABORT else PROMOTE, {**body, **more})
    services = said.get("services") if isinstance(said, dict) else None
    if not isinstance(services, list):
        raise received.unforeseen("services")
    return stack, [str(each) for each in services]


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
