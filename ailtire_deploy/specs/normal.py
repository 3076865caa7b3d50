"""The normal form of specs: equal wishes and findings are equal values.

Names and labels are not part of it (``Resource`` holds them), nor are ids, counters and what the engine adds
by itself. What is empty is left out, and lists whose order means nothing are sorted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ailtire_deploy.state import Kind

_ELSEWHERE = frozenset({"Name", "Labels", "Data"})
_COUNTED = frozenset({"Replicas", "Parallelism", "Mode", "Init"})  # 0, or no, is an answer here
_FREE = frozenset({"Labels", "Options", "Sysctls"})  # keys and values of the user's, empty ones included
_ADDED = {"Isolation": "default", "Runtime": "container"}
_ROLLING = {"FailureAction": "pause", "Order": "stop-first"}
_FILLED = {"UpdateConfig": _ROLLING, "RollbackConfig": _ROLLING, "RestartPolicy": {"Condition": "any"}}
_BOOKKEEPING = frozenset({"ForceUpdate", "ConfigID", "SecretID"})
_NETWORK = ("Driver", "Internal", "Attachable", "EnableIPv6", "Ingress", "Options")
_SORTED_BY = {
    "Mounts": ("Target",),
    "Configs": ("ConfigName", "File.Name"),
    "Secrets": ("SecretName", "File.Name"),
    "Networks": ("Target",),
    "Ports": ("PublishedPort", "TargetPort", "Protocol"),
}
_SETS = frozenset({"Env", "Aliases", "Constraints", "CapabilityAdd", "CapabilityDrop"})


def normalise(kind: Kind, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A spec in normal form; normalising it again changes nothing."""
    if kind == "network":
        return _fields({name: spec[name] for name in _NETWORK if name in spec})
    own = {name: value for name, value in spec.items() if name not in _ELSEWHERE}
    return _service(own) if kind == "service" else _fields(own)


def _service(spec: Mapping[str, Any]) -> dict[str, Any]:
    found = _fields(spec)
    if "Global" in (spec.get("Mode") or {}):
        found["Mode"] = {"Global": {}}
    return found


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in given.items():
        if name in _BOOKKEEPING or _ADDED.get(name) == value:
            continue
        plain = _value(name, value)
        if plain is not None and (plain or name in _COUNTED):
            found[name] = plain
    return found


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value) if name in _FREE else _completed(name, _fields(value))
    if name in _SETS and isinstance(value, list | tuple):
        return sorted(set(value))
    if isinstance(value, list | tuple):
        return _list(name, value)
    return value


def _completed(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """What the engine writes into a policy that says only part of it."""
    return {**_FILLED.get(name, {}), **fields} if fields else {}


def _list(name: str, value: list[Any] | tuple[Any, ...]) -> list[Any]:
    items = [_fields(each) if isinstance(each, Mapping) else each for each in value]
    order = _SORTED_BY.get(name)
    return sorted(items, key=lambda each: [_rank(_at(each, path)) for path in order]) if order else items


def _rank(value: Any) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, str(value))


def _at(item: Mapping[str, Any], path: str) -> Any:
    for step in path.split("."):
        item = item.get(step, {})
    return item
