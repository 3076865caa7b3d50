"""Taking over, from the command line, what ``docker stack deploy`` made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ailtire_deploy.adoption import Adoption, adoption
from ailtire_deploy.cli.console import Console
from ailtire_deploy.cli.runs import confirm, insist_on_an_answer
from ailtire_deploy.cli.swarms import Swarm, entries_on
from ailtire_deploy.errors import Failed
from ailtire_deploy.views import plain

if TYPE_CHECKING:
    from ailtire_deploy.loading import Play, Playbook

SOMETHING_TO_DO = 2


def take_over(
    console: Console, playbook: Playbook, engine: str | None, stack: str | None, *, check: bool, yes: bool
) -> int:
    """Show what is taken over, and do it unless ``check``. Raises Failed when something cannot be."""

    def announce(play: Play, swarm: Swarm) -> None:
        console.header(plain.line(f"ADOPT on {swarm}"))

    if not check:
        insist_on_an_answer(yes=yes)
    found = 0
    for swarm, entry in entries_on(playbook, engine, announce):
        if entry.state == "absent":
            continue
        old = stack or str(entry.path)
        made = adoption(swarm.launcher().plan(entry).values(), swarm.engine.deployed(old))
        console.text([plain.line(each) for each in sentences(made)])
        found += len(made.taken)
        if made.impossible:
            raise Failed("nothing was taken over: " + "; ".join(made.impossible))
        if made.taken and not check:
            _carry_out(swarm, made, old, yes=yes)
    return SOMETHING_TO_DO if check and found else 0


def _carry_out(swarm: Swarm, made: Adoption, old: str, *, yes: bool) -> None:
    """Each label is one write, and what bears it is left out the next time: interrupted, it goes on."""
    if not yes:
        confirm(f"Take over {len(made.taken)} services of {old}?")
    for each in made.taken:
        swarm.engine.adopt(each.found, each.labels)


def sentences(made: Adoption) -> Iterator[str]:
    """One line for each thing of the old stack."""
    for each in made.taken:
        yield f"take over {each.found.key}: it keeps its name and volumes" + (
            f"; cannot be done: {each.impossible}" if each.impossible else ""
        )
        yield from (f"  apply: {move}" for move in each.moves)
    for left in made.left:
        yield f"leave behind {left.key}: once unused, `docker {left.kind} rm {left.name}` removes it"
    if not made.taken:
        yield "nothing to take over"
