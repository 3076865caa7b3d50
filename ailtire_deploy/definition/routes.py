"""Routes: how the keys of an interface are read, and what may not be offered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ailtire_deploy.definition.draft import Draft
from ailtire_deploy.definition.findings import Finding
from ailtire_deploy.documents import Path
from ailtire_deploy.model import Route

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
        long: Mapping[str, Any] = {"port": value} if isinstance(value, int) else value or {}
        host, _, rest = text.partition("/")
        prefix = _trimmed(f"/{rest}")
        default = _CHILD_PATH if service.get("type") == "stack" else prefix
        path = _trimmed(long.get("path", default))
        yield ("interface", text), Route(key, prefix, path, host, long.get("port"))


def _trimmed(path: str) -> str:
    return path.rstrip("/") or "/"


def findings(draft: Draft) -> Iterator[Finding]:
    """Reserved and doubled prefixes of a whole stack."""
    seen: dict[tuple[str, str], Path] = {}
    for key, service in draft.services.items():
        for path, route in routes(key, service):
            here: Path = ("services", key, *path)
            yield from _reserved(here, route)
            first = seen.setdefault((route.host, route.prefix), here)
            if first != here:
                message = f"{route.host}{route.prefix} is a route of {first[1]} already"
                yield Finding(here, message, "one of them has to go")


def _reserved(path: Path, route: Route) -> Iterator[Finding]:
    for at, text in ((path, route.prefix), ((*path, "path"), route.path)):
        segments = set(text.split("/"))
        if at != path and text == route.prefix:
            continue
        if segments & RESERVED:
            yield Finding(at, "_admin and _down are reserved", "controllers answer there")
        if segments & {".", ".."}:
            yield Finding(at, "a path may not hold . or ..", "write where it leads")
