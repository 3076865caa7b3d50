"""Published ports of a Compose file: here one gateway publishes, and leads on by path."""

from __future__ import annotations

import re
from typing import Any

from ailtire_deploy.importing.notes import Notes

NOT_HTTP = frozenset({21, 22, 25, 53, 110, 143, 389, 465, 587, 636, 993, 1433, 1521, 1883, 2181, 3306, 4222,
                      5432, 5672, 6379, 9042, 9092, 11211, 27017})  # fmt: skip
SHORT = re.compile(r"(?:(?:\[[0-9a-fA-F:]+\]|[0-9]+(?:\.[0-9]+){3}):)?(?:([0-9]+):)?([0-9]+)(?:/(tcp|udp))?")


def published(
    given: dict[str, Any], made: dict[str, Any], renamed: dict[str, str], notes: Notes
) -> dict[str, Any]:
    """The ``gateway`` for all ports; each service gets an ``interface`` for the first that is HTTP's."""
    doors: list[int] = []
    for key, each in given.items():
        listed = each.get("ports") if isinstance(each, dict) else None
        for index, value in enumerate(listed if isinstance(listed, list) else []):
            at = ("services", key, "ports", index)
            port = _read(value)
            if port is None:
                notes.impossible(at, "a port looks like 8080:80; ranges and variables are not taken")
                continue
            outside, inside, protocol = port
            service = made[renamed[key]]
            if protocol == "udp" or inside in NOT_HTTP:
                notes.impossible(at, "gateways speak HTTP: inside the stack it is reached by name")
            elif "interface" in service:
                notes.impossible(at, "a service offers one port: give the other one a service of its own")
            else:
                prefix = f"/{renamed[key]}" if doors else "/"
                service["interface"] = {prefix: {"port": inside}}
                doors += [outside] if outside and not doors else []
                notes.translated(at, _said(prefix, doors))
    return {"gateway": {"publish": [{"port": each} for each in doors]}} if doors else {}


def _said(prefix: str, doors: list[int]) -> str:
    return f"interface {prefix}" + (f" on the gateway's port {doors[0]}" if doors else "")


def _read(value: Any) -> tuple[int, int, str] | None:
    """Outside, inside, protocol; 0 for outside where the engine chooses."""
    if isinstance(value, int) and not isinstance(value, bool):
        return 0, value, "tcp"
    if isinstance(value, str):
        found = SHORT.fullmatch(value)
        return (int(found[1] or 0), int(found[2]), found[3] or "tcp") if found else None
    if isinstance(value, dict):
        numbers = [str(value.get(part) or 0) for part in ("published", "target")]
        if all(each.isdecimal() for each in numbers):
            return int(numbers[0]), int(numbers[1]), str(value.get("protocol", "tcp"))
    return None
