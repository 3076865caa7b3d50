"""Published ports of a Compose file: here one gateway publishes, and leads on by path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ailtire_deploy.importing.interpolation import as_number
from ailtire_deploy.importing.notes import Notes

NOT_HTTP = frozenset({21, 22, 25, 53, 110, 143, 389, 465, 587, 636, 993, 1433, 1521, 1883, 2181, 3306, 4222,
                      5432, 5672, 6379, 9042, 9092, 11211, 27017})  # fmt: skip
PORT = r"[0-9]+|\{\{ [a-z_][a-z0-9_]* \}\}"
SHORT = re.compile(
    rf"(?:(\[[0-9a-fA-F:]+\]|[0-9]+(?:\.[0-9]+){{3}}):)?(?:({PORT}):)?({PORT})(?:/(tcp|udp))?", re.ASCII
)
TLS = frozenset({443, 8443})
Port = int | str  # a number, or a template for one


def published(
    given: dict[str, Any],
    made: dict[str, Any],
    renamed: dict[str, str],
    parameters: dict[str, Any],
    notes: Notes,
) -> dict[str, Any]:
    """The ``gateway`` for all ports; each service gets an ``interface`` for the first that is HTTP's."""
    doors: list[Port] = []
    for key, each in given.items():
        listed = each.get("ports") if isinstance(each, dict) else None
        for index, value in enumerate(listed if isinstance(listed, list) else []):
            at = ("services", key, "ports", index)
            found = _read(value)
            if found is None or not all(_is_port(port, parameters) for port in (found.outside, found.inside)):
                notes.impossible(at, "a port looks like 8080:80; ranges are not taken")
            elif why := found.impossible or ("interface" in made[renamed[key]] and ONE):
                notes.impossible(at, why)
            else:
                prefix = f"/{renamed[key]}" if doors else "/"
                made[renamed[key]]["interface"] = {prefix: {"port": found.inside}}
                doors += [found.outside] if found.outside and not doors else []
                notes.translated(at, _said(prefix, doors, found.address))
    return {"gateway": {"publish": [{"port": each} for each in doors]}} if doors else {}


ONE = "a service offers one port: give the other one a service of its own"


@dataclass(frozen=True, slots=True)
class Published:
    """One port of a Compose file; 0 for ``outside`` where the engine chooses."""

    outside: Port
    inside: Port
    protocol: str = "tcp"
    address: str = ""

    @property
    def impossible(self) -> str:
        """Why a gateway cannot lead to it; "" when it can."""
        if self.protocol == "udp" or self.inside in NOT_HTTP:
            return "gateways speak HTTP: inside the stack it is reached by name"
        return (
            "a gateway speaks plain HTTP to a service: let it listen without TLS"
            if self.inside in TLS
            else ""
        )


def _is_port(port: Port, parameters: dict[str, Any]) -> bool:
    return isinstance(port, int) or as_number(parameters, port)


def _said(prefix: str, doors: list[Port], address: str) -> str:
    door = f" on the gateway's port {doors[0]}" if doors else ""
    return f"interface {prefix}{door}" + (f", on every address of the node, not {address}" if address else "")


def _read(value: Any) -> Published | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return Published(0, value)
    if isinstance(value, str):
        found = SHORT.fullmatch(value)
        return found and Published(_port(found[2] or 0), _port(found[3]), found[4] or "tcp", found[1] or "")
    if isinstance(value, dict):
        ports = [str(value.get(part) or 0) for part in ("published", "target")]
        if all(re.fullmatch(PORT, each) for each in ports):
            more = str(value.get("protocol", "tcp")), str(value.get("host_ip", ""))
            return Published(_port(ports[0]), _port(ports[1]), *more)
    return None


def _port(text: Any) -> Port:
    return int(text) if str(text).isdecimal() else str(text)
