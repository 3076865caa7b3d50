"""The files of whole trees: the same steps as for an apply, ended before anything is written to the swarm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ailtire_deploy import definition, registries, revisions, staging, topology
from ailtire_deploy.cli.swarms import entries_on
from ailtire_deploy.launcher import Launcher
from ailtire_deploy.loading import Entry, Playbook
from ailtire_deploy.model import Child, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import render
from ailtire_deploy.render.files import COMPOSE
from ailtire_deploy.state import State
from ailtire_deploy.vigil import OUTERMOST


def folders(playbook: Playbook, engine: str | None) -> dict[str, bytes]:
    """The content of every file by its path below the output folder."""
    files: dict[str, bytes] = {}
    for swarm, entry in entries_on(playbook, engine):
        if entry.state == "present":
            observed = swarm.engine.observe(entry.path)
            files.update(tree(swarm.launcher(), entry, observed))
    return dict(sorted(files.items()))


def tree(launcher: Launcher, entry: Entry, observed: State) -> Iterator[tuple[str, bytes]]:
    """The files of a root and everything below it, and the environment of the root's own controller."""
    wish = launcher.wish(entry, observed, keep=False)
    body = revisions.decode(wish.revision.data or b"", wish.revision.name)
    subnets = staging.subnets(observed)
    known = wish.writer.registries
    for stack in stacks(body, entry.path):
        equipped = registries.equipped(stack, known, launcher.site)
        yield from files_of(equipped, launcher, subnets)
    child = Child(entry.path.key, body["definition"])
    outermost = Stack(OUTERMOST, context=body["context"], children=(child,))
    yield from (each for each in files_of(outermost, launcher, subnets) if each[0] != COMPOSE)


def stacks(body: Mapping[str, object], path: StackPath) -> Iterator[Stack]:
    """A stack and everything below it, filled."""
    stack = definition.fill(body, path)
    yield stack
    for child in stack.children:
        yield from stacks(revisions.child_body(stack, child), path / child.key)


def files_of(
    stack: Stack, launcher: Launcher, subnets: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, bytes]]:
    made = render(stack, topology.decide(stack), launcher.site, subnets)
    return (("/".join((*stack.path.parts, name)), content) for name, content in made.files.items())
