"""What a person can ask of a release: to go on, to go all the way, or to end.

It stands in the label of the revision. The controller does it; whoever asks only writes it down, against the
version that was read.
"""

from __future__ import annotations

from dataclasses import replace

from ailtire_deploy import revisions
from ailtire_deploy.errors import Busy, NotFound
from ailtire_deploy.names import LABEL_RELEASE, StackPath
from ailtire_deploy.releases import stages
from ailtire_deploy.releases.stages import OPEN
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Resource, State


def place(observed: State, path: StackPath) -> tuple[StackPath, str]:
    """The stack that a path names, and the key of a service in it, or "" for all of them."""
    is_stack = path in revisions.stacks(observed, path.root)
    return (path, "") if is_stack or not path.parent else (path.parent, path.key)


def asked(observed: State, path: StackPath, service: str, what: str, author: str) -> Resource:
    """A stack's newest revision with what is asked of its releases, of one service's or of all.

    Raises NotFound when none is on, and Busy when it cannot be changed any more.
    """
    last = revisions.newest(observed, path)
    there = stages.read(last.found) if last and not last.absent else {}
    going = {key: stage for key, stage in there.items() if stage.phase != "over" and service in ("", key)}
    if last is None or not going:
        raise NotFound(_nothing(observed, path, service))
    still = {key: stage for key, stage in going.items() if stage.phase in OPEN}
    if not still:
        told = "; ".join(f"{path}/{key}: {stage.shown()}" for key, stage in going.items())
        raise Busy(f"{told}: that is too late to change; `rollback` brings an older revision back")
    changed = {key: replace(stage, asked=what, by=author) for key, stage in still.items()}
    return last.found.with_labels(**{LABEL_RELEASE: stages.written({**there, **changed})})


def concerned(revision: Resource, what: str) -> list[str]:
    """The services of which that is asked."""
    return [
        key for key, stage in stages.read(revision).items() if stage.phase in OPEN and stage.asked == what
    ]


def _nothing(observed: State, path: StackPath, service: str) -> str:
    """That nothing is on there, and where something is."""
    elsewhere = [
        f"{each}/{key}"
        for each in revisions.stacks(observed, path.root)
        for key, stage in on(revisions.newest(observed, each)).items()
        if stage.phase in OPEN
    ]
    what = f"{path}/{service}" if service else str(path)
    hint = f"; one is on in {', '.join(elsewhere)}" if elsewhere else ""
    return f"no release is on in {what}{hint}"


def on(revision: Revision | None) -> dict[str, stages.Stage]:
    """The releases of a revision that are not over, by the key of their service."""
    found = stages.read(revision.found) if revision else {}
    return {key: stage for key, stage in found.items() if stage.phase != "over"}
