"""Memory that many readers of logs share: who comes first gets most, nobody gets nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LEAST = 16 << 10  # bytes that everybody gets


class Pool:
    """So many bytes for all together."""

    def __init__(self, size: int) -> None:
        self.free = size
        self._lock = threading.Lock()

    @contextmanager
    def share(self, wanted: int) -> Iterator[Share]:
        """A part of them, for as long as the block runs: what is wanted, or a fourth of what is left."""
        with self._lock:
            size = max(LEAST, min(wanted, self.free // 4))
            self.free -= size
        share = Share(self, size)
        try:
            yield share
        finally:
            share.shrink(0)

    def give(self, size: int) -> None:
        """Put back what a share does not need."""
        with self._lock:
            self.free += size


class Share:
    """What one reader may hold."""

    def __init__(self, pool: Pool, size: int) -> None:
        self._pool = pool
        self.size = size

    def shrink(self, size: int) -> None:
        """Need no more than ``size`` bytes from now on."""
        self._pool.give(self.size - size)
        self.size = size
