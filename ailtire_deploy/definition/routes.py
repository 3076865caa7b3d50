"""Routes: how the keys of an interface are read, and what may not be offered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from ailtire_deploy import units
from ailtire_deploy.definition import headers, ranges, tcp
from ailtire_deploy.definition.draft import Draft
from ailtire_deploy.definition.findings import Finding
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.documents import Path
from ailtire_deploy.model import UNLIMITED, Limits, Route

RESERVED = frozenset({"_admin", "_down"})
_CHILD_PATH = "/"


def routes(key: str, service: Mapping[str, Any]) -> Iterator[tuple[Path, Route]]:
    """The routes of one service or child.

    A service sees the path as it came unless ``path`` says otherwise; a child is mounted on its own ``/``.
    """
    interface = service.get("interface")
    if not isinstance(interface, Mapping):
        return
    for text, value in interface.items():
        if tcp.listens(text) is not None:
            continue
        long: Mapping[str, Any] = {"port": value} if isinstance(value, int) else value or {}
        host, _, rest = text.partition("/")
        prefix = _trimmed(f"/{rest}")
        default = _CHILD_PATH if service.get("type") == "stack" else prefix
        path = _trimmed(long.get("path", default))
        made = Route(
            key,
            prefix,
            path,
            host,
            long.get("port"),
            limits(long),
            checked(long),
            tcp.seconds(long.get("slow_start")),
            long.get("protocol") == "h2c",
        )
        yield ("interface", text), made


def checked(given: Mapping[str, Any]) -> str:
    """The path that tells how a task is, "" without one."""
    return str(section(given, "check").get("path", ""))


def limits(given: Mapping[str, Any]) -> Limits:
    """What a route lets through; of what is no limit at all ``findings`` tells."""
    with suppress(ValueError, TypeError):  # the schema tells of it
        timeout, size = given.get("timeout"), given.get("max_body")
        return Limits(
            tuple(sorted(given.get("methods", ()))),
            ranges.known(given.get("allow")),
            tcp.seconds(timeout),
            units.size(size) if size is not None else None,
            headers.changes(given, "request"),
            headers.changes(given, "response"),
        )
    return UNLIMITED


def _trimmed(path: str) -> str:
    return path.rstrip("/") or "/"


def findings(draft: Draft) -> Iterator[Finding]:
    """Reserved and doubled prefixes of a whole stack, and what no route may change or say twice."""
    seen: dict[tuple[str, str], Path] = {}
    ports: dict[tuple[str, int | None], Route] = {}
    for key, service in draft.services.items():
        for path, route in routes(key, service):
            here: Path = ("services", key, *path)
            yield from _reserved(here, route)
            yield from ranges.unreadable(here, service["interface"][path[-1]])
            yield from headers.findings(here, service["interface"][path[-1]])
            yield from _disagreeing(here, route, ports.setdefault((key, route.port), route))
            first = seen.setdefault((route.host, route.prefix), here)
            if first != here:
                message = f"{route.host}{route.prefix} is a route of {first[1]} already"
                yield Finding(here, message, "one of them has to go")


def _disagreeing(path: Path, route: Route, first: Route) -> Iterator[Finding]:
    """Routes to one port share its tasks, and there is one way to look after them."""
    for name in ("check", "slow_start"):
        if getattr(route, name) != getattr(first, name):
            said = f"another route to port {route.port} says otherwise"
            yield Finding((*path, name), said, "write the same at each route to this port")


def _reserved(path: Path, route: Route) -> Iterator[Finding]:
    for at, text in ((path, route.prefix), ((*path, "path"), route.path)):
        segments = set(text.split("/"))
        if at != path and text == route.prefix:
            continue
        if segments & RESERVED:
            yield Finding(at, "_admin and _down are reserved", "controllers answer there")
        if segments & {".", ".."}:
            yield Finding(at, "a path may not hold . or ..", "write where it leads")
