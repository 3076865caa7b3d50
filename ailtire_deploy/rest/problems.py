"""Every error as ``application/problem+json``: what each kind answers, and nothing of how it came about."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus

from ailtire_deploy.errors import (
    AiltireError,
    Busy,
    Conflict,
    Denied,
    InvalidInput,
    NotFound,
    Partly,
    Problem,
    Refused,
    Usage,
)
from ailtire_deploy.rest.messages import Answer

PROBLEM_JSON = "application/problem+json"
UNAUTHORISED = "a token that is good for this address is needed: Authorization: Bearer TOKEN"

# The first match counts, so a class stands before the one it descends from.
_STATUS: tuple[tuple[type[AiltireError], int], ...] = (
    (InvalidInput, 422),
    (Denied, 401),
    (Refused, 403),
    (NotFound, 404),
    (Busy, 409),
    (Conflict, 409),
    (Partly, 502),
    (Usage, 400),
)
_log = logging.getLogger(__name__)


class HttpError(Exception):
    """An answer that ends the request: its status, and a sentence for the caller."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def answer_for(error: Exception) -> Answer:
    """What a caller learns of an error. One that nobody foresaw is logged here and told in general words."""
    if isinstance(error, HttpError):
        return problem(error.status, error.detail, (), **error.headers)
    if isinstance(error, Denied):
        _log.info("denied: %s", error)
        return unauthorised()
    if isinstance(error, AiltireError):
        found = error.problems if isinstance(error, InvalidInput) else ()
        return problem(status_of(error), _sentence(error), found)
    _log.error("unforeseen error", exc_info=error)
    return problem(500, "something went wrong inside the controller; its log says what")


def status_of(error: AiltireError) -> int:
    """The HTTP status of one of our own errors; silence of the other side is told from a wrong answer."""
    if isinstance(error, Partly) and isinstance(error.__cause__, TimeoutError):
        return 504
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def unauthorised() -> Answer:
    """The one answer to everybody without a good token, whether or not there is something to see."""
    return problem(401, UNAUTHORISED, WWW_Authenticate='Bearer realm="ailtire"')


def problem(status: int, detail: str, found: Sequence[Problem] = (), **headers: str) -> Answer:
    """An answer of the form of RFC 9457."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if found:
        body |= {"problems": [asdict(each) for each in found]}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, (json.dumps(body) + "\n").encode(), PROBLEM_JSON, named)


def _sentence(error: AiltireError) -> str:
    if isinstance(error, InvalidInput):
        count = len(error.problems)
        return f"{count} problem{'s' if count != 1 else ''} in what was sent; nothing was changed"
    return str(error)
