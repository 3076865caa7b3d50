"""A request and an answer as plain values, so that only ``application`` knows the web framework."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller sent. ``body`` is read when it is asked for, and raises ``HttpError`` when too large."""

    method: str
    path: str
    query: str = ""
    host: str = ""
    authorization: str = ""
    accept: str = ""
    content_type: str = ""
    handed: Mapping[str, str] = field(default_factory=dict)  # parameters that came as headers
    origin: str = ""  # the site whose page makes the call, as a browser says
    asks: str = ""  # the method for which a browser asks whether that page may use it
    body: Callable[[], bytes] = lambda: b""
    gone: Callable[[], bool] = lambda: False  # whether the caller has hung up

    @property
    def target(self) -> str:
        """Path and query, as a signed call is bound to them."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: bytes at once, or an iterable of them with a ``close`` of its own."""

    status: int
    body: bytes | Iterable[bytes]
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    """An answer in JSON, escaped down to ASCII: a terminal shows it and obeys none of it."""
    return Answer(status, (json.dumps(value) + "\n").encode(), headers=headers)


class Again:
    """What was last written as JSON: a value that is asked for again and again is written once."""

    def __init__(self) -> None:
        self._last: tuple[Any, Answer | None] = None, None

    def answer(self, value: Any) -> Answer:
        """``json_answer`` of a value that nobody changes any more."""
        last, made = self._last
        if made is None or last is not value:
            made = json_answer(value)
            self._last = value, made
        return made
