"""The way back: which older revision a stack returns to, and when it does so by itself.

A rollback is a new revision with an old body, so it means exactly what ran then, and everything below follows
as with any other revision. By itself a stack goes back only from a revision that never converged, only once,
and only where the change began: a child's failure is its ancestor's to undo, unless the child was changed by
itself.
"""

from __future__ import annotations

from ailtire_deploy import names, pipeline, revisions
from ailtire_deploy.errors import Busy, InvalidInput, NotFound
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Key, Resource, State

CONVERGED = "converged"


def target(observed: State, path: StackPath, number: int | None) -> Revision:
    """The revision to go back to: the one asked for, else the last that converged before the newest.

    Raises NotFound when there is none, Busy while the stack is shutting down.
    """
    insist(observed, path)
    found = revisions.history(observed, path)
    if found[0].absent:
        raise Busy(f"{path} is shutting down")
    if number is not None:
        return numbered(observed, path, number)
    before = (each for each in found[1:] if each.outcome == CONVERGED and differs(each, found[0]))
    chosen = next(before, None)
    if chosen is None:
        raise NotFound(f"{path} has no earlier revision that converged")
    return chosen


def numbered(observed: State, path: StackPath, number: int) -> Revision:
    """A revision that means a stack, by its number. Raises NotFound."""
    insist(observed, path)
    usable = {each.number: each for each in revisions.history(observed, path) if not each.absent}
    if number not in usable:
        there = ", ".join(map(str, sorted(usable)))
        raise NotFound(f"{path} has no revision {number}; there are {there}")
    return usable[number]


def insist(observed: State, path: StackPath) -> None:
    """Raises NotFound for a stack that has no revisions."""
    if revisions.newest(observed, path) is None:
        raise NotFound(f"there is no stack {path} on this swarm")


def restoring(observed: State, old: Revision, author: str) -> Resource:
    """The new revision that brings an old one back. Raises NotFound for secrets that are gone meanwhile."""
    gone = missing_secrets(observed, old)
    if gone:
        raise NotFound(
            f"{old.name} needs what is not there any more: {', '.join(gone)}; apply its files instead"
        )
    root = revisions.newest(observed, old.path.root) if old.path.parent else None
    made = revisions.make(
        observed,
        old.path,
        old.body,
        cause=revisions.ROLLBACK,
        origin=root.name if root else "",
        author=author,
    )
    return made.with_labels(**{names.LABEL_RESTORES: old.name})


def missing_secrets(observed: State, old: Revision) -> list[str]:
    """Secrets that a revision names, at any depth, and that are not on the swarm."""
    keys = (Key("secret", name) for name in revisions.secret_names(old, deep=True))
    return sorted(key.name for key in keys if key not in observed.resources)


def undoing(observed: State, failed: Revision, author: str) -> Resource | None:
    """The revision with which a stack goes back by itself; None when it stays as it is."""
    old = way_back(observed, failed)
    if old is None or missing_secrets(observed, old):
        return None
    return restoring(observed, old, author).with_labels(**{names.LABEL_UNDOES: failed.name})


def way_back(observed: State, failed: Revision) -> Revision | None:
    """The revision that a failed one gives way to."""
    began_here = not failed.path.parent or failed.cause == revisions.LOCAL
    never_well = failed.outcome == "failed" and not failed.report.get("late")
    if not (began_here and never_well) or failed.absent or failed.cause == revisions.ROLLBACK:
        return None
    older = (each for each in revisions.history(observed, failed.path) if each.number < failed.number)
    old = next((each for each in older if each.outcome == CONVERGED and not each.absent), None)
    return old if old and differs(old, failed) and wants_back(failed) else None


def wants_back(failed: Revision) -> bool:
    """Whether its definition asks for it; one that means nothing cannot ask for anything else."""
    try:
        return pipeline.filled(failed).on_failure == "rollback"
    except InvalidInput:
        return True


def differs(one: Revision, other: Revision) -> bool:
    return one.found.hash != other.found.hash
