"""How a gateway looks after the tasks behind it: from the health check of their service, as far as it fits.

What a health check runs inside the container cannot be asked from outside, so by itself a gateway only sees
whether something listens, twice a second: that costs nothing and says at once when a task is gone. A route
that names a path has it asked for instead, as often and as patiently as the health check says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ailtire_deploy.model import Service
from ailtire_deploy.topology.shape import LISTENS, Watch
from ailtire_deploy.units import SECOND, nanoseconds

INTERVAL = (500, 10_000)  # milliseconds: a task that hangs for longer would be asked too often by callers
TIMEOUT = (500, 10_000)
DEFAULTS = {"interval": "2s", "timeout": "2s"}  # for a service without such words
RETRIES = 3  # the engine's default


def watch(service: Service, port: int) -> Watch:
    """How the tasks at a port are looked after; of the routes there, which say the same, the first counts.

    A port that is granted whole may have none.
    """
    route = next((each for each in service.routes if each.port == port), None)
    if route is None:
        return LISTENS
    slow = int(route.slow_start * 1000)
    if not route.check:
        return Watch(slow_start=slow) if slow else LISTENS
    given = service.options.get("healthcheck", {})
    interval, timeout = _clamped(given, "interval", INTERVAL), _clamped(given, "timeout", TIMEOUT)
    fall = min(10, max(1, int(given.get("retries", RETRIES))))
    return Watch(route.check, interval, timeout, fall, slow)


def _clamped(given: Mapping[str, Any], name: str, bounds: tuple[int, int]) -> int:
    least, most = bounds
    return min(most, max(least, nanoseconds(given.get(name, DEFAULTS[name])) * 1000 // SECOND))
