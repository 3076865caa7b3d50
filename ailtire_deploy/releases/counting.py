"""Whether what the gateways counted is too bad: shares of the requests that the candidate had in its step."""

from __future__ import annotations

from collections.abc import Iterator

from ailtire_deploy.model import Tolerance
from ailtire_deploy.releases.stages import Counts

LEAST = 100
"""So many requests a share is always taken of: one failure among the first ten is not ten percent yet, while
a version that fails always is found out after a few.
"""


def since(now: Counts, base: Counts) -> Counts:
    """What was counted since ``base``; counters that fell began anew, with their gateway."""
    slow = {time: _more(count, base.slow.get(time, 0)) for time, count in now.slow.items()}
    return Counts(_more(now.requests, base.requests), _more(now.errors, base.errors), slow)


def _more(now: int, base: int) -> int:
    return now - base if now >= base else now


def objections(tolerance: Tolerance, seen: Counts) -> Iterator[str]:
    """A sentence for each limit that was passed."""
    if tolerance.errors is not None and _beyond(seen.errors, seen, tolerance.errors):
        yield _said(seen.errors, seen, "failed", tolerance.errors)
    for time, share in tolerance.slower:
        count = seen.slow.get(time, 0)
        if _beyond(count, seen, share):
            yield _said(count, seen, f"took longer than {time} ms", share)


def _beyond(count: int, seen: Counts, share: float) -> bool:
    return count * 100 > share * max(seen.requests, LEAST)


def _said(count: int, seen: Counts, what: str, share: float) -> str:
    return f"{count} of {seen.requests} requests to the new version {what}, more than {share:g} %"
