"""Headers that a route sets or removes, and which it may not, with the reason.

Names and values go into a proxy's configuration, so the schema lets only narrow patterns through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ailtire_deploy.definition.findings import Finding
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.documents import Path
from ailtire_deploy.model import UNCHANGED, Headers

WAYS = ("request", "response")
HOP = (
    re.compile(
        r"connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|content-length"
        r"|expect|http2-settings|sec-websocket-.*"
    ),
    "belongs to the connection, and breaks requests when it is changed",
)
ORIGIN = (
    re.compile(r"host|forwarded|x-forwarded-.*|x-real-ip|x-original-url|x-rewrite-url|proxy"),
    "says who called and by which address: gateways see to that",
)
SECRET = (
    re.compile(r"authorization|proxy-authorization|cookie"),
    "would hold a secret, which has no place in a definition; the service itself can read one",
)
BODY = (re.compile(r"content-encoding|content-range"), "says how to read the body, which is not changed")
COOKIE = (re.compile(r"set-cookie"), "would take the place of all cookies that the service sets")
REFUSED: Mapping[tuple[str, str], tuple[tuple[re.Pattern[str], str], ...]] = {
    ("request", "set"): (HOP, ORIGIN, SECRET, BODY),
    ("request", "remove"): (HOP, ORIGIN, BODY),
    ("response", "set"): (HOP, BODY, COOKIE),
    ("response", "remove"): (HOP, BODY),
}


def changes(route: Mapping[str, Any], way: str) -> Headers:
    """What a route changes in one direction; of what is wrong with it ``findings`` and the schema tell."""
    given = section(section(route, "headers"), way)
    pairs = ((str(name), str(value)) for name, value in section(given, "set").items())
    removed = given.get("remove", [])
    names = map(str, removed if isinstance(removed, list) else [])
    found = Headers(tuple(sorted(pairs, key=_caseless)), tuple(sorted(names, key=str.lower)))
    return found if found != Headers() else UNCHANGED


def _caseless(pair: tuple[str, str]) -> str:
    return pair[0].lower()


def findings(path: Path, route: Any) -> Iterator[Finding]:
    """Headers that no route may change, and what is said twice; ``path`` is the route's."""
    for way in WAYS:
        seen: set[str] = set()
        for where, verb, name in _named(section(section(route, "headers"), way)):
            here = (*path, "headers", way, *where)
            for pattern, reason in REFUSED[way, verb]:
                if pattern.fullmatch(name.lower()):
                    yield Finding(here, f"{name} {reason}")
            if name.lower() in seen:
                yield Finding(here, f"{name} stands there twice", "a header is set or removed, once")
            seen.add(name.lower())


def _named(given: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    for name in section(given, "set"):
        yield ("set", name), "set", str(name)
    removed = given.get("remove", [])
    for number, name in enumerate(removed if isinstance(removed, list) else []):
        yield ("remove", number), "remove", str(name)
