"""TCP routes: the keys ``tcp:PORT`` of an interface, and the ports of one face that cannot be told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from ailtire_deploy import units
from ailtire_deploy.definition import forms, ranges
from ailtire_deploy.definition.draft import Draft
from ailtire_deploy.definition.findings import Finding
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.documents import Path
from ailtire_deploy.names import GATEWAY_PORT
from ailtire_deploy.passages import TcpRoute

_KEY = re.compile(r"tcp:([0-9]{1,5})")
HIGHEST = 65535


def listens(key: str) -> int | None:
    """The port of a key of an interface; None for a key that is no TCP route."""
    found = _KEY.fullmatch(key)
    return int(found[1]) if found else None


def routes(key: str, service: Mapping[str, Any]) -> Iterator[tuple[Path, TcpRoute]]:
    """The TCP routes of one service or child; a child is reached at the same port unless ``port`` says so."""
    for text, value in section(service, "interface").items():
        listen = listens(text)
        if listen is not None:
            long: Mapping[str, Any] = {"port": value} if isinstance(value, int) else value or {}
            allow, rest = ranges.known(long.get("allow")), seconds(long.get("timeout"))
            yield ("interface", text), TcpRoute(key, listen, long.get("port", listen), allow, rest)


def seconds(given: Any) -> float:
    """A duration that the schema may still have to refuse; 0 for none."""
    with suppress(ValueError, TypeError):
        return units.nanoseconds(given) / units.SECOND if given is not None else 0.0
    return 0.0


def findings(draft: Draft) -> Iterator[Finding]:
    """Ports that no gateway can listen on, or that two routes of one face want, and what is published."""
    seen: dict[int, Path] = {}
    granted = {port: use.name for use in draft.uses.values() for port in use.tcp}
    for key, service in draft.services.items():
        for path, route in routes(key, service):
            here: Path = ("services", key, *path)
            yield from ranges.unreadable(here, service["interface"][path[-1]])
            if not 1 <= route.listen <= HIGHEST or route.listen == GATEWAY_PORT:
                hint = f"take another from 1 to {HIGHEST}; {GATEWAY_PORT} is for HTTP"
                yield Finding(here, f"no gateway listens on port {route.listen} for TCP", hint)
            first = seen.setdefault(route.listen, here)
            if first != here:
                yield Finding(here, f"tcp:{route.listen} is a route of {first[1]} already", _OTHER)
            elif key in draft.children and route.listen in granted:
                said = f"services here reach {granted[route.listen]} of the parent at port {route.listen}"
                yield Finding(here, said, _OTHER)
    yield from _published(draft, seen)


_OTHER = "a port tells one service alone: take another, as tcp:15432: {port: 5432}"


def _published(draft: Draft, offered: Mapping[int, Path]) -> Iterator[Finding]:
    for index, value in forms.items(section(draft.data, "gateway").get("publish")):
        port = value.get("tcp") if isinstance(value, Mapping) else None
        if port is not None and port not in offered:
            known = ", ".join(str(each) for each in sorted(offered))
            hint = f"there are {known}" if known else "offer it in the interface of a service"
            yield Finding(("gateway", "publish", index, "tcp"), f"the stack has no route tcp:{port}", hint)
