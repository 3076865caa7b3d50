"""Amounts as compose files write them and as the engine counts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy.units import duration, nano_cpus, nanoseconds, size


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("5s", 5 * 10**9),
        ("1m30s", 90 * 10**9),
        ("500ms", 5 * 10**8),
        ("1.5h", 5400 * 10**9),
        ("0s", 0),
        ("3us", 3000),
    ],
)
def test_a_duration_is_counted_in_nanoseconds(text: str, count: int) -> None:
    assert nanoseconds(text) == count


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "-5s", "5s ", "1m30", "1d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        nanoseconds(text)


@given(st.integers(0, 10**15))
def test_a_duration_that_was_written_is_read_back(count: int) -> None:
    assert nanoseconds(duration(count)) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("128M", 2**27),
        ("128mb", 2**27),
        ("1.5g", 3 * 2**29),
        ("64k", 2**16),
        ("100", 100),
        ("100b", 100),
        (7, 7),
    ],
)
def test_a_size_is_counted_in_bytes(text: str | int, count: int) -> None:
    assert size(text) == count


@pytest.mark.parametrize("text", ["", "M", "12X", "-1", "1 2"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="size"):
        size(text)


def test_a_share_of_a_processor_is_counted_in_billionths() -> None:
    assert [nano_cpus(value) for value in ("0.5", 1, 0.1, "0.123456789")] == [
        500_000_000,
        1_000_000_000,
        100_000_000,
        123_456_789,
    ]
