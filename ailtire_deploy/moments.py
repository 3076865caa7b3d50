"""Moments as text and as numbers. Nothing here asks what time it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime

FULL = len("2030-01-01T00:00:00.000000000Z")
LAST = 253_402_300_799  # the end of the year 9999: what lies beyond is told as that
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def to_text(seconds: float) -> str:
    """Seconds since 1970 as RFC 3339 in UTC, to the second."""
    return f"{datetime.fromtimestamp(min(int(seconds), LAST), UTC):%Y-%m-%dT%H:%M:%SZ}"


def from_text(text: str) -> float:
    """Seconds since 1970 of an RFC 3339 time. Raises ValueError for anything else."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def since(text: str, now: float) -> float:
    """Seconds since 1970 of an RFC 3339 time, or of one that is ``5m``, ``1h30m``, ``2d`` before ``now``.

    Raises ValueError for anything else.
    """
    if not re.fullmatch(r"([0-9]{1,6}[smhd]){1,4}", text, re.A):
        return from_text(text)
    lengths = re.findall(r"([0-9]+)([smhd])", text)
    return max(0.0, now - sum(int(count) * UNITS[unit] for count, unit in lengths))


def ordered(text: str) -> str:
    """A UTC time as the engine writes it, in a form that sorts to the nanosecond: ``.5Z`` after ``.25Z``."""
    if len(text) == FULL and text[-1] == "Z":
        return text[:-1]
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<9}"


def duration(seconds: float) -> str:
    """A length of time in its two largest units: ``3d4h``, ``2m5s``, ``12s``."""
    left = max(0, int(seconds))
    parts: list[str] = []
    for name, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or (name == "s" and not parts):
            parts.append(f"{count}{name}")
    return "".join(parts[:2])
