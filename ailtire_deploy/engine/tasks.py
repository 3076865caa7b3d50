"""One task as the engine lists it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ailtire_deploy.moments import from_text
from ailtire_deploy.state import Key, Task

Raw = Mapping[str, Any]

NOT_COMPARED = frozenset({"Runtime", "Placement"})
"""Where a current task may differ: tasks do not show their runtime, and one whose node satisfies changed
constraints is left where it is."""


def task(
    raw: Raw, services: Mapping[str, str], nodes: Mapping[str, str], templates: Mapping[str, Raw]
) -> Task:
    """A task, with names for the ids of its service, node and networks."""
    status = raw.get("Status") or {}
    service, node = raw.get("ServiceID", ""), raw.get("NodeID", "")
    container = status.get("ContainerStatus") or {}
    spec = raw.get("Spec") or {}
    return Task(
        id=raw["ID"],
        service=services.get(service, ""),
        slot=str(raw.get("Slot") or nodes.get(node, node)),
        node=nodes.get(node, node),
        state=status.get("State", "new"),
        desired=raw.get("DesiredState", ""),
        current=service in templates and _compared(templates[service]) == _compared(spec),
        message=status.get("Message", ""),
        error=status.get("Err", ""),
        exit_code=container.get("ExitCode") if status.get("State") in ("complete", "failed") else None,
        networks=tuple(each["Network"]["Spec"]["Name"] for each in raw.get("NetworksAttachments") or ()),
        files=tuple(files(spec)),
        image=(spec.get("ContainerSpec") or {}).get("Image", ""),
        timestamp=from_text(status["Timestamp"]) if status.get("Timestamp") else 0.0,
    )


def files(template: Raw) -> Iterator[Key]:
    """The configs and secrets that a task template mounts."""
    container = template.get("ContainerSpec") or {}
    yield from (Key("config", each["ConfigName"]) for each in container.get("Configs") or ())
    yield from (Key("secret", each["SecretName"]) for each in container.get("Secrets") or ())


def _compared(template: Raw) -> dict[str, Any]:
    return {name: value for name, value in template.items() if name not in NOT_COMPARED}
