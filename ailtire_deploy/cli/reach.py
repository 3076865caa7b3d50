"""Who can reach whom, for the stacks that a file or a path names."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ailtire_deploy import recovery, survey
from ailtire_deploy.cli import targets
from ailtire_deploy.cli.console import Console
from ailtire_deploy.errors import AiltireError, Busy, Failed, NotFound, Usage
from ailtire_deploy.names import StackPath
from ailtire_deploy.segments import matrix
from ailtire_deploy.segments.comparing import Findings
from ailtire_deploy.segments.matrix import Matrix
from ailtire_deploy.views import matrices as views
from ailtire_deploy.views import plain, received

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote

ENDINGS: Mapping[str, type[AiltireError]] = {"busy": Busy, "gone": NotFound}
Tell = Callable[[str], None]


def matrices(
    target: str,
    context: str | None,
    extra: Sequence[str],
    tags: str,
    engine: str | None,
    remote: Remote | None,
) -> list[dict[str, Any]]:
    """The matrix of each root of a file, or of a running stack and all below it (``views.matrices``)."""
    if targets.looks_like_a_file(target):
        if remote:
            raise Usage(f"--url is for a stack that runs, and {target} is a file")
        playbook = targets.load(Path(target), context, extra, tags)
        found = [each for each in targets.entries(playbook) if each.state == "present"]
        return [views.as_json(matrix.of_tree(each.stacks.values()), each.path) for each in found]
    path = targets.path(target)
    if remote:
        remote.insist(path)
        return [received.matrix(remote.get(path, "network/matrix"))]
    return [views.as_json(living(path, engine), path)]


def living(path: StackPath, engine: str | None) -> Matrix:
    """The matrix of a tree as its newest revisions mean it. Raises NotFound without the stack."""
    from ailtire_deploy.cli.swarms import connected

    with connected(engine) as swarm:
        observed = swarm.engine.observe(path.root)
    recovery.insist(observed, path)
    return matrix.of_tree(survey.stacks(observed, path.root))


def verify(
    console: Console, path: StackPath, engine: str | None, remote: Remote | None, patience: float, keep: bool
) -> int:
    """Look at the living networks, write down what came of it, and show it. Returns the exit code."""
    from ailtire_deploy.views import surveys

    tell = survey.quiet if console.quiet else console.tell
    began = time.monotonic()
    if remote:
        found, kept = asked(remote, path, patience, keep, tell)
    else:
        found, kept = looked(path, engine, patience, keep, tell)
    tell(f"looked for {time.monotonic() - began:.0f} s")
    console.result(
        text=lambda: surveys.as_text(found, console.paint),
        data=lambda: surveys.as_json(path, found, kept),
        markdown=lambda: surveys.as_markdown(found),
    )
    return surveys.exit_code(found)


def looked(
    path: StackPath, engine: str | None, patience: float, keep: bool, tell: Tell
) -> tuple[Findings, str]:
    """A look from here, and the revision that bears its result."""
    import os

    from ailtire_deploy import sites
    from ailtire_deploy.cli.swarms import connected

    with connected(engine) as swarm:
        look = survey.Survey(swarm.engine, sites.image(os.environ), tell)
        found = look.look(path, patience)
        return found, look.keep(path, found) if keep else ""


def asked(
    remote: Remote,
    path: StackPath,
    patience: float,
    keep: bool,
    tell: Tell,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> tuple[Findings, str]:
    """A look by the stack's controller, and the revision that bears its result. Raises Unreachable."""
    from ailtire_deploy.cli.afar import POLL, patiently

    remote.insist(path)
    said, _ = remote.post(path, "network/verify", {"timeout": max(1, int(patience)), "keep": keep})
    told, id = 0, received.look(said).id
    while True:
        look = received.look(patiently(lambda: remote.get(path, "network/verify"), sleep, now))
        for line in look.told[told:]:
            tell(plain.line(line))
        told = max(told, len(look.told))
        if look.id != id:
            raise Failed(f"{path}: its controller has begun anew, or looks for somebody else; try again")
        if look.state != "running":
            return came_of(look)
        sleep(POLL)


def came_of(look: received.Look) -> tuple[Findings, str]:
    """What a look found, and the revision that bears it. Raises what ended it."""
    if look.state != "done":
        raise ENDINGS.get(look.state, Failed)(plain.line(look.error))
    return received.findings(look.result), str(look.result.get("revision", ""))


def joined(parts: Iterable[list[str]]) -> Iterator[str]:
    """Several results below each other."""
    for number, lines in enumerate(parts):
        yield from ([""] if number else [])
        yield from lines
