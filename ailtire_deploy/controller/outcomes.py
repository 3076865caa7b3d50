"""What a controller writes on a revision: its outcome, and the counts and reasons behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ailtire_deploy.names import LABEL_OUTCOME, LABEL_REPORT
from ailtire_deploy.report import OUTCOMES, Report
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Resource
from ailtire_deploy.verdict import Verdict

LIMIT = 2048  # bytes of a report
REASONS = 5
REASON_LENGTH = 420


def labelled(revision: Revision, judged: Verdict, changed: Mapping[str, int], last: Report) -> Resource:
    """The revision with its outcome.

    ``changed`` counts the writes made for it, by stack; ``last`` is the round that ended it.
    """
    late = revision.outcome == "converged" or bool(revision.report.get("late"))
    said = text(counts(changed, last), judged.reasons, late=late and judged.outcome == "failed")
    return revision.found.with_labels(**{LABEL_OUTCOME: judged.outcome, LABEL_REPORT: said})


def superseded(revision: Revision) -> Resource:
    """A revision that had not arrived when a newer one took its place."""
    return revision.found.with_labels(**{LABEL_OUTCOME: "superseded"})


def counts(changed: Mapping[str, int], last: Report) -> dict[str, list[int]]:
    """``{PATH: [ok, changed, waiting, failed]}``: writes over all rounds, the rest as it is in the last."""
    now, zero = last.counts(), dict.fromkeys(OUTCOMES, 0)
    rows = {path: {**now.get(path, zero), "changed": changed.get(path, 0)} for path in {*changed, *now}}
    return {path: [row[each] for each in OUTCOMES] for path, row in sorted(rows.items())}


def text(stacks: dict[str, list[int]], reasons: tuple[str, ...], *, late: bool = False) -> str:
    """The report as JSON, shortened until it fits into a label.

    ``late`` marks a revision that had been well before: nothing is undone then.
    """
    kept = [reason[:REASON_LENGTH] for reason in reasons[:REASONS]]
    rest = {"reasons": kept} | ({"late": True} if late else {})
    said = json.dumps({"stacks": stacks, **rest}, separators=(",", ":"))
    return said if len(said) <= LIMIT else json.dumps({"stacks": {}, **rest}, separators=(",", ":"))
