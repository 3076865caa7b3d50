"""The rules of all faces as a map that the proxy searches once, so that many routes cost what one does.

A key is ``KIND|FACE|HOST/PREFIX/``; HAProxy finds the longest that a request begins with. A value is
``BACKEND;DEPTH;BASE;MOUNT;LIMITS``: where it goes, how many segments of its path are taken away (none when
nothing is rewritten), what comes before the rest, what callers see before a path that the target knows, and
which limits hold. ``;HOST`` follows where the target is to hear another host.

====  =========================================================================================
kind  what
====  =========================================================================================
``x``  one very path and method, as ``x|FACE|METHOD/PATH``: asked only when ``_admin`` stands in it
``r``  reserved: controllers, before all routes of any host
``m``  mounts of children: asked only when ``_admin`` stands further down in the path
``t``  routes: those of the caller's host first, then those of any
====  =========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from typing import Any

from ailtire_deploy.documents import digest
from ailtire_deploy.model import UNLIMITED, Headers, Limits, Page
from ailtire_deploy.render import words
from ailtire_deploy.render.narrow import narrow, segments
from ailtire_deploy.topology import Face, Rule, Target

ANY_HOST = "*"
NOWHERE = "nowhere"
STREAM = 3600.0  # seconds that a stream of events may rest, as templates/proxy.cfg.j2 has it for tunnels


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the map."""

    key: str
    value: str


def entries(faces: Iterable[Face]) -> list[Entry]:
    """The map, in the order of the rules; where two have one key, the first of them."""
    found: dict[str, Entry] = {}
    for face in faces:
        for rule in face.rules:
            if rule.target:
                made = Entry(_key(face.name, rule), _value(rule))
                found.setdefault(made.key, made)
    return list(found.values())


def asked(entries: Iterable[Entry]) -> set[tuple[str, bool]]:
    """The kinds of keys that there are, and whether they name a host: no other need be looked up."""
    keys = (each.key.split("|") for each in entries)
    return {(kind, not rest.startswith(f"{ANY_HOST}/")) for kind, _, rest in keys if kind != "x"}


def depths(entries: Iterable[Entry]) -> list[int]:
    """How many segments are taken away from paths, anywhere."""
    given = {each.value.split(";")[1] for each in entries}
    return sorted(int(each) for each in given if each)


def backend(target: Target | None) -> str:
    return narrow("label", target.label) if target else NOWHERE


def _key(face: str, rule: Rule) -> str:
    if rule.exact:
        return f"x|{narrow('label', face)}|{narrow('method', rule.method)}{segments(rule.prefix)}"
    host = narrow("host", rule.host).lower() if rule.host else ANY_HOST
    return f"{_kind(rule)}|{narrow('label', face)}|{host}{_closed(segments(rule.prefix))}"


def _kind(rule: Rule) -> str:
    if rule.segment:
        return "m"
    return "r" if rule.target and rule.target.label.startswith("_") else "t"


def _closed(prefix: str) -> str:
    """With a slash at the end, so that ``/messages`` never matches ``/messagesX``."""
    return prefix if prefix == "/" else f"{prefix}/"


def _value(rule: Rule) -> str:
    called = (narrow("host", rule.called),) if rule.called else ()
    return ";".join((backend(rule.target), *_rewriting(rule), limits_id(rule.limits), *called))


def _rewriting(rule: Rule) -> Iterator[str]:
    prefix, path = segments(rule.prefix), segments(rule.path)
    if prefix == path:
        yield from ("", "", "")
    else:
        yield str(0 if prefix == "/" else prefix.count("/"))
        yield path.rstrip("/")
        yield mount(rule)


def limits_id(limits: Limits) -> str:
    """What a set of limits is called; routes with the same ones share it."""
    return f"l{digest(astuple(limits))[:8]}" if limits != UNLIMITED else ""


def limits_of(faces: Iterable[Face], own: Page | None = None) -> list[dict[str, Any]]:
    """Every set of limits once, each value narrowed. ``own`` is the stack's page for 503."""
    found = {limits_id(rule.limits): rule.limits for face in faces for rule in face.rules}
    return [_narrowed(name, limits, own) for name, limits in sorted(found.items()) if name]


def _narrowed(name: str, limits: Limits, own: Page | None) -> dict[str, Any]:
    return {
        "name": name,
        "methods": [narrow("method", each) for each in limits.methods],
        "allow": [narrow("subnet", each) for each in limits.allow],
        "timeout": milliseconds(limits.timeout),
        "lasts": limits.timeout > STREAM,
        "max_body": limits.max_body,
        "request": _changes(limits.request),
        "response": _changes(limits.response),
        "closed": words.told(limits.closed, own) if limits.closed else None,
    }


def _changes(headers: Headers) -> dict[str, Any]:
    return {
        "set": [(narrow("header", name), narrow("header value", value)) for name, value in headers.set],
        "remove": [narrow("header", name) for name in headers.remove],
    }


def milliseconds(seconds: float) -> int:
    """A time as HAProxy takes it; more than it can count is as long as it can."""
    return min(int(seconds * 1000), 2**31 - 1)


def mount(rule: Rule) -> str:
    """What the outside sees before a path that the target knows; a controller builds its own addresses."""
    inner = rule.target is not None and rule.target.label.startswith("_")
    return "" if inner or rule.prefix == "/" else rule.prefix.removesuffix(rule.path.rstrip("/"))
