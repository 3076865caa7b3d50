"""Who stands on which network of the swarm, strangers included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ailtire_deploy.engine.wire import Wire
from ailtire_deploy.ports import Attachment

Raw = Mapping[str, Any]
THERE = "running"  # who is only coming has no name yet, and does not listen


def attachments(wire: Wire) -> tuple[Attachment, ...]:
    """Every address of a running task, and every one that a service shares among its tasks."""
    services = wire.get("/services")
    tasks = wire.get("/tasks", filters={"desired-state": [THERE]})
    networks = {each["Id"]: each["Name"] for each in wire.get("/networks", filters={"scope": ["swarm"]})}
    names = {each["ID"]: each["Spec"]["Name"] for each in services}
    of_tasks = (found for each in tasks for found in _of_task(each, names))
    shared = (found for each in services for found in _shared(each, networks))
    return tuple(sorted((*of_tasks, *shared)))


def _of_task(task: Raw, names: Mapping[str, str]) -> Iterator[Attachment]:
    if (task.get("Status") or {}).get("State") != THERE:
        return
    service = names.get(task.get("ServiceID", ""), "")
    attached = (task.get("Spec") or {}).get("NetworkAttachmentSpec") or {}
    container = str(attached.get("ContainerID", ""))[:12]
    for each in task.get("NetworksAttachments") or ():
        network = str(each["Network"]["Spec"]["Name"])
        for address in each.get("Addresses") or ():
            yield Attachment(network, service, _bare(address), task["ID"], container)


def _shared(service: Raw, networks: Mapping[str, str]) -> Iterator[Attachment]:
    for each in (service.get("Endpoint") or {}).get("VirtualIPs") or ():
        if each.get("Addr") and each.get("NetworkID") in networks:
            yield Attachment(networks[each["NetworkID"]], service["Spec"]["Name"], _bare(each["Addr"]))


def _bare(address: str) -> str:
    return address.partition("/")[0]
