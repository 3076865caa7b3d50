"""One task as the engine lists it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy.moments import from_text
from ailtire_deploy.state import LIVE, Key, Task

Raw = Mapping[str, Any]

NOT_COMPARED = frozenset({"Runtime", "Placement"})
"""Where a current task may differ: tasks do not show their runtime, and one whose node satisfies changed
constraints is left where it is."""


@dataclass(frozen=True, slots=True)
class Places:
    """What ids mean: names of services, hosts of nodes, which nodes are down, services' templates."""

    services: Mapping[str, str]
    nodes: Mapping[str, str]
    down: frozenset[str]
    templates: Mapping[str, Raw]


def task(raw: Raw, places: Places) -> Task:
    """A task, with names for the ids of its service, node and networks."""
    status = raw.get("Status") or {}
    service, node = raw.get("ServiceID", ""), raw.get("NodeID", "")
    container = status.get("ContainerStatus") or {}
    spec = raw.get("Spec") or {}
    state = _state(raw, places.down)
    return Task(
        id=raw["ID"],
        service=places.services.get(service, ""),
        slot=str(raw.get("Slot") or places.nodes.get(node, node)),
        node=places.nodes.get(node, node),
        state=state,
        desired=raw.get("DesiredState", ""),
        current=service in places.templates and _compared(places.templates[service]) == _compared(spec),
        message=status.get("Message", ""),
        error=status.get("Err", ""),
        exit_code=container.get("ExitCode") if state in ("complete", "failed") else None,
        networks=tuple(each["Network"]["Spec"]["Name"] for each in raw.get("NetworksAttachments") or ()),
        files=tuple(files(spec)),
        image=(spec.get("ContainerSpec") or {}).get("Image", ""),
        timestamp=from_text(status["Timestamp"]) if status.get("Timestamp") else 0.0,
    )


def _state(raw: Raw, down: frozenset[str]) -> str:
    """What the swarm says; but who was told to end on a node that is down is given up now, not in a day."""
    state = str((raw.get("Status") or {}).get("State", "new"))
    lost = raw.get("NodeID") in down and raw.get("DesiredState") in ("shutdown", "remove")
    return "orphaned" if lost and state in LIVE else state


def files(template: Raw) -> Iterator[Key]:
    """The configs and secrets that a task template mounts."""
    container = template.get("ContainerSpec") or {}
    yield from (Key("config", each["ConfigName"]) for each in container.get("Configs") or ())
    yield from (Key("secret", each["SecretName"]) for each in container.get("Secrets") or ())


def _compared(template: Raw) -> dict[str, Any]:
    return {name: value for name, value in template.items() if name not in NOT_COMPARED}
