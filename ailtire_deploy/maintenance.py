"""Maintenance: which services of a stack, or all of it, are closed to callers from outside.

It stands in a revision's body beside the definition, ``maintenance: {KEY: {message, allow}}``, with the key
``*`` for the whole stack. No definition says it and no way back changes it: whoever writes a revision carries
it on from the newest one, and the hash of what was wished for leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.model import WHOLE, Child, Closed, Service, Stack

KEY = "maintenance"
LONGEST = 500  # characters of a message
MOST = 50  # ranges of addresses
SOURCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be closed, by its key or ``*``; None opens it again."""

    key: str
    closed: Closed | None

    def __str__(self) -> str:
        return f"{'on' if self.closed else 'off'}{'' if self.key == WHOLE else f' {self.key}'}"


def of(body: Mapping[str, Any]) -> dict[str, Closed]:
    """What a revision's body says."""
    return {
        key: Closed(each.get("message", ""), tuple(each.get("allow", ())))
        for key, each in sorted(body.get(KEY, {}).items())
    }


def in_body(closed: Mapping[str, Closed]) -> dict[str, Any]:
    """The part of a body that ``of`` reads; nothing where nothing is closed."""
    told = {
        key: {
            **({"message": each.message} if each.message else {}),
            **({"allow": list(each.allow)} if each.allow else {}),
        }
        for key, each in sorted(closed.items())
    }
    return {KEY: told} if told else {}


def bare(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body without it: what was wished for."""
    return {key: value for key, value in body.items() if key != KEY}


def carried(body: Mapping[str, Any], standing: Mapping[str, Any]) -> dict[str, Any]:
    """The body with what the newest revision says about maintenance, and nothing of its own."""
    kept = {KEY: standing[KEY]} if KEY in standing else {}
    return {**bare(body), **({} if body.get("state") == "absent" else kept)}


def is_whole(body: Mapping[str, Any]) -> bool:
    """Whether it has the form in which it is written."""
    told = body.get(KEY, {})
    return isinstance(told, dict) and all(_is_closed(each) for each in told.values())


def _is_closed(each: Any) -> bool:
    if not isinstance(each, dict) or not isinstance(each.get("message", ""), str):
        return False
    ranges = each.get("allow", [])
    return isinstance(ranges, list) and all(isinstance(text, str) and _network(text) for text in ranges)


def wish(key: str, on: bool, message: str = "", allow: Iterable[str] = ()) -> Wish:
    """What somebody asks for. Raises InvalidInput with all that is wrong with it."""
    ranges = list(allow)
    found = list(_wrong(on, message, ranges))
    if found:
        raise InvalidInput(found)
    networks = tuple(_network(each) for each in ranges)
    return Wish(key, Closed(message.strip(), networks) if on else None)


def _wrong(on: bool, message: str, ranges: list[str]) -> Iterator[Problem]:
    if not on and (message or ranges):
        yield Problem(SOURCE, 0, 0, "on", "what is opened again has no message and no exceptions")
    if len(message) > LONGEST or not all(each.isprintable() or each == "\n" for each in message):
        yield Problem(SOURCE, 0, 0, "message", f"has to be text of at most {LONGEST} characters")
    if len(ranges) > MOST:
        yield Problem(SOURCE, 0, 0, "allow", f"holds more than {MOST} ranges")
    for text in ranges:
        if not _network(text):
            hint = "write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32"
            yield Problem(SOURCE, 0, 0, "allow", f"{text[:60]!r} is no range of addresses", hint)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        return ""


def changed(body: Mapping[str, Any], stack: Stack, asked: Wish) -> dict[str, Any]:
    """The body as it then is. Raises InvalidInput for what offers nothing that could be closed."""
    parts: list[Service | Child] = [*stack.services, *stack.children]
    offering = {each.key for each in parts if each.routes}
    now = of(body)
    if asked.key not in (WHOLE, *offering, *(() if asked.closed else now)):
        hint = f"known are {', '.join(sorted(offering))}" if offering else "nothing of it does"
        said = f"{stack.path} offers no {asked.key[:60]!r} to anybody"
        raise InvalidInput([Problem(SOURCE, 0, 0, "service", said, hint)])
    left = {key: each for key, each in now.items() if key != asked.key}
    return {**bare(body), **in_body({**left, **({asked.key: asked.closed} if asked.closed else {})})}


def told(closed: Closed) -> str:
    """Maintenance in words."""
    message = " ".join(closed.message.split())
    return f"in maintenance: {message}" if message else "in maintenance"
