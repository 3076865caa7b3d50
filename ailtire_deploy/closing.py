"""The revision that turns maintenance on or off: the newest one again, with another word about that.

It stands for the revision that it carries on: cause, origin and hash are the same, so a parent takes it for
its own wish, another apply finds nothing to do, and no job runs for it.
"""

from __future__ import annotations

from ailtire_deploy import maintenance, names, pipeline, revisions
from ailtire_deploy.errors import Busy, NotFound
from ailtire_deploy.maintenance import Wish
from ailtire_deploy.model import WHOLE
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Resource, State

KEPT = (
    *(names.LABEL_HASH, names.LABEL_CAUSE, names.LABEL_ORIGIN),
    *(names.LABEL_RESTORES, names.LABEL_UNDOES, names.LABEL_RELEASE),
)


def place(observed: State, path: StackPath) -> tuple[StackPath, str]:
    """The stack that a path is about, and what of it: a stack is all of itself. Raises NotFound."""
    if revisions.newest(observed, path) is not None:
        return path, WHOLE
    if path.parent and revisions.newest(observed, path.parent) is not None:
        return path.parent, path.key
    raise NotFound(f"there is no stack or service {path} on this swarm")


def draft(observed: State, path: StackPath, asked: Wish, author: str) -> Resource | None:
    """The next revision of a stack, or None when it is so already.

    Raises Busy while the stack is shutting down, InvalidInput for what offers nothing.
    """
    last = revisions.newest(observed, path)
    if last is None or last.absent:
        raise Busy(f"{path} is shutting down")
    body = maintenance.changed(last.body, pipeline.filled(last), asked)
    if maintenance.of(body) == maintenance.of(last.body):
        return None
    return carrying(last, body, str(asked), author)


def carrying(last: Revision, body: dict[str, object], said: str, author: str) -> Resource:
    """A revision on top of ``last`` that wishes for the same."""
    labels = {
        **revisions.labels_of(last.path.parent, last.path),
        **{key: last.found.labels[key] for key in KEPT if key in last.found.labels},
        names.LABEL_OUTCOME: "pending",
        names.LABEL_AUTHOR: author,
        names.LABEL_CARRIES: last.asks,
        names.LABEL_MAINTENANCE: said,
    }
    return revisions.stored(names.revision_name(last.path, last.number + 1), body, labels)
