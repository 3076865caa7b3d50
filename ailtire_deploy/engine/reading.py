"""What the engine lists, one object at a time, in the form of ``state``: names for ids, normal specs."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy.engine.tasks import files
from ailtire_deploy.moments import from_text
from ailtire_deploy.names import LABEL_ROOT, StackPath
from ailtire_deploy.specs import normalise
from ailtire_deploy.state import Key, Kind, Resource

Raw = Mapping[str, Any]
CHOSEN_BY_ENGINE = "com.docker.network.driver.overlay.vxlanid_list"
OVERLAY = "overlay"  # a new network is listed without a driver until it has been given addresses


def is_ours(resource: Resource, root: StackPath) -> bool:
    """Whether a resource bears all our labels and belongs to the tree of ``root`` (any tree, for ``-``)."""
    try:
        whole = bool(resource.path) and resource.owner.covers(resource.path)
    except (KeyError, ValueError):
        return False
    named = resource.labels.get(LABEL_ROOT)
    return whole and named == str(resource.path.root) and (not root or named == str(root))


def exactly(resource: Resource) -> tuple[Key, int, float]:
    """What identifies one state of one object, names that were used again included."""
    return resource.key, resource.version, resource.created


@dataclass(frozen=True, slots=True)
class Found:
    """A resource and the id behind it."""

    id: str
    resource: Resource


def read(
    kind: Kind, listed: Iterable[Raw], networks: Mapping[str, str] | None = None, stale: bool = False
) -> list[Found]:
    """The objects of one kind in an answer of the engine.

    ``networks`` are names by id, for services; ``stale`` asks for networks that left the swarm as well.
    """
    match kind:
        case "network":
            return [_network(each) for each in listed if stale or not _is_stale(each)]
        case "config":
            return [
                _object(kind, each, data=base64.b64decode(each["Spec"].get("Data", ""))) for each in listed
            ]
        case "secret":
            return [_object(kind, each) for each in listed]
        case "service":
            return [_service(each, networks or {}) for each in listed]


def _is_stale(network: Raw) -> bool:
    """Whether it is a local copy of a network that left the swarm: those list peers or containers."""
    return bool(network.get("Peers") or network.get("Containers"))


def _network(raw: Raw) -> Found:
    options = {name: value for name, value in (raw.get("Options") or {}).items() if name != CHOSEN_BY_ENGINE}
    spec = {name: raw.get(name) for name in ("Driver", "Internal", "Attachable", "EnableIPv6", "Ingress")}
    spec["Driver"] = spec["Driver"] or OVERLAY
    address_management = raw.get("IPAM") or {}
    subnets = tuple(each["Subnet"] for each in address_management.get("Config") or () if each.get("Subnet"))
    return Found(
        raw["Id"],
        Resource(
            Key("network", raw["Name"]),
            normalise("network", {**spec, "Options": options}),
            raw.get("Labels") or {},
            created=from_text(raw["Created"]),
            facts={"subnets": subnets},
        ),
    )


def _object(kind: Kind, raw: Raw, **more: Any) -> Found:
    spec = {name: value for name, value in raw["Spec"].items() if name not in ("Name", "Labels", "Data")}
    resource = Resource(
        Key(kind, raw["Spec"]["Name"]),
        normalise(kind, more.pop("spec", spec)),
        raw["Spec"].get("Labels") or {},
        version=raw["Version"]["Index"],
        created=from_text(raw["CreatedAt"]),
        **more,
    )
    return Found(raw["ID"], resource)


def _service(raw: Raw, networks: Mapping[str, str]) -> Found:
    spec = {name: value for name, value in raw["Spec"].items() if name not in ("Name", "Labels")}
    template = {name: value for name, value in spec["TaskTemplate"].items() if name != "ForceUpdate"}
    named = [
        {**each, "Target": networks.get(each["Target"], each["Target"])}
        for each in template.get("Networks", ())
    ]
    update = raw.get("UpdateStatus") or {}
    facts = {
        "wanted": _wanted(spec["Mode"]),
        "update": update.get("State", ""),
        "message": update.get("Message", ""),
        "updated": from_text(update["StartedAt"]) if update.get("StartedAt") else 0.0,
        "force": raw["Spec"]["TaskTemplate"].get("ForceUpdate", 0),
        "previous": frozenset(files((raw.get("PreviousSpec") or {}).get("TaskTemplate", {}))),
    }
    return _object(
        "service", raw, spec={**spec, "TaskTemplate": {**template, "Networks": named}}, facts=facts
    )


def _wanted(mode: Raw) -> int:
    """How many tasks there should be; of a global service at least one, or nothing would ever be missing."""
    return int(mode["Replicated"].get("Replicas", 1)) if "Replicated" in mode else 1
