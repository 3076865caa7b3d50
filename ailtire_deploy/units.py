"""Durations, sizes and processor shares, as compose files write them and as the engine counts them."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

SECOND = 1_000_000_000
_DURATIONS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)


def nanoseconds(text: str) -> int:
    """``1m30s`` as the engine counts it. Raises ValueError for what is no duration."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration like 1m30s")
    return sum(int(Decimal(number) * _DURATIONS[unit]) for number, unit in parts)


def duration(nanoseconds: int) -> str:
    """The shortest way to write a whole number of seconds or less: ``90s``, ``500ms``."""
    for unit in ("s", "ms", "us"):
        if nanoseconds % _DURATIONS[unit] == 0:
            return f"{nanoseconds // _DURATIONS[unit]}{unit}"
    return f"{nanoseconds}ns"


def size(value: str | int) -> int:
    """``128M`` in bytes; powers of 1024, as the docker client reads them. Raises ValueError."""
    found = _SIZE.fullmatch(str(value).strip())
    if not found:
        raise ValueError(f"{value!r} is not a size like 128M")
    power = " kmgtp".index(found[2].lower() or " ")
    return int(Decimal(found[1]) * 1024**power)


def nano_cpus(value: str | float) -> int:
    """``0.5`` processors in billionths."""
    return int((Decimal(str(value)) * SECOND).quantize(Decimal(1), ROUND_HALF_UP))
