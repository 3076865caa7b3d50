"""What several stacks, on one or more swarms, came to together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ailtire_deploy.errors import CHANGES, DONE, Failed, RolledBack
from ailtire_deploy.views import plans

if TYPE_CHECKING:
    from ailtire_deploy.plan import Plan
    from ailtire_deploy.recap import Recap

WORST_LAST = ("gone", "unchanged", "converged", "changes", "pending", "rolled back", "failed")
CODES = {"changes": CHANGES, "failed": Failed.exit_code, "rolled back": RolledBack.exit_code}


@dataclass(slots=True)
class Sum:
    """Counts by stack, the worst verdict so far, and the reasons."""

    stacks: dict[str, dict[str, int]] = field(default_factory=dict)
    verdict: str = ""
    reasons: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return CODES.get(self.verdict, DONE)

    def add_recap(self, recap: Recap) -> None:
        self.count(recap.stacks)
        self.reasons += recap.reasons
        self._worsen(recap.verdict)

    def add_plans(self, found: list[Plan]) -> None:
        self.count(plans.counts(found))
        self._worsen(plans.verdict(found))

    def count(self, stacks: Mapping[str, Mapping[str, int]]) -> None:
        """Add counts by stack and outcome."""
        for path, counts in stacks.items():
            row = self.stacks.setdefault(path, {})
            for outcome, number in counts.items():
                row[outcome] = row.get(outcome, 0) + number

    def _worsen(self, verdict: str) -> None:
        self.verdict = max(self.verdict or verdict, verdict, key=_rank)


def _rank(verdict: str) -> int:
    return WORST_LAST.index(verdict) if verdict in WORST_LAST else len(WORST_LAST)
