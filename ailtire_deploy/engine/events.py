"""The engine's events as a wake-up call, and nothing more: what happened is read from the swarm itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from contextlib import suppress

from ailtire_deploy.engine.wire import Stream, Wire
from ailtire_deploy.errors import AiltireError

WRITES = ("service", "network", "config", "secret", "node")
SILENCE = 60.0  # seconds without an event after which the connection is made anew: it may be dead
PAUSE = 1.0  # seconds before an engine is asked again that did not answer

log = logging.getLogger(__name__)


class Events:
    """Listens in a thread of its own from the first wait on, across restarts of the engine."""

    def __init__(self, wire: Wire, kinds: Collection[str] = WRITES) -> None:
        """``kinds`` are those of the things whose changes are worth waking up for."""
        self._wire = wire
        self._filters = {"type": [*kinds], "scope": ["swarm"]}
        self._happened = threading.Event()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._thread: threading.Thread | None = None

    def wait(self, seconds: float) -> None:
        """Return when something happened since the last wait, at the latest after ``seconds``."""
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._listen, name="engine events", daemon=True)
                self._thread.start()
        self._happened.wait(seconds)
        self._happened.clear()

    def close(self) -> None:
        """End the thread; a wait under way returns."""
        self._closed.set()
        self._happened.set()
        with self._lock:
            stream, thread = self._stream, self._thread
        if stream is not None:
            stream.close()
        if thread is not None:
            thread.join(timeout=5)

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                with suppress(AiltireError):  # whoever looks at the swarm will say so
                    self._hear()
            except Exception:
                if self._closed.is_set():
                    return  # the connection was taken away under the reader
                log.exception("listening to the engine's events begins anew")
            self._closed.wait(PAUSE)
            self._happened.set()  # something may have happened while nobody listened

    def _hear(self) -> None:
        with self._wire.stream("/events", SILENCE, filters=self._filters) as stream:
            with self._lock:
                self._stream = stream
            if not self._closed.is_set():
                for _ in stream:
                    self._happened.set()
