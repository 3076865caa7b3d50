"""Signed HTTP between controllers: down to a child through the own gateway, up to the parent through its
gateway.

A call has one deadline for everything, however slowly the other side speaks. Nothing is followed, nothing is
taken from the environment's proxy settings, and no answer is read beyond a limit: the other side may have
been taken over.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any

from ailtire_deploy import identity, names
from ailtire_deploy.children.connection import Connection
from ailtire_deploy.errors import Unreachable
from ailtire_deploy.names import GATEWAY_PORT, StackPath
from ailtire_deploy.ports import Reply
from ailtire_deploy.rotation import NEVER, Former

LIMIT = 8 * 1024 * 1024  # bytes of an answer that is read as a whole
IDLE = 30.0  # seconds between two pieces of a stream: three heartbeats
PIECE = 16 * 1024
ADMIN, DOWN = "/_admin", "/_down"
DENIED = 401
_JSON = ("application/json", "application/problem+json")


@dataclass(frozen=True, slots=True)
class HttpChildren:
    """The controllers around the stack at ``path``.

    ``parent`` is the host and port of the parent's gateway; "" for a root, which has none.
    ``gateway`` is where the own gateway listens, by default as the engine's DNS knows it. ``former`` is the
    key before: a child that does not know the newest one yet is called with that.
    """

    path: StackPath
    key: bytes = field(repr=False)
    parent: str = ""
    gateway: str = ""
    former: Former = NEVER
    now: Callable[[], float] = time.time

    def call(
        self,
        child: StackPath,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        role: str,
        budget: float,
    ) -> Reply:
        """One call with JSON in and out; ``path`` may carry a query. Raises Unreachable."""
        sent = b"" if body is None else json.dumps(body).encode()
        bare, _, query = path.partition("?")
        return self.forward(child, method, bare, query, sent, role, budget)

    def forward(
        self, child: StackPath, method: str, path: str, query: str, body: bytes, role: str, budget: float
    ) -> Reply:
        """One call with bytes; an answer that is not JSON comes as a stream. Raises Unreachable."""
        target = f"{path}?{query}" if query else path
        down = f"{DOWN}/{child.key}{target.removeprefix(ADMIN)}"

        def ask(own: bytes) -> Reply:
            key, now = identity.child_key_for(own, self.path, child), self.now()
            signed = identity.sign(key, method, target, identity.digest(body), role, now)
            return _exchange(Connection(self._gateway(), budget), method, down, body, signed, str(child))

        found = ask(self.key)
        for former in self.former.believed(self.now()) if found.status == DENIED else ():
            found = ask(former)
        return found

    def register(self, budget: float) -> Reply:
        """Tell the parent that this stack is alive. Raises Unreachable."""
        if not self.parent:
            raise Unreachable(f"{self.path} has no parent")
        body = json.dumps({"name": str(self.path), "url": names.admin_url(self.path)}).encode()
        path = f"{ADMIN}/register"
        signed = identity.sign(self.key, "POST", path, identity.digest(body), identity.CHILD, self.now())
        connection = Connection(self.parent, budget)
        return _exchange(connection, "POST", path, body, signed, str(self.path.parent))

    def _gateway(self) -> str:
        return self.gateway or f"{names.tasks_of(names.gateway_service(self.path))}:{GATEWAY_PORT}"


class Pieces:
    """A stream's pieces as they come; too long a silence, or a broken connection, is the end."""

    def __init__(self, response: HTTPResponse, connection: Connection) -> None:
        self._response, self._connection = response, connection

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self._connection.allow(IDLE)
        try:
            piece = self._response.read1(PIECE)
        except (OSError, ValueError, HTTPException):
            piece = b""
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def _exchange(connection: Connection, method: str, way: str, body: bytes, signed: str, who: str) -> Reply:
    """Send a request along ``way`` and read what ``who`` answers. Raises Unreachable."""
    headers = {"Authorization": signed, "Connection": "close", "Accept": "application/json"}
    if body:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(method, way, body or None, headers)
        return _reply(connection.getresponse(), connection, who)
    except (OSError, HTTPException) as error:
        connection.close()
        raise _silence(who, connection.budget, error) from _cause(error)


def _reply(response: HTTPResponse, connection: Connection, who: str) -> Reply:
    kind = response.headers.get_content_type()
    if kind not in _JSON and 200 <= response.status < 300:
        return Reply(response.status, Pieces(response, connection), kind)
    try:
        if kind not in _JSON:
            raise Unreachable(f"the controller of {who} is not there (HTTP {response.status})")
        found = json.loads(_whole(response, who))
        return Reply(response.status, found, kind, response.headers.get("Location", ""))
    except (ValueError, RecursionError):
        raise Unreachable(f"the controller of {who} answered with what is not JSON") from None
    finally:
        response.close()
        connection.close()


def _whole(response: HTTPResponse, who: str) -> bytes:
    found = response.read(LIMIT + 1)
    if len(found) > LIMIT:
        raise Unreachable(f"the answer of {who} is longer than {LIMIT // 1024} KiB")
    if response.length:
        raise Unreachable(f"the answer of {who} breaks off")
    return found


def _silence(who: str, budget: float, error: Exception) -> Unreachable:
    if isinstance(error, TimeoutError):
        return Unreachable(f"no answer from {who} within {budget:.1f} s")
    return Unreachable(f"{who} does not answer: {getattr(error, 'strerror', None) or type(error).__name__}")


def _cause(error: Exception) -> Exception | None:
    """Only lateness is told on; what else the network says is in the words already."""
    return error if isinstance(error, TimeoutError) else None
