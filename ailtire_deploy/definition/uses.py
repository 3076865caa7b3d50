"""Upward use: what a stack needs of its parent, and what it grants to each of its children.

In a body, ``uses`` is what the parent grants, ``{NAME: {"tcp": [5432], "h2c": true, "timeout": 5.0}}``, each
of these where it says something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ailtire_deploy.definition import forms, routes, tcp
from ailtire_deploy.definition.draft import Draft
from ailtire_deploy.definition.findings import Finding, nearest, quoted
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.documents import Path
from ailtire_deploy.model import Route
from ailtire_deploy.names import RESERVED
from ailtire_deploy.passages import Use

_Grant = tuple[Path, Use]  # where it is written, and what it says before it is known what it means


def in_body(uses: Mapping[str, Use]) -> dict[str, Any]:
    """The part of a child's body; nothing at all where nothing is granted."""
    made = {name: _told(use) for name, use in sorted(uses.items())}
    return {"uses": made} if made else {}


def _told(use: Use) -> dict[str, Any]:
    told = {"tcp": list(use.tcp), "h2c": use.h2c, "timeout": use.timeout}
    return {key: value for key, value in told.items() if value}


def of_body(body: Mapping[str, Any]) -> dict[str, Use]:
    """What a body says is granted."""
    given = body.get("uses")
    return {
        str(name): Use(
            str(name),
            tcp=tuple(each.get("tcp", ())),
            h2c=bool(each.get("h2c")),
            timeout=float(each.get("timeout", 0.0)),
        )
        for name, each in (given.items() if isinstance(given, Mapping) else ())
        if isinstance(each, Mapping)
    }


def granted(draft: Draft, key: str) -> dict[str, Use]:
    """What the child ``key`` gets, by the name it knows it under.

    A grant that makes no sense has the name alone, so that nobody complains of it again below.
    """
    return {
        use.name: Use(use.name) if any(_wrong(draft, key, path, use)) else _meant(draft, use)
        for path, use in _grants(draft.children[key])
    }


def _grants(child: Mapping[str, Any]) -> Iterator[_Grant]:
    given = child.get("uses")
    if isinstance(given, Mapping):
        for name, value in given.items():
            long: Mapping[str, Any] = {"service": value} if isinstance(value, str) else value
            yield ("uses", name), Use(name, long.get("service", name), long.get("port"))
    for index, name in forms.items(given):
        yield ("uses", index), Use(name, name)


def _meant(draft: Draft, use: Use) -> Use:
    above = draft.uses.get(use.service)
    if above:
        return Use(use.name, use.service, None, above.tcp, above.h2c, above.timeout)
    service = draft.services[use.service]
    offered = _offered(draft, use)
    return Use(
        use.name,
        use.service,
        use.port,
        tuple(sorted(route.listen for _, route in tcp.routes(use.service, service))),
        any(route.h2c for route in offered),
        max((route.limits.timeout for route in offered), default=0.0),
    )


def _offered(draft: Draft, use: Use) -> list[Route]:
    """The routes of the granted service that count: with a port, those that lead there."""
    found = [route for _, route in routes.routes(use.service, draft.services[use.service])]
    return [route for route in found if use.port is None or route.port == use.port]


def findings(draft: Draft) -> Iterator[Finding]:
    """Needs that nobody meets, names that mean two things, and grants of what cannot be granted."""
    yield from _needs(draft)
    for name in sorted(draft.uses.keys() & draft.keys):
        hint = f"rename it, or have the parent grant it under another name: uses: {{NAME: {name}}}"
        yield Finding(("services", name), f"{name} is also what the parent grants this stack", hint)
    for key, child in draft.children.items():
        for path, use in _grants(child):
            yield from _wrong(draft, key, path, use)
        yield from _met(draft, key)


def _needs(draft: Draft) -> Iterator[Finding]:
    for index, name in forms.items(draft.data.get("uses")):
        if name not in draft.uses:
            said = f"{name} is not granted to {draft.path}"
            root = "a root has no parent: nest it in a stack that grants it"
            hint = f"write uses: [{name}] beside its definition in {draft.path.parent}"
            yield Finding(("uses", index), said, hint if draft.path.parent else root)


def _wrong(draft: Draft, key: str, path: Path, use: Use) -> Iterator[Finding]:
    """What speaks against one grant to the child ``key``."""
    here: Path = ("services", key, *path)
    if use.name in RESERVED:
        yield Finding(here, f"the name {use.name} is reserved", "every stack has things of that name")
    if use.service in draft.uses:
        if use.port is not None:
            yield Finding(here, "a port is for services of this stack", "what is handed on goes as it came")
    elif use.service == key:
        yield Finding(here, "a stack does not use itself", "name another service of this stack")
    elif use.service not in draft.services:
        if use.service not in draft.keys:
            known = {*draft.services, *draft.uses} - {key}
            yield Finding(here, f"there is no service {quoted(use.service)}", nearest(use.service, known))
    else:
        yield from _closed(draft, here, use)


def _closed(draft: Draft, here: Path, use: Use) -> Iterator[Finding]:
    """A service that nobody can use, or of which it is not clear what is meant."""
    service = draft.services[use.service]
    if use.service in draft.jobs:
        yield Finding(here, f"{use.service} is a job, which serves nobody", "name a service")
    elif use.port is not None and use.service in draft.children:
        yield Finding(here, "a stack is used by its interface", "leave the port out")
    elif use.port is None and not section(service, "interface"):
        hint = f"give it an interface, or open a port: {{{use.name}: {{service: {use.service}, port: 8080}}}}"
        yield Finding(here, f"{use.service} offers nothing", hint)
    elif use.port is None and use.service in draft.plain:
        ports: dict[str, int | None] = {}
        for route in _offered(draft, use):
            if ports.setdefault(route.path, route.port) != route.port:
                said = f"{use.service} has two ports for {route.path}"
                yield Finding(here, said, f"say which: {{service: {use.service}, port: {route.port}}}")


def _met(draft: Draft, key: str) -> Iterator[Finding]:
    """A child that could not tell two of its uses apart."""
    seen: dict[int, str] = {}
    for use in granted(draft, key).values():
        for port in use.tcp:
            first = seen.setdefault(port, use.service)
            if first != use.service:
                said = f"{first} and {use.service} are both at port {port}"
                yield Finding(("services", key, "uses"), said, "grant one of them")
