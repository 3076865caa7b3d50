"""What is sent to the engine for a resource: its spec with name, labels, data, and ids for names."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from ailtire_deploy.state import Key, Resource

Find = Callable[[Key], str]
"""The id behind a name."""

_EMPTY: Mapping[str, Any] = {"Placement": {}, "Resources": {}}  # as the docker client sends them


def body(resource: Resource, find: Find, force: int = 0) -> dict[str, Any]:
    """The request that makes or changes a resource; ``force`` is the counter of the service found."""
    named = {"Name": resource.name, "Labels": dict(resource.labels)}
    match resource.kind:
        case "network":
            ranges = [{"Subnet": each} for each in resource.facts.get("subnets", ())]
            chosen = {"IPAM": {"Config": ranges}} if ranges else {}
            return {**resource.spec, **named, **chosen, "CheckDuplicate": True}
        case "service":
            template = _template(resource.spec.get("TaskTemplate", {}), find)
            return {**resource.spec, **named, "TaskTemplate": {**template, "ForceUpdate": force}}
        case _:
            data = {} if resource.data is None else {"Data": base64.b64encode(resource.data).decode()}
            return {**resource.spec, **named, **data}


def labels_only(resource: Resource) -> dict[str, Any]:
    """The request that changes the labels of a config or secret; nothing else of them can change."""
    return {"Name": resource.name, "Labels": dict(resource.labels)}


def _template(template: Mapping[str, Any], find: Find) -> dict[str, Any]:
    found = dict(template)
    container = dict(found.get("ContainerSpec", {}))
    if "Networks" in found:
        found["Networks"] = [
            {**each, "Target": find(Key("network", each["Target"]))} for each in found["Networks"]
        ]
    if "Configs" in container:
        container["Configs"] = [
            {**each, "ConfigID": find(Key("config", each["ConfigName"]))} for each in container["Configs"]
        ]
    if "Secrets" in container:
        container["Secrets"] = [
            {**each, "SecretID": find(Key("secret", each["SecretName"]))} for each in container["Secrets"]
        ]
    return {**_EMPTY, **found, "ContainerSpec": {"Privileges": {}, **container}}
