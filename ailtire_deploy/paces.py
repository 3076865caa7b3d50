"""How long a step may take by itself: a health check, the rest of an update, the pause of a release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ailtire_deploy import revisions
from ailtire_deploy.names import StackPath
from ailtire_deploy.releases import asking
from ailtire_deploy.releases.stages import Stage
from ailtire_deploy.state import State
from ailtire_deploy.units import SECOND


def pace(spec: Mapping[str, Any]) -> float:
    """Seconds that an update rests between two batches of tasks: each batch is progress."""
    update = spec.get("UpdateConfig", {})
    return float(update.get("Delay", 0) + update.get("Monitor", 0)) / SECOND


def health_time(spec: Mapping[str, Any]) -> float:
    """Seconds until a container that never becomes healthy is said to be so (engine defaults: 30 s, three
    times).
    """
    check = spec.get("TaskTemplate", {}).get("ContainerSpec", {}).get("Healthcheck", {})
    if not check.get("Test"):
        return 0.0
    once = (check.get("Interval", 30 * SECOND) + check.get("Timeout", 30 * SECOND)) / SECOND
    return float(check.get("StartPeriod", 0) / SECOND + once * check.get("Retries", 3))


def releases(observed: State, path: StackPath) -> tuple[Stage, ...]:
    """The releases that are on in a stack."""
    return tuple(asking.on(revisions.newest(observed, path)).values())


def rests(observed: State, stacks: Iterable[StackPath]) -> Iterable[float]:
    """How many seconds the releases of some stacks stand still where they are."""
    return (stage.time for path in stacks for stage in releases(observed, path))
