"""The engine's complaints as errors of this project.

The engine says most things with the wrong status (a lost compare-and-set is a 500), so the text decides. What
it says is passed on: it names the object and the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from ailtire_deploy.errors import (
    AiltireError,
    Busy,
    Conflict,
    NotFound,
    OutOfSequence,
    Refused,
    Unreachable,
)

BY_TEXT: tuple[tuple[str, type[AiltireError]], ...] = (
    ("out of sequence", OutOfSequence),
    ("name conflicts with an existing object", Conflict),
    ("already exists", Conflict),
    ("in use by", Busy),  # a config, secret or network that something lets go of later
    ("has active endpoints", Busy),
    ("does not have a leader", Unreachable),
    ("not a swarm manager", Unreachable),
    ("not part of a swarm", Unreachable),
    ("code = unavailable", Unreachable),
    ("deadline exceeded", Unreachable),
    ("shutting down", Unreachable),
)
BY_STATUS: dict[int, type[AiltireError]] = {404: NotFound, 409: Conflict, 503: Unreachable, 504: Unreachable}


def translate(status: int, message: str, reading: bool) -> AiltireError:
    """The error an answer of the engine means. A read that fails says nothing about what is there."""
    said = message.strip() or f"HTTP {status} without a word"
    lowered = said.lower()
    kind = next((kind for text, kind in BY_TEXT if text in lowered), None)
    kind = kind or BY_STATUS.get(status) or (Unreachable if reading and status >= 500 else Refused)
    return kind(f"the engine says: {said}")


@contextmanager
def reaching(address: str) -> Iterator[None]:
    """Turn everything that goes wrong below HTTP into Unreachable. Errors of ``requests`` are OSErrors."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"the engine at {address} does not answer: {_plain(error)}") from error


def _plain(error: BaseException) -> str:
    """The innermost reason, without the representation of all that is wrapped around it."""
    seen = error
    while (seen.__cause__ or seen.__context__) and not isinstance(seen, HTTPException):
        seen = seen.__cause__ or seen.__context__ or seen
    return getattr(seen, "strerror", None) or str(seen) or type(seen).__name__
