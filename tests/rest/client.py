"""A WSGI client, and a controller that only remembers what it was asked."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ailtire_deploy import identity
from ailtire_deploy.controller.journal import Event
from ailtire_deploy.errors import NotFound
from ailtire_deploy.idempotency import Once
from ailtire_deploy.log_lines import Asked
from ailtire_deploy.metrics import Family
from ailtire_deploy.model import Route
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Accepted, LogLine, Reply, Stop
from ailtire_deploy.rest import app
from ailtire_deploy.revocation import Revoked
from ailtire_deploy.rotation import NEVER, Former

NOW = 1_800_000_000.0
KEY = bytes(range(32))
SHOP = StackPath(("shop",))
ORDERS = SHOP / "orders"
LINES = (
    LogLine("shop/web.1", "stdout", "2027-01-15T08:00:00.5Z", "first"),
    LogLine("shop/web.2", "stderr", "2027-01-15T08:00:01Z", "escape \x1b[31m and <b>"),
)
Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


@dataclass
class Remembering:
    """A controller of ``shop`` with two children; ``fails`` is raised by whatever is asked next."""

    path: StackPath = SHOP
    key: bytes = KEY
    former: Former = NEVER
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    fails: Exception | None = None
    lines: tuple[LogLine | None, ...] = LINES
    news: tuple[Event | None, ...] = (
        Event("0a-1", "state", {"stack": "shop"}),
        None,
        Event("0a-2", "done", {}),
    )
    reply: Reply = field(default_factory=lambda: Reply(200, {"from": "a child"}))
    friends: tuple[str, ...] = ()
    known: Mapping[str, tuple[Route, ...]] = field(
        default_factory=lambda: {
            "orders": (Route("orders", "/orders", "/"), Route("orders", "/", "/", host="orders.example")),
            "billing": (Route("billing", "/money/billing", "/v1"),),
        }
    )

    def _note(self, *call: Any) -> None:
        self.calls.append(call)
        if self.fails:
            raise self.fails

    def revoked(self) -> Revoked:
        return Revoked({"0-0badbadbadbadbad": 1 << 40})

    def take_back(self, id: str | None) -> Mapping[str, Any]:
        self._note("take_back", id)
        return {"before": None, "ids": {}}

    def taken_back(self) -> Mapping[str, Any]:
        self._note("taken_back")
        return {"before": None, "ids": {}}

    def children(self) -> Mapping[str, tuple[Route, ...]]:
        return self.known

    def origins(self) -> tuple[str, ...]:
        return self.friends

    def topology(self) -> Mapping[str, Any]:
        self._note("topology")
        return {"stack": str(self.path), "stacks": [], "networks": []}

    def matrix(self) -> Mapping[str, Any]:
        self._note("matrix")
        return {"stack": str(self.path), "members": [], "direct": [], "through": []}

    def verify(self, patience: float, *, keep: bool) -> Mapping[str, Any]:
        self._note("verify", patience, keep)
        return {"stack": str(self.path), "id": "0a", "state": "running", "told": []}

    def verified(self) -> Mapping[str, Any]:
        self._note("verified")
        return {"stack": str(self.path), "id": "0a", "state": "done", "told": []}

    def status(self, budget: float) -> Mapping[str, Any]:
        self._note("status", budget)
        return {"type": "Stack", "name": str(self.path), "shortName": self.path.key, "status": "running"}

    def log(self, asked: Asked, stop: Stop) -> Iterator[LogLine | None]:
        self._note("log", asked)
        return iter(self.lines)

    def metrics(self) -> tuple[Family, ...]:
        self._note("metrics")
        return (Family("rounds", "counter", "Rounds of the loop.", (), (((), 3.0),)),)

    def plan(self) -> Mapping[str, Any]:
        self._note("plan")
        return {"verdict": "unchanged", "stacks": {}}

    def events(self, last: str, stop: Stop) -> Iterator[Event | None]:
        self._note("events", last)
        return iter(self.news)

    def update(
        self, request: Mapping[str, Any], author: str, check: bool, once: Once | None = None
    ) -> Accepted:
        self._note("update", dict(request), author, check, *([once] if once else []))
        return Accepted("" if check else "shop.r7", {"verdict": "changes"})

    def rollback(
        self, number: int | None, author: str, check: bool = False, once: Any = None, allowed: Any = ()
    ) -> Accepted:
        self._note("rollback", number, author, *([check] if check else []), *sorted(allowed))
        return Accepted("" if check else "shop.r8", {"verdict": "changes", "stacks": {}})

    def maintenance(self, wish: Any, author: str, check: bool = False, once: Once | None = None) -> Accepted:
        self._note("maintenance", wish, author, check)
        return Accepted("" if check else "shop.r9", {"verdict": "changes", "stacks": {}})

    def shutdown(self, author: str, check: bool = False, once: Once | None = None) -> Accepted:
        self._note("shutdown", author, *([check] if check else []))
        return Accepted("" if check else "shop.r8", {"verdict": "changes", "stacks": {}})

    def release(self, service: str, what: str, author: str) -> Mapping[str, Any]:
        self._note("release", service, what, author)
        return {"revision": "shop.r8", "services": ["web"]}

    def register(self, child: str, url: str) -> Mapping[str, Any]:
        self._note("register", child, url)
        return {"parent": str(self.path), "name": child}

    def history(self) -> list[dict[str, Any]]:
        self._note("history")
        return [{"number": 12, "outcome": "converged"}, {"number": 2, "outcome": "superseded"}]

    def revision(self, number: int) -> dict[str, Any]:
        self._note("revision", number)
        if number not in (12, 2):
            raise NotFound(f"shop has no revision {number}")
        return {"number": number, "outcome": "converged"}

    def difference(self, number: int, against: int | None) -> dict[str, Any]:
        self._note("difference", number, against)
        return {"stack": str(self.path), "from": against or number - 1, "to": number, "changes": []}

    def deadlines(self) -> Mapping[str, str]:
        return {}

    def forward(
        self, child: str, method: str, subpath: str, query: str, body: bytes, role: str, budget: float
    ) -> Reply:
        self._note("forward", child, method, subpath, query, body, role)
        return self.reply


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        return self.headers["Content-Type"].partition(";")[0]


def surface(controller: Remembering | None = None, **options: Any) -> Application:
    """The application of a controller, at a time that stands still."""
    made: Application = app(controller or Remembering(), now=lambda: NOW, **options)
    return made


def token(role: str = "admin", path: StackPath = SHOP, *, key: bytes = KEY, ttl: int = 60) -> str:
    """A token as the command line makes it: with the key of ``path``'s own stack, derived from the root's."""
    own = identity.child_key_for(key, SHOP, path) if SHOP.covers(path) else key
    return identity.issue(own, path, "alice", role, int(NOW) + ttl)


def taken_back() -> str:
    """A good token, but for its id."""
    whole = identity.issue(KEY, SHOP, "alice", "admin", int(NOW) + 60, "0-0badbadbadbadbad", int(NOW))
    return f"Bearer {whole}"


def bearer(role: str = "admin", path: StackPath = SHOP, **options: Any) -> str:
    return f"Bearer {token(role, path, **options)}"


def signed(
    key: bytes, method: str, target: str, body: bytes = b"", role: str = "admin", now: float = NOW
) -> str:
    return identity.sign(key, method, target, identity.digest(body), role, now)


def environ(
    method: str, target: str, authorization: str, body: bytes, headers: Mapping[str, str]
) -> dict[str, Any]:
    path, _, query = target.partition("?")
    found: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.encode().decode("latin-1"),
        "SCRIPT_NAME": "",
        "QUERY_STRING": query,
        "SERVER_NAME": "admin",
        "SERVER_PORT": "3000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "admin:3000",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
    }
    if authorization:
        found["HTTP_AUTHORIZATION"] = authorization
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        found[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return found


def call(
    application: Application,
    method: str,
    target: str,
    authorization: str = "",
    body: Any = b"",
    **headers: str,
) -> Response:
    """One request; a body that is not bytes is sent as JSON."""
    if not isinstance(body, bytes):
        headers.setdefault("Content_Type", "application/json")
        body = json.dumps(body).encode()
    answer: dict[str, Any] = {}

    def start(status: str, fields: list[tuple[str, str]], error: Any = None) -> None:
        answer.update(status=int(status.split()[0]), headers=dict(fields))

    chunks = application(environ(method, target, authorization, body, headers), start)
    try:
        received = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return Response(answer["status"], answer["headers"], received)
