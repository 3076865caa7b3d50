"""What a controller writes on a revision: its outcome, and the counts and reasons behind it."""

from __future__ import annotations

import json

from ailtire_deploy.names import LABEL_OUTCOME, LABEL_REPORT
from ailtire_deploy.report import OUTCOMES, Report
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Resource
from ailtire_deploy.verdict import Verdict

LIMIT = 2048  # bytes of a report
REASONS = 5
REASON_LENGTH = 300


def labelled(revision: Revision, judged: Verdict, changed: Report, last: Report) -> Resource:
    """The revision with its outcome.

    ``changed`` is all that was done for it, ``last`` the round that ended it.
    """
    return revision.found.with_labels(
        **{LABEL_OUTCOME: judged.outcome, LABEL_REPORT: text(counts(changed, last), judged.reasons)}
    )


def counts(changed: Report, last: Report) -> dict[str, list[int]]:
    """``{PATH: [ok, changed, waiting, failed]}``: done over all rounds, the rest as it is in the last."""
    done, now = changed.counts(), last.counts()
    zero = dict.fromkeys(OUTCOMES, 0)
    return {
        path: [
            done.get(path, zero)[each] if each == "changed" else now.get(path, zero)[each]
            for each in OUTCOMES
        ]
        for path in sorted({*done, *now})
    }


def text(stacks: dict[str, list[int]], reasons: tuple[str, ...]) -> str:
    """The report as JSON, shortened until it fits into a label."""
    kept = [reason[:REASON_LENGTH] for reason in reasons[:REASONS]]
    said = json.dumps({"stacks": stacks, "reasons": kept}, separators=(",", ":"))
    return said if len(said) <= LIMIT else json.dumps({"stacks": {}, "reasons": kept}, separators=(",", ":"))
