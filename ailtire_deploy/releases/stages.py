"""How far the release of a service has come, and how that is kept: as a label of the stack's own revision.

====================  ======================================================================================
phase                 meanwhile
====================  ======================================================================================
``growing``           the candidate gets the tasks of its next step; the requests are divided as before
``holding``           the candidate gets the requests of its step, for as long as the step lasts
``settling``          it gets all of them, while the service itself becomes the new version
``leaving``           the service gets all of them, as soon as its gateways have taken that up
``draining``          what was begun with the candidate comes to its end
``over``              the candidate goes
====================  ======================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ailtire_deploy import moments
from ailtire_deploy.names import LABEL_RELEASE
from ailtire_deploy.state import Resource

Phase = Literal["growing", "holding", "settling", "leaving", "draining", "over"]
PHASES = frozenset({"growing", "holding", "settling", "leaving", "draining", "over"})
OPEN = ("growing", "holding")  # it can still be promoted and aborted
PROMOTE, FULLY, ABORT = "promote", "promote fully", "abort"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the gateways counted for a version: requests, those that failed, those slower than so many
    milliseconds.
    """

    requests: int = 0
    errors: int = 0
    slow: Mapping[int, int] = field(default_factory=dict)


NOTHING = Counts()


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a release stands. Times are seconds since 1970.

    ``weight`` is the percentage of requests that the candidate gets; ``step`` counts from 0; a step ends
    ``until`` at the earliest, or, with ``manual``, fails then. ``base`` is what had been counted when the
    step began. ``asked`` is what a person wants of it, ``by`` who. ``said``: why it was aborted.
    """

    phase: Phase
    way: str = ""
    step: int = 0
    weight: int = 0
    since: float = 0.0
    until: float = 0.0
    manual: bool = False
    base: Counts = NOTHING
    asked: str = ""
    by: str = ""
    said: str = ""

    @property
    def time(self) -> float:
        """How many seconds it may stand still where it is."""
        return max(0.0, self.until - self.since) if self.phase == "holding" else 0.0

    def shown(self, now: float | None = None) -> str:
        """What is going on, in a few words; with ``now`` also for how much longer."""
        name = f"{self.way} at {self.weight} %" if self.weight else self.way or "candidate"
        if self.said:
            return f"{name} aborted"
        return f"{name}{self._rest(now)}" if self.phase == "holding" else f"{name}, {SHOWN[self.phase]}"

    def _rest(self, now: float | None) -> str:
        if self.manual:
            return " until it is promoted"
        left = self.until - self.since if now is None else self.until - now
        more = "" if now is None else " more"
        return f" for {moments.duration(left)}{more}" if left > 0 else ""


SHOWN: Mapping[str, str] = {
    "growing": "the next step gets its tasks",
    "settling": "the service becomes the new version",
    "leaving": "the requests go back to the service",
    "draining": "its last requests end",
    "over": "over",
}


def written(stages: Mapping[str, Stage]) -> str:
    """Stages by the key of their service, as text of a label."""
    plain = {key: _small(stage) for key, stage in sorted(stages.items())}
    return json.dumps(plain, separators=(",", ":"))


def _small(stage: Stage) -> dict[str, Any]:
    """Without what is as it is by default."""
    base = {name: value for name, value in asdict(stage.base).items() if value}
    found = {name: value for name, value in asdict(stage).items() if value and name != "base"}
    return {**found, **({"base": base} if base else {})}


def read(revision: Resource | None) -> dict[str, Stage]:
    """The stages that a revision bears; none for a label that is not ours."""
    text = revision.labels.get(LABEL_RELEASE, "") if revision else ""
    try:
        found = json.loads(text or "{}")
        return {str(key): _stage(each) for key, each in found.items()}
    except (ValueError, TypeError, AttributeError, KeyError):
        return {}


def _stage(given: Mapping[str, Any]) -> Stage:
    if given["phase"] not in PHASES:
        raise ValueError(given["phase"])
    base = dict(given.get("base", {}))
    slow = {int(time): int(count) for time, count in base.pop("slow", {}).items()}
    return Stage(**{**given, "base": Counts(**base, slow=slow)})
