"""The work of controllers that are not there any more: their launcher takes their stacks down with the same
code.
"""

from __future__ import annotations

from dataclasses import replace

from ailtire_deploy import names, pipeline, revisions, verdict
from ailtire_deploy.apply import apply
from ailtire_deploy.names import StackPath
from ailtire_deploy.pipeline import Writer
from ailtire_deploy.plan import plan
from ailtire_deploy.ports import Engine
from ailtire_deploy.report import Report
from ailtire_deploy.state import State


def stand_in(engine: Engine, observed: State, path: StackPath, writer: Writer, now: float) -> Report:
    """One round of taking down a stack that has no controller, and those below it that have none either.

    Only its launcher may do this, and only for a stack that shall go: one writer a stack, at any time.
    """
    if observed.get("service", names.admin_service(path)) is not None or not observed.anything_below(path):
        return Report()
    writer = replace(writer, lost=verdict.lost_below(observed, path, now))
    desired = pipeline.shutdown(path, observed, pipeline.before(observed, path), writer)
    own = apply(plan(desired, observed, path, now), engine)
    children = (each for each in revisions.stacks(observed, path) if each.parent == path)
    return Report.of([own, *(stand_in(engine, observed, child, writer, now) for child in children)])
