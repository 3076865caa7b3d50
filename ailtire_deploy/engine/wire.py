"""The engine's HTTP API as four verbs over docker-py's transport, with our errors.

docker-py's own methods drop fields they do not know and lack some calls (labels of a config, logs of a task);
its client is a ``requests`` session that reaches unix sockets, ssh and TLS, and that is what is used here.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, suppress
from typing import Any

import docker
from docker.errors import DockerException
from docker.types import CancellableStream

from ailtire_deploy.engine.connect import TIMEOUT, Address, connect
from ailtire_deploy.engine.errors import reaching, translate
from ailtire_deploy.errors import AiltireError, Unreachable
from ailtire_deploy.ports import Calls

CONNECT_TIMEOUT = 5.0
PAUSES = (0.1, 0.3)  # seconds before a read that failed is tried again
AT_ONCE = 2.0  # seconds; who has waited for longer has heard the answer


class Wire:
    """One engine. Connects at the first call; a call may raise Unreachable, after ``patience`` seconds."""

    def __init__(self, address: Address, patience: float = TIMEOUT) -> None:
        self.address = address
        self._patience = patience
        self._client: docker.APIClient | None = None
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
        return str(self._connected().api_version)

    def get(self, path: str, **query: Any) -> Any:
        """Read; once more, and again, where the failure came at once: to ask twice does no harm."""
        for pause in PAUSES:
            began = time.monotonic()
            try:
                return self._call("GET", path, query)
            except Unreachable:
                if self._client is None or time.monotonic() - began > AT_ONCE:
                    raise
            time.sleep(pause)
        return self._call("GET", path, query)

    def ask(self, path: str, seconds: float, headers: Mapping[str, str]) -> Any:
        """Read what the engine has to ask others for, once. Raises Unreachable after ``seconds``."""
        with reaching(str(self.address)):
            return self._send("GET", path, {}, None, seconds, stream=False, headers=headers).json()

    def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None, **query: Any
    ) -> Any:
        return self._call("POST", path, query, body, headers)

    def delete(self, path: str) -> None:
        self._call("DELETE", path, {})

    def stream(self, path: str, silence: float | None, **query: Any) -> Stream:
        """An answer that comes piece by piece; to be closed. ``silence`` seconds without a byte end it."""
        return Stream(self._send("GET", path, query, None, silence, stream=True))

    def pieces(self, path: str, silence: float, **query: Any) -> Generator[bytes, None, None]:
        """The same for an answer with an end. Raises Unreachable when it breaks off."""
        response = self._send("GET", path, query, None, silence, stream=True)
        with reaching(str(self.address)), closing(response):
            yield from response.iter_content(chunk_size=None)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        with reaching(str(self.address)):
            response = self._send(method, path, query, body, self._patience, stream=False, headers=headers)
            return response.json() if response.content else None

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any,
        silence: float | None,
        stream: bool,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        kind = method, path.split("/")[1]
        self._count(kind, calls=1)
        try:
            return self._sent(method, path, query, body, silence, stream, headers)
        except AiltireError:
            self._count(kind, errors=1)
            raise

    def _count(self, kind: tuple[str, str], calls: int = 0, errors: int = 0) -> None:
        with self._counting:
            before = self._asked.get(kind, Calls())
            self._asked[kind] = Calls(before.calls + calls, before.errors + errors)

    def _sent(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any,
        silence: float | None,
        stream: bool,
        headers: Mapping[str, str] | None,
    ) -> Any:
        client = self._connected()
        with reaching(str(self.address)):
            response = client.request(
                method,
                f"{client.base_url}/v{client.api_version}{path}",
                params={name: _parameter(value) for name, value in query.items()},
                json=body,
                headers=headers,
                timeout=(CONNECT_TIMEOUT, silence),
                stream=stream,
            )
            said = _message(response) if response.status_code >= 400 else ""
        if response.status_code >= 400:
            raise translate(response.status_code, said, reading=method == "GET")
        return response

    def _connected(self) -> docker.APIClient:
        with self._lock:
            if self._client is None:
                self._client = connect(self.address)
            return self._client


class Stream:
    """Bytes of one answer as they come; ``close`` may be called from another thread and ends the reading."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._pieces = CancellableStream(response.iter_content(chunk_size=None), response)
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            with suppress(
                OSError, AttributeError, DockerException
            ):  # nothing to cut off: it has ended already
                self._pieces.close()
            self._response.close()


def _parameter(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _message(response: Any) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return str(response.text)[:500]
