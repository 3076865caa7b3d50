"""Who can reach whom, for the stacks that a file or a path names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ailtire_deploy import recovery, survey
from ailtire_deploy.cli import targets
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath
from ailtire_deploy.segments import matrix
from ailtire_deploy.segments.matrix import Matrix


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
    return matrix.of_tree(survey.stacks(observed, path.root))


def verify(console: Console, path: StackPath, engine: str | None, patience: float, keep: bool) -> int:
    """Look at the living networks, write down what came of it, and show it. Returns the exit code."""
    import os
    import time

    from ailtire_deploy import sites
    from ailtire_deploy.cli.swarms import connected
    from ailtire_deploy.views import surveys

    with connected(engine) as swarm:
        tell = survey.quiet if console.quiet else console.tell
        look = survey.Survey(swarm.engine, sites.image(os.environ), tell)
        began = time.monotonic()
        found = look.look(path, patience)
        tell(f"looked for {time.monotonic() - began:.0f} s")
        kept = look.keep(path, found) if keep else ""
    console.result(
        text=lambda: surveys.as_text(found, console.paint),
        data=lambda: surveys.as_json(path, found, kept),
        markdown=lambda: surveys.as_markdown(found),
    )
    return surveys.exit_code(found)


def joined(parts: Iterable[list[str]]) -> Iterator[str]:
    """Several results below each other."""
    for number, lines in enumerate(parts):
        yield from ([""] if number else [])
        yield from lines
