"""One text for one value, so that equal definitions are equal bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(data: Any) -> str:
    """Data as JSON: keys sorted, no spaces, nothing escaped that need not be.

    Raises ValueError for what JSON cannot hold (infinity, not-a-number).
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(data: Any) -> str:
    """SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()
