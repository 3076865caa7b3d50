"""Query parameters: each has one reader; what is unknown, doubled or wrong is an error, never ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ailtire_deploy import moments
from ailtire_deploy.names import LIMIT, PART
from ailtire_deploy.rest.problems import HttpError

TAIL_LIMIT = 10_000
GREP_LIMIT = 200
KEY = "[!-~]{1,128}"
HEADERS = {"idempotency_key": "Idempotency-Key", "last_event_id": "Last-Event-ID"}
"""Parameters that are headers by right. A parent hands them down in the query, which its signature covers."""

NONE: Mapping[str, str] = MappingProxyType({})
_WORDS = {"true": True, "1": True, "": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Parameter:
    """How one parameter is read from text (ValueError: it is wrong), what is right, and that as a schema."""

    read: Callable[[str, float], Any]
    right: str
    shape: Mapping[str, Any]


def _spellings(*words: str) -> str:
    """A pattern for words in any case."""
    return "|".join("".join(f"[{each.upper()}{each}]" for each in word) for word in words)


def _boolean(text: str, now: float) -> bool:
    return _WORDS[text.lower()]


def _tail(text: str, now: float) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text, re.A) or int(text) > TAIL_LIMIT:
        raise ValueError(text)
    return int(text)


def _since(text: str, now: float) -> float:
    """Also seconds since 1970, as Docker's clients write it."""
    if re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,9})?", text, re.A):
        return float(text)
    return moments.since(text.replace(" ", "+"), now)  # a plus sign that nobody encoded arrives as a space


def _service(text: str, now: float) -> str:
    if len(text) > LIMIT or not re.fullmatch(PART, text):
        raise ValueError(text)
    return text


def _format(text: str, now: float) -> str:
    if text not in ("text", "json"):
        raise ValueError(text)
    return text


def _grep(text: str, now: float) -> str:
    if not 0 < len(text) <= GREP_LIMIT:
        raise ValueError(text)
    return text


def _number(text: str, now: float) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text, re.A):
        raise ValueError(text)
    return int(text)


def _key(text: str, now: float) -> str:
    if not re.fullmatch(KEY, text, re.A):
        raise ValueError(text)
    return text


def _seconds(text: str, now: float) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,9})?", text, re.A):
        raise ValueError(text)
    return float(text)


BOOLEAN = Parameter(
    _boolean,
    "true or false",
    {
        "anyOf": [
            {"type": "boolean"},
            {"type": "string", "pattern": f"^({_spellings('true', 'false')}|[01]|)$"},
        ]
    },
)
KNOWN: Mapping[str, Parameter] = {
    "check": BOOLEAN,
    "replace": BOOLEAN,
    "allow_prune": BOOLEAN,
    "allow_interruption": BOOLEAN,
    "explain": BOOLEAN,
    "follow": BOOLEAN,
    "recursive": BOOLEAN,
    "raw": BOOLEAN,
    "tail": Parameter(
        _tail,
        f"a whole number from 0 to {TAIL_LIMIT}",
        {"type": "integer", "minimum": 0, "maximum": TAIL_LIMIT},
    ),
    "since": Parameter(
        _since,
        "seconds since 1970, a time like 2030-01-31T12:00:00Z, or 5m, 2h, 1d",
        {
            "anyOf": [
                {"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,9})?$"},
                {"type": "string", "pattern": "^([0-9]{1,6}[smhd]){1,4}$"},
                {"type": "string", "format": "date-time"},
            ]
        },
    ),
    "grep": Parameter(
        _grep,
        f"a text of 1 to {GREP_LIMIT} characters that a line has to hold as it stands",
        {"type": "string", "minLength": 1, "maxLength": GREP_LIMIT},
    ),
    "service": Parameter(
        _service,
        "the key of a service of this stack",
        {"type": "string", "pattern": f"^{PART}$", "maxLength": LIMIT},
    ),
    "against": Parameter(
        _number, "the number of a revision", {"type": "integer", "minimum": 1, "maximum": 999_999_999}
    ),
    "budget": Parameter(
        _seconds,
        "the seconds the caller has for the answer",
        {"type": "string", "pattern": r"^[0-9]{1,4}(\.[0-9]{1,9})?$"},
    ),
    "idempotency_key": Parameter(
        _key,
        "1 to 128 visible characters; the same request with the same key is done once",
        {"type": "string", "pattern": f"^{KEY}$"},
    ),
    "last_event_id": Parameter(
        _key,
        "the id of the last event that was seen; one that is not known here counts as none",
        {"type": "string", "pattern": f"^{KEY}$"},
    ),
    "format": Parameter(_format, "text or json", {"enum": ["text", "json"]}),
}


def read(
    query: str, allowed: Collection[str], now: float, handed: Mapping[str, str] = NONE
) -> dict[str, Any]:
    """The parameters of a query, of those that are allowed, and those ``handed`` over as headers.

    Raises HttpError 400.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise HttpError(400, "the query cannot be read") from None
    found: dict[str, Any] = {}
    for name, text in [*pairs, *((name, text) for name, text in handed.items() if name in allowed)]:
        if name not in allowed:
            raise HttpError(400, f"no parameter {name[:40]!r} here; there are {', '.join(allowed) or 'none'}")
        if name in found:
            raise HttpError(400, f"the parameter {name} stands there twice")
        found[name] = _value(name, text, now)
    return found


def write(parameters: Mapping[str, Any]) -> str:
    """The one spelling of parameters, as they are sent on to a child."""
    return urlencode({name: _text(value) for name, value in sorted(parameters.items())})


def _value(name: str, text: str, now: float) -> Any:
    try:
        return KNOWN[name].read(text, now)
    except (ValueError, KeyError, OverflowError):
        raise HttpError(400, f"{name}={text[:40]!r} is not right: {KNOWN[name].right}") from None


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6f}"
    return str(value).lower() if isinstance(value, bool) else str(value)
