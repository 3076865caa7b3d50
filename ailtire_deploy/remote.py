"""Calls to a controller from outside: an address, a token, and no engine.

Certificates of https addresses are verified, no redirection is followed (it would carry the token along), and
nothing is taken from proxy variables. Errors of the other side become ours.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from ailtire_deploy import log_lines
from ailtire_deploy.errors import (
    AiltireError,
    Busy,
    Denied,
    Failed,
    InvalidInput,
    NotFound,
    Problem,
    Refused,
    Unreachable,
    Usage,
)
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import LogLine

WAIT = 30.0  # seconds for an answer, and between two signs of life of a stream
LIMIT = 16 * 1024 * 1024  # bytes of an answer
LINE = 256 * 1024  # bytes of a line of a stream
KINDS: Mapping[int, type[AiltireError]] = {
    401: Denied,
    403: Refused,
    404: NotFound,
    409: Busy,
    502: Unreachable,
    503: Unreachable,
    504: Unreachable,
}


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a tree answers, and what proves who asks.

    An address without a path is that of the root; one with a path is that of the very stack asked for.
    """

    url: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        plain = not (parts.query or parts.fragment or parts.username or parts.password)
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
            raise Usage(f"--url {self.url[:200]!r}: an address is like https://shop.example")
        if not self.token.isascii() or not self.token.isprintable() or not self.token.strip():
            raise Usage("the token is empty, or no token; `ailtire-deploy token` prints one")

    def __str__(self) -> str:
        return self.url

    @property
    def is_open(self) -> bool:
        """Whether others may read what is said, the token too."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")

    def insist(self, stack: StackPath) -> None:
        """Raises NotFound when it is another stack that answers at this address, or none."""
        try:
            told = self.get(stack, "status", budget=0.2)
        except NotFound:
            told = None
        if not isinstance(told, dict) or told.get("name") != str(stack):
            raise NotFound(f"{self.url} is not the address of {stack}")

    def get(self, stack: StackPath, call: str, **query: Any) -> Any:
        """What a call answers. Raises the error that the other side says, and Unreachable."""
        return self._whole("GET", stack, call, query, None)[0]

    def post(
        self, stack: StackPath, call: str, body: Mapping[str, Any], key: str = "", **query: Any
    ) -> tuple[Any, str]:
        """The same for a change, and the address where it can be followed; with ``key`` it is done once."""
        return self._whole("POST", stack, call, query, body, key)

    def lines(self, stack: StackPath, **query: Any) -> Iterator[LogLine]:
        """Log lines as they come. Raises as ``get`` does."""
        response, connection = self._open("GET", stack, "log", {**query, "format": "json"}, None, "")
        try:
            _insist(response)
            while piece := response.readline(LINE):
                if piece.strip():
                    yield log_lines.from_json(json.loads(piece))
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            raise Unreachable(f"the log of {stack} breaks off: {error}") from None
        finally:
            connection.close()

    def _whole(
        self,
        method: str,
        stack: StackPath,
        call: str,
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        key: str = "",
    ) -> tuple[Any, str]:
        response, connection = self._open(method, stack, call, query, body, key)
        try:
            _insist(response)
            return json.loads(_read(response)), response.headers.get("Location", "")
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            raise Unreachable(f"the answer of {self.url} cannot be read: {error}") from None
        finally:
            connection.close()

    def _open(
        self,
        method: str,
        stack: StackPath,
        call: str,
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        key: str,
    ) -> tuple[HTTPResponse, HTTPConnection]:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        headers |= {"Idempotency-Key": key} if key else {}
        said = urlencode({name: _text(value) for name, value in query.items() if value is not None})
        target = f"{self.address(stack)}/{call}{'?' if said else ''}{said}"
        connection = self._connection()
        try:
            connection.request(method, target, None if body is None else json.dumps(body).encode(), headers)
            return connection.getresponse(), connection
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(f"{self.url}: its certificate is not good: {error.verify_message}") from None
        except (OSError, HTTPException) as error:
            connection.close()
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise Unreachable(f"{self.url} does not answer: {why}") from None

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return HTTPConnection(host, parts.port or 80, timeout=WAIT)
        return HTTPSConnection(host, parts.port or 443, timeout=WAIT, context=ssl.create_default_context())

    def address(self, stack: StackPath) -> str:
        """The path of a stack's calls."""
        prefix = urlsplit(self.url).path.rstrip("/").removesuffix("/_admin")
        below = "" if prefix else "".join(f"/children/{key}" for key in stack.parts[1:])
        return f"{prefix}/_admin{below}"


def _insist(response: HTTPResponse) -> None:
    """Raises the error that an answer stands for."""
    if response.status < 300:
        return
    try:
        said = json.loads(_read(response))
    except (ValueError, RecursionError):
        said = None
    said = said if isinstance(said, dict) else {}
    detail = str(said.get("detail") or f"HTTP {response.status}")
    if response.status == 422:
        raise InvalidInput(_problems(said.get("problems")) or [Problem("request", 0, 0, "", detail)])
    raise KINDS.get(response.status, Failed)(detail)


def _problems(found: Any) -> list[Problem]:
    each: Any
    kept = []
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict):
            texts = (str(each.get(name, "")) for name in ("path", "message", "hint"))
            kept.append(Problem(str(each.get("file", "request")), 0, 0, *texts))
    return kept


def _read(response: HTTPResponse) -> bytes:
    """Raises ValueError for an answer without an end."""
    found = response.read(LIMIT + 1)
    if len(found) > LIMIT:
        raise ValueError(f"it is longer than {LIMIT // 1024} KiB")
    return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
