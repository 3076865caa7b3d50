"""How to say what is wrong with the key of an interface: the place where newcomers stumble most."""

from __future__ import annotations

from typing import Any

from ailtire_deploy.definition.findings import quoted

_RIGHT = "a route is /path or host/path, of letters, digits and . _ ~ -"
_TCP = "tcp:"


def key(text: str) -> tuple[str, str]:
    """Message and hint for a key that is no route."""
    if text.startswith(_TCP):
        return f"{quoted(text)} is not a route: behind tcp: stands a port", "write tcp:5432: {port: 5432}"
    if "/" not in text:
        slashed = text.strip() or "path"
        return f"{quoted(text)} is not a route: it needs a slash", f'write "/{slashed[:40]}": {{port: …}}'
    if any(letter.isupper() for letter in text.split("/")[0]):
        return f"{quoted(text)} is not a route: a host is written in small letters", _RIGHT
    return f"{quoted(text)} is not a route", _RIGHT


def misread_key(path: tuple[Any, ...]) -> bool:
    """Whether a path leads through an interface's key that is no route, and so has its own finding."""
    if len(path) < 4 or path[2] != "interface" or "/" in str(path[3]):
        return False
    return not str(path[3]).removeprefix(_TCP).isdecimal()


def hint(path: tuple[Any, ...], missing: str) -> str:
    """What helps when a key is missing."""
    if len(path) > 3 and path[2] == "interface" and missing == "port":
        return "the port on which the service listens, as a number"
    return ""
