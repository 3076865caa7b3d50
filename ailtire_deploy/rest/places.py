"""Which stack an address is about, and what it asks there.

============================================  =============================================================
address                                       leads to
============================================  =============================================================
``/_admin/NAME``                              this stack
``/_admin/children/KEY/…``                    child KEY, as ``/_admin/…``
``MOUNT/_admin/…``                            the child mounted at MOUNT, as ``/_admin/…``
``MOUNT/more/_admin/…``                       the child mounted at MOUNT, as ``/_admin/at/more/_admin/…``
``/_admin/at/…``                              as ``/…``: how a parent names what is mounted in a child
============================================  =============================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ailtire_deploy.model import Route
from ailtire_deploy.names import PART, StackPath

ADMIN = "_admin"
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*", re.A)
_LENGTH = 1024
Children = Mapping[str, tuple[Route, ...]]


@dataclass(frozen=True, slots=True)
class Place:
    """``name`` is what is asked (``status``; "" for nothing known) of the stack at ``target``.

    ``child`` is the key of the child on the way there ("" for this stack itself) and ``subpath`` the address
    there. Of a mount below a child only that child is known here: then ``exact`` is false, and ``target`` is
    the child.
    """

    target: StackPath
    name: str = ""
    child: str = ""
    subpath: str = ""
    exact: bool = True


def find(path: str, host: str, own: StackPath, children: Callable[[], Children]) -> Place:
    """The place that a path names; one without a name for a path that names nothing.

    ``children`` is asked only when it matters, and what it raises is raised.
    """
    segments = path.split("/")[1:]
    if len(path) > _LENGTH or path[:1] != "/" or not all(map(_SEGMENT.fullmatch, segments)):
        return Place(own)
    if segments[:2] == [ADMIN, "at"]:
        segments = segments[2:]
    if ADMIN not in segments:
        return Place(own)
    if segments[0] != ADMIN:
        return _mounted(segments, host, own, children())
    if segments[1:2] == ["children"] and re.fullmatch(PART, "".join(segments[2:3])):
        return _below(own, segments[2], segments[3:], children())
    return Place(own, "/".join(segments[1:]))


def _below(own: StackPath, key: str, rest: list[str], children: Children) -> Place:
    """A child by its key; deeper ones by theirs, which only the child can tell to be right."""
    subpath = "/".join(["", ADMIN, *rest])
    target = own / key
    while rest[:1] == ["children"] and re.fullmatch(PART, "".join(rest[1:2])):
        target, rest = target / rest[1], rest[2:]
    exact = rest[:1] != ["at"]
    return Place(target, _name(rest) if key in children else "", key, subpath, exact)


def _mounted(segments: list[str], host: str, own: StackPath, children: Children) -> Place:
    before, after = segments[: segments.index(ADMIN)], segments[segments.index(ADMIN) + 1 :]
    fitting = [each for each in _routes(children, host) if _fits(each[1], before)]
    if not fitting:
        return Place(own)
    key, route = max(fitting, key=_precedence)
    depth = len(_parts(route.prefix))
    if depth == len(before):
        return _below(own, key, after, children)
    inside = [*_parts(route.path), *before[depth:]]
    return Place(
        own / key, _name(after), key, "/".join(["", ADMIN, "at", *inside, ADMIN, *after]), exact=False
    )


def _routes(children: Children, host: str) -> Iterator[tuple[str, Route]]:
    name = host.partition(":")[0].lower()
    return (
        (key, each) for key in sorted(children) for each in children[key] if each.host.lower() in ("", name)
    )


def _fits(route: Route, before: list[str]) -> bool:
    parts = _parts(route.prefix)
    return before[: len(parts)] == parts


def _precedence(found: tuple[str, Route]) -> tuple[bool, int]:
    """As the gateway's rules have it: a route for the host first, then the longest."""
    return bool(found[1].host), len(found[1].prefix)


def _parts(prefix: str) -> list[str]:
    return [part for part in prefix.split("/") if part]


def _name(rest: list[str]) -> str:
    """What is asked, behind all the children and mounts on the way."""
    while rest[:1] == ["children"]:
        rest = rest[2:]
    if ADMIN in rest:
        return _name(rest[len(rest) - rest[::-1].index(ADMIN) :])
    return "/".join(rest)
