"""The engine's HTTP API as four verbs over whichever way leads to it, with our errors."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, suppress
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode

from ailtire_deploy.engine.connect import Address, connect
from ailtire_deploy.engine.errors import reaching, translate
from ailtire_deploy.engine.transport import TIMEOUT, Answer, Request, Transport
from ailtire_deploy.errors import AiltireError, Unreachable
from ailtire_deploy.ports import Calls

PAUSES = (0.1, 0.3)  # seconds before a read that failed is tried again
AT_ONCE = 2.0  # seconds; who has waited for longer has heard the answer


class Wire:
    """One engine. Connects at the first call; a call may raise Unreachable, after ``patience`` seconds."""

    def __init__(self, address: Address, patience: float = TIMEOUT) -> None:
        self.address = address
        self._patience = patience
        self._way: tuple[Transport, str] | None = None
        self._lock = threading.Lock()
        self._asked: dict[tuple[str, str], Calls] = {}
        self._counting = threading.Lock()

    def usage(self) -> Mapping[tuple[str, str], Calls]:
        """How the engine was called: by method, and by what the path begins with (``services``)."""
        with self._counting:
            return dict(self._asked)

    @property
    def api(self) -> str:
        """The version of the API that is spoken."""
        return self._connected()[1]

    def get(self, path: str, **query: Any) -> Any:
        """Read; once more, and again, where the failure came at once: to ask twice does no harm."""
        for pause in PAUSES:
            began = time.monotonic()
            try:
                return self._call("GET", path, query)
            except Unreachable:
                if self._way is None or time.monotonic() - began > AT_ONCE:
                    raise
            time.sleep(pause)
        return self._call("GET", path, query)

    def ask(self, path: str, seconds: float, headers: Mapping[str, str]) -> Any:
        """Read what the engine has to ask others for, once. Raises Unreachable after ``seconds``."""
        with reaching(str(self.address)):
            return json.loads(self._send("GET", path, {}, None, seconds, headers).read())

    def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None, **query: Any
    ) -> Any:
        return self._call("POST", path, query, body, headers)

    def delete(self, path: str) -> None:
        self._call("DELETE", path, {})

    def stream(self, path: str, silence: float | None, **query: Any) -> Stream:
        """An answer that comes piece by piece; to be closed. ``silence`` seconds without a byte end it."""
        return Stream(self._send("GET", path, query, None, silence))

    def pieces(self, path: str, silence: float, **query: Any) -> Generator[bytes, None, None]:
        """The same for an answer with an end. Raises Unreachable when it breaks off."""
        answer = self._send("GET", path, query, None, silence)
        with reaching(str(self.address)), closing(answer):
            yield from answer.pieces()

    def close(self) -> None:
        if self._way is not None:
            self._way[0].close()

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        with reaching(str(self.address)):
            said = self._send(method, path, query, body, self._patience, headers).read()
            return json.loads(said) if said else None

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any,
        silence: float | None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        kind = method, path.split("/")[1]
        self._count(kind, calls=1)
        try:
            return self._sent(method, target(path, query), body, silence, headers or {})
        except AiltireError:
            self._count(kind, errors=1)
            raise

    def _count(self, kind: tuple[str, str], calls: int = 0, errors: int = 0) -> None:
        with self._counting:
            before = self._asked.get(kind, Calls())
            self._asked[kind] = Calls(before.calls + calls, before.errors + errors)

    def _sent(
        self, method: str, target: str, body: Any, silence: float | None, headers: Mapping[str, str]
    ) -> Answer:
        transport, version = self._connected()
        data = None if body is None else json.dumps(body).encode()
        headers = headers if body is None else {"Content-Type": "application/json", **headers}
        request = Request(method, f"/v{version}{target}", silence, data, headers)
        with reaching(str(self.address)):
            answer = transport.send(request)
            said = message(answer.read()) if answer.status >= 300 else ""
        if answer.status >= 300:
            raise translate(answer.status, said, reading=method == "GET")
        return answer

    def _connected(self) -> tuple[Transport, str]:
        with self._lock:
            if self._way is None:
                self._way = connect(self.address)
            return self._way


class Stream:
    """Bytes of one answer as they come; ``close`` may be called from another thread and ends the reading."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with suppress(OSError, HTTPException):  # cut off, here or there: that is its end
            yield from self._answer.pieces()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()
        self._answer.close()

    def close(self) -> None:
        self._answer.cut()


def target(path: str, query: Mapping[str, Any]) -> str:
    """A path of the API with its query; whatever is not text already is asked for as JSON."""
    asked = urlencode({name: parameter(value) for name, value in query.items()})
    return quote(path, safe="/:[]") + (f"?{asked}" if asked else "")


def parameter(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def message(said: bytes) -> str:
    """What an answer says went wrong."""
    try:
        return str(json.loads(said)["message"])
    except (ValueError, KeyError, TypeError):
        return said.decode(errors="replace")[:500]
