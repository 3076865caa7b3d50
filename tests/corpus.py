"""A service for every key of a service, a job or a volume that the schema accepts, made of its examples."""

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


WELL = {"image": IMAGE, "deploy": {"replicas": 0}, "healthcheck": {"test": ["CMD", "true"]}}
MOST_JOBS = 50


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


def placed(path: Path, value: Any, part: str = "service") -> dict[str, Any]:
    """A service or job that has a value at a path, and beside it what that needs."""
    made: Any = value
    for depth in range(len(path) - 1, -1, -1):
        step = path[depth]
        made = [made] if step == 0 else {**companions(path, depth, part), step: made}
    return {"image": IMAGE, **({"deploy": BESIDE["deploy"]} if part == "service" else {}), **made}


def companions(path: Path, depth: int, part: str) -> Mapping[str, Any]:
    if part == "job" and path[0] == "deploy":
        return {"kind": "gpu", "value": 1} if path[-1] in ("kind", "value") and depth == len(path) - 1 else {}
    if path[0] == "volumes" and "tmpfs" in path:
        return MEMORY if depth == 2 else {}
    if path[-1] in ("kind", "value") and depth == len(path) - 1:
        return {"kind": "gpu", "value": 1}
    inside = 2 if path[1:2] == (0,) else 1
    return BESIDE.get(str(path[0]), {}) if depth == inside else {}


def keys(part: str) -> list[Path]:
    """All keys of a service, a job or a volume that the corpus has to cover."""
    return [path for path, _ in accepted(SCHEMA["$defs"][part])]


def examples(part: str) -> Iterator[tuple[Path, Any]]:
    """Each example of each of these keys."""
    for path, each in accepted(SCHEMA["$defs"][part]):
        yield from ((path, example) for example in each if "{{" not in json.dumps(example))


def services(part: str = "service") -> dict[str, tuple[Path, dict[str, Any]]]:
    """Name, key and definition of each service, or job: one for each example of each key."""
    found = enumerate(examples(part))
    return {f"{part[0]}{number}": (path, placed(path, value, part)) for number, (path, value) in found}


def volumes() -> dict[str, tuple[Path, dict[str, Any]]]:
    """The same of volumes."""
    return {
        f"v{number}": (path, {str(path[0]): value}) for number, (path, value) in enumerate(examples("volume"))
    }


def stacks() -> dict[str, Stack]:
    """All services as one stack, and all jobs as some: one has at most fifty."""
    found, jobs = {"corpus": stack()}, list(services("job").items())
    for number in range(0, len(jobs), MOST_JOBS):
        some = {key: each for key, (_, each) in jobs[number : number + MOST_JOBS]}
        found[f"corpus-jobs-{number}"] = filled(f"corpus-jobs-{number}", {"db": WELL}, jobs=some)
    return found


def stack() -> Stack:
    """Each service, and one that mounts each volume."""
    plain: dict[str, Any] = {key: each for key, (_, each) in services().items()} | {"db": WELL}
    kept = {key: each for key, (_, each) in volumes().items()}
    for key in ("exports", *kept):
        plain[f"mounts-{key}"] = {"image": IMAGE, "deploy": {"replicas": 0}, "volumes": [f"{key}:/mounted"]}
    for number, each in enumerate(plain.values()):
        each.pop("type", None)
        if "strategy" in each:  # it is the gateway that divides requests
            each.setdefault("interface", {"/": {"port": 8080}})
        if "interface" in each:
            each["interface"] = {f"/{number}": next(iter(each["interface"].values()))}
    return filled("corpus", plain, volumes={**SHARED["volumes"], **kept})


def filled(name: str, plain: dict[str, Any], **more: Any) -> Stack:
    body = {"format": 1, "name": name, "context": "", "parameters": {}, "environment": {}}
    made = {**body, "definition": {**SHARED, "services": plain, **more}}
    return definition.fill(made, StackPath((name,)))
