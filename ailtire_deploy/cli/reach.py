"""Who can reach whom, for the stacks that a file or a path names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ailtire_deploy import pipeline, recovery, revisions
from ailtire_deploy.cli import targets
from ailtire_deploy.model import Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.segments import matrix
from ailtire_deploy.segments.matrix import Matrix
from ailtire_deploy.state import State


def matrices(
    target: str, context: str | None, extra: Sequence[str], tags: str, engine: str | None
) -> list[tuple[StackPath, Matrix]]:
    """The matrix of each root of a file, or of the one tree that a running stack is in."""
    if targets.looks_like_a_file(target):
        playbook = targets.load(Path(target), context, extra, tags)
        found = [each for each in targets.entries(playbook) if each.state == "present"]
        return [(each.path, matrix.of_tree(each.stacks.values())) for each in found]
    path = targets.path(target)
    return [(path, living(path, engine))]


def living(path: StackPath, engine: str | None) -> Matrix:
    """The matrix of a tree as its newest revisions mean it. Raises NotFound without the stack."""
    from ailtire_deploy.cli.swarms import connected

    with connected(engine) as swarm:
        observed = swarm.engine.observe(path.root)
    recovery.insist(observed, path)
    return matrix.of_tree(stacks(observed, path.root))


def stacks(observed: State, root: StackPath) -> Iterator[Stack]:
    """Every stack of a tree, each by the newest of its revisions that can be read."""
    for path in revisions.stacks(observed, root):
        stack = pipeline.before(observed, path)
        if stack is not None:
            yield stack


def joined(parts: Iterable[list[str]]) -> Iterator[str]:
    """Several results below each other."""
    for number, lines in enumerate(parts):
        yield from ([""] if number else [])
        yield from lines
