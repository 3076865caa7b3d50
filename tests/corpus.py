"""A service for every key of a service that the schema accepts, made of the schema's own examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ailtire_deploy import assets, definition
from ailtire_deploy.model import Stack
from ailtire_deploy.names import StackPath

Path = tuple[str | int, ...]
SCHEMA = json.loads(assets.schema("stack"))
IMAGE = "ailtire-test/absent:1"
BESIDE: dict[str, dict[str, Any]] = {
    "healthcheck": {"test": ["CMD", "true"]},
    "volumes": {"type": "volume", "source": "data", "target": "/data"},
    "configs": {"source": "settings"},
    "secrets": {"source": "db_password"},
    "logging": {"driver": "local"},
    "deploy": {"replicas": 0},
}
"""What a part of a mapping needs beside it to be one."""
MEMORY = {"type": "tmpfs", "target": "/memory"}
NFS = {"type": "nfs", "o": "addr=10.0.0.9", "device": ":/x"}
KEYS = ("settings", "db_password")
SHARED: dict[str, Any] = {
    "volumes": {"data": {}, "exports": {"driver_opts": NFS}},
    "configs": {key: {"content": "a"} for key in KEYS},
    "secrets": {key: {"from": {"env": "ANY"}} for key in KEYS},
}


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema with what it refers to in place."""
    name = schema.get("$ref", "").rpartition("/$defs/")[2]
    if not name:
        return schema
    found: Any = SCHEMA["$defs"]
    for step in name.split("/"):
        found = found[step]
    return {**resolved(found), **{key: value for key, value in schema.items() if key != "$ref"}}


def accepted(schema: Mapping[str, Any], at: Path = ()) -> Iterator[tuple[Path, list[Any]]]:
    """Every key below a schema that is not refused, with its examples."""
    for key, given in schema.get("properties", {}).items():
        each = resolved(given)
        if "refused" in each or "since" in each:
            continue
        yield (*at, key), each.get("examples", [])
        yield from accepted(each, (*at, key))
        yield from accepted(resolved(each.get("items", {})), (*at, key, 0))


def placed(path: Path, value: Any) -> dict[str, Any]:
    """A service that has a value at a path, and beside it what that needs."""
    made: Any = value
    for depth in range(len(path) - 1, -1, -1):
        step = path[depth]
        made = [made] if step == 0 else {**companions(path, depth), step: made}
    return {"image": IMAGE, "deploy": {"replicas": 0}, **made}


def companions(path: Path, depth: int) -> Mapping[str, Any]:
    if path[0] == "volumes" and "tmpfs" in path:
        return MEMORY if depth == 2 else {}
    if path[-1] in ("kind", "value") and depth == len(path) - 1:
        return {"kind": "gpu", "value": 1}
    inside = 2 if path[1:2] == (0,) else 1
    return BESIDE.get(str(path[0]), {}) if depth == inside else {}


def keys() -> list[Path]:
    """All that the corpus has to cover."""
    return [path for path, _ in accepted(SCHEMA["$defs"]["service"])]


def services() -> dict[str, tuple[Path, dict[str, Any]]]:
    """Name, key and definition of each service: one for each example of each key."""
    made: dict[str, tuple[Path, dict[str, Any]]] = {}
    for path, examples in accepted(SCHEMA["$defs"]["service"]):
        for example in examples:
            if "{{" not in json.dumps(example):
                made[f"k{len(made)}"] = path, placed(path, example)
    return made


def stack(name: str = "corpus") -> Stack:
    """All of them as one stack."""
    plain: dict[str, Any] = {key: each for key, (_, each) in services().items()}
    plain["db"] = {"image": IMAGE, "deploy": {"replicas": 0}, "healthcheck": {"test": ["CMD", "true"]}}
    plain["mounts"] = {"image": IMAGE, "deploy": {"replicas": 0}, "volumes": ["exports:/exports"]}
    for number, each in enumerate(plain.values()):
        each.pop("type", None)
        if "interface" in each:
            each["interface"] = {f"/{number}": next(iter(each["interface"].values()))}
    body = {"format": 1, "name": name, "context": "", "parameters": {}, "environment": {}}
    return definition.fill({**body, "definition": {**SHARED, "services": plain}}, StackPath((name,)))
