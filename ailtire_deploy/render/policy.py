"""How services are rolled and restarted when their definition does not say: written out, to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ailtire_deploy.model import Job, OnFailure, Service
from ailtire_deploy.units import SECOND, duration, nanoseconds

MONITOR = (
    5 * SECOND,
    30 * SECOND,
)  # an update waits this long after its last task: the engine's default, our most
RESTART = {"condition": "any", "delay": "2s"}


def deploy(service: Service, on_failure: OnFailure = "pause") -> dict[str, Any]:
    """A service's ``deploy`` with every default that matters to an update in it."""
    if service.job:
        return once(service, service.job)
    given = service.options.get("deploy", {})
    mode = given.get("mode", "replicated")
    size = {"replicas": given.get("replicas", 1)} if mode == "replicated" else {}
    return {
        "mode": mode,
        **size,
        "endpoint_mode": "dnsrr",
        **{key: value for key, value in given.items() if key not in ("mode", "replicas")},
        **_resources(given),
        **_placement(given),
        "update_config": {**update(service, on_failure), **given.get("update_config", {})},
        "restart_policy": {**RESTART, **given.get("restart_policy", {})},
    }


def once(service: Service, job: Job) -> dict[str, Any]:
    """One task that ends, and a new one in its place when what it is made of changes.

    The engine takes a task that ends within an update for a failed one, hence ``continue``. It keeps one task
    more than ``max_attempts`` whatever the swarm's limit of history is: without the record of the run it
    would run the job again.
    """
    given = service.options.get("deploy", {})
    condition = "on-failure" if job.retries else "none"
    return {
        "mode": "replicated",
        "replicas": 1,
        "endpoint_mode": "dnsrr",
        **given,
        **_resources(given),
        **_placement(given),
        "update_config": {**rolling("stop-first"), "failure_action": "continue"},
        "restart_policy": {"condition": condition, "delay": "2s", "max_attempts": max(1, job.retries)},
    }


def update(service: Service, on_failure: OnFailure = "pause") -> dict[str, Any]:
    """One task after the other; the new one first where the two cannot get into each other's way.

    To recreate a service is to end all its tasks and then start new ones.
    """
    recreated = service.strategy.way == "recreate"
    order = "stop-first" if recreated or keeps_data(service) else "start-first"
    made = rolling(order, monitor(service.options.get("healthcheck", {})))
    made |= {"parallelism": 0} if recreated else {}
    goes_on = on_failure == "continue" or ends(service)
    return {**made, "failure_action": "continue"} if goes_on else made


def ends(service: Service) -> bool:
    """Whether its tasks are meant to end: within an update the engine takes that for a failure."""
    policy = service.options.get("deploy", {}).get("restart_policy", {})
    return policy.get("condition") == "none" and "healthcheck" not in service.options


def rolling(order: str, watched: int = MONITOR[0]) -> dict[str, Any]:
    """The engine never rolls back by itself: it knows one service, and a revision is a whole stack."""
    return {"parallelism": 1, "order": order, "failure_action": "pause", "monitor": duration(watched)}


def keeps_data(service: Service) -> bool:
    """Whether two tasks side by side could write to the same place: two databases never share a volume."""
    return any(mount.type != "tmpfs" and not mount.read_only for mount in service.mounts)


def monitor(healthcheck: Mapping[str, Any]) -> int:
    """How long the engine watches a new task, in nanoseconds: until its health check could have failed."""
    if healthcheck.get("test", ["NONE"]) == ["NONE"]:
        return MONITOR[0]
    interval = nanoseconds(healthcheck.get("interval", "30s"))
    least, most = MONITOR
    return min(most, max(least, interval * int(healthcheck.get("retries", 3))))


def _placement(given: Mapping[str, Any]) -> dict[str, Any]:
    """All constraints have to hold, so their order means nothing."""
    found = given.get("placement", {})
    constraints = {"constraints": sorted(found["constraints"])} if "constraints" in found else {}
    return {"placement": {**found, **constraints}} if found else {}


def _resources(given: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as text, which is how compose files of version 3 want them."""
    found = given.get("resources")
    if not found:
        return {}
    kinds = {kind: {name: _text(name, value) for name, value in part.items()} for kind, part in found.items()}
    return {"resources": kinds}


def _text(name: str, value: Any) -> Any:
    return str(value) if name in ("cpus", "memory") else value
