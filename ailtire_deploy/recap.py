"""The sum of an apply or a shutdown over the whole tree: counted by those who wrote, added up here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ailtire_deploy import revisions
from ailtire_deploy.errors import DONE, Failed, RolledBack
from ailtire_deploy.names import StackPath
from ailtire_deploy.report import OUTCOMES, Report
from ailtire_deploy.state import State
from ailtire_deploy.verdict import ROLLED_BACK, Verdict

Counts = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Recap:
    """Counts by stack path and outcome, the verdict (``converged``, ``rolled back``, ``failed``, ``pending``,
    ``gone``), and why.
    """

    stacks: Counts = field(default_factory=dict)
    verdict: str = "converged"
    reasons: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        codes: dict[str, int] = {"failed": Failed.exit_code, ROLLED_BACK: RolledBack.exit_code}
        return codes.get(self.verdict, DONE)


def recap(root: StackPath, observed: State, made: Report, revision: str, judged: Verdict | None) -> Recap:
    """Add up. ``revision`` is the root revision that this run brought about, "" for none.

    What controllers changed counts only when they did it for that revision.
    """
    paths = revisions.stacks(observed, root)
    stacks: Counts = {str(path): dict.fromkeys(OUTCOMES, 0) for path in paths}
    for about, counts in made.counts().items():
        add(stacks, about, counts)
    for last in filter(None, (revisions.newest(observed, path) for path in paths)):
        for about, numbers in last.report.get("stacks", {}).items():
            counts = dict(zip(map(str, OUTCOMES), numbers, strict=False))
            add(stacks, about, counts if last.origin == revision else {"ok": counts.get("ok", 0)})
    if judged is None:
        return Recap(stacks, "gone")
    for path, number in blamed(root, judged).items():
        row = stacks.setdefault(path, dict.fromkeys(OUTCOMES, 0))
        row["failed"] = max(row["failed"], number)
    return Recap(stacks, judged.outcome, judged.reasons)


def blamed(root: StackPath, judged: Verdict) -> dict[str, int]:
    """How many services of each stack a verdict's reasons name; a reason without one is the root's."""
    if judged.outcome in ("converged", "pending"):
        return {}
    subjects = {reason.partition(": ")[0] for reason in judged.reasons} or {""}
    owners = (each.rpartition("/")[0] if each.startswith(f"{root}/") else "" for each in subjects)
    return dict(Counter(each or str(root) for each in owners))


def add(stacks: Counts, path: str, counts: dict[str, int]) -> None:
    row = stacks.setdefault(path, dict.fromkeys(OUTCOMES, 0))
    for outcome, number in counts.items():
        row[outcome] += number
