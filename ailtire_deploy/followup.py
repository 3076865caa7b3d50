"""What became of a revision so far, for somebody who asked for it and has no look at the swarm."""

from __future__ import annotations

from typing import TypedDict

from ailtire_deploy import recap, recovery, revisions, status
from ailtire_deploy.errors import NotFound
from ailtire_deploy.names import StackPath
from ailtire_deploy.report import OUTCOMES
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import State
from ailtire_deploy.status import HARMLESS, Status
from ailtire_deploy.verdict import ROLLED_BACK
from ailtire_deploy.views import trees

OPEN = 20  # things that are not well yet, told at once


class Progress(TypedDict):
    """``verdict`` is one of ``pending converged failed superseded`` and ``rolled back``; only ``pending`` is
    not the last word. ``arrived`` of ``of`` services are well, ``open`` says of the others why not.
    ``stacks`` counts by path what was done, ``by`` names the revision that stands instead, if one does.
    """

    verdict: str
    arrived: int
    of: int
    open: list[str]
    stacks: recap.Counts
    reasons: list[str]
    by: str


def of(observed: State, revision: Revision, now: float) -> Progress:
    """How far a revision has come, with all that it brings about below."""
    newest = revisions.newest(observed, revision.path) or revision
    services = _services(observed, revision.path, now)
    waiting = [each for each in services if each["status"] not in HARMLESS]
    reasons = [str(each) for each in revision.report.get("reasons", [])]
    if newest.undoes == revision.name and newest.outcome == "failed":
        reasons += [str(each) for each in newest.report.get("reasons", [])]
    return {
        "verdict": verdict(observed, revision, newest),
        "arrived": len(services) - len(waiting),
        "of": len(services),
        "open": [_entry(each) for each in waiting[:OPEN]],
        "stacks": counts(observed, revision),
        "reasons": reasons,
        "by": "" if newest.name == revision.name else newest.name,
    }


def verdict(observed: State, revision: Revision, newest: Revision) -> str:
    """The word for it; what is about to be taken back is over when the old revision is there again."""
    if newest.undoes == revision.name:
        return {"converged": str(ROLLED_BACK), "failed": "failed"}.get(newest.outcome, "pending")
    if newest.name != revision.name:
        return "superseded" if revision.outcome == "pending" else revision.outcome
    if revision.outcome == "failed" and recovery.undoing(observed, revision, "") is not None:
        return "pending"
    return revision.outcome


def counts(observed: State, revision: Revision) -> recap.Counts:
    """What controllers say they did since, by stack; of stacks it did not touch only what is in order."""
    found: recap.Counts = {}
    for path in revisions.stacks(observed, revision.path):
        found.setdefault(str(path), dict.fromkeys(OUTCOMES, 0))
        last = revisions.newest(observed, path)
        for about, numbers in last.report.get("stacks", {}).items() if last else ():
            said = dict(zip(map(str, OUTCOMES), numbers, strict=False))
            since = last is not None and last.found.created >= revision.found.created
            recap.add(found, about, said if since else {"ok": said.get("ok", 0)})
    return found


def _services(observed: State, path: StackPath, now: float) -> list[Status]:
    try:
        tree = status.tree(observed, path, {}, now)
    except NotFound:
        return []
    return [each for _, each in trees.walk(tree) if each["type"] == "Service"]


def _entry(node: Status) -> str:
    message = f": {node['message']}" if node["message"] else ""
    return f"{node['name']} {node['status']}{message}"
