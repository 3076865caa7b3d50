"""What the engine says, in its own words, and what it means."""

from __future__ import annotations

import pytest

from ailtire_deploy.engine.errors import reaching, translate
from ailtire_deploy.errors import (
    AiltireError,
    Busy,
    Conflict,
    NotFound,
    OutOfSequence,
    Refused,
    Unreachable,
)

SAID = [
    (500, "rpc error: code = Unknown desc = update out of sequence", OutOfSequence),
    (409, "rpc error: code = AlreadyExists desc = config x already exists", Conflict),
    (
        409,
        "rpc error: code = AlreadyExists desc = name conflicts with an existing object: service x",
        Conflict,
    ),
    (500, "rpc error: code = Unknown desc = name conflicts with an existing object", Conflict),
    (409, "network with name x already exists", Conflict),
    (400, "rpc error: code = FailedPrecondition desc = network x is in use by service y", Busy),
    (400, "rpc error: code = InvalidArgument desc = config 'x' is in use by the following service: y", Busy),
    (403, "error while removing network: network x has active endpoints", Busy),
    (404, "service x not found", NotFound),
    (
        500,
        "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that",
        Unreachable,
    ),
    (503, 'This node is not a swarm manager. Use "docker swarm init"', Unreachable),
    (500, "rpc error: code = DeadlineExceeded desc = context deadline exceeded", Unreachable),
    (
        400,
        "rpc error: code = InvalidArgument desc = invalid memory value 1 B: Must be at least 4MiB",
        Refused,
    ),
    (500, "could not find the corresponding predefined swarm network", Refused),
    (500, "", Refused),
]


@pytest.mark.parametrize(("status", "text", "meaning"), SAID)
def test_the_text_decides_and_is_passed_on(status: int, text: str, meaning: type[AiltireError]) -> None:
    found = translate(status, text, reading=False)
    assert type(found) is meaning
    assert text in str(found)


def test_a_read_that_fails_says_nothing_about_what_is_there() -> None:
    assert type(translate(500, "something broke", reading=True)) is Unreachable
    assert type(translate(400, "bad filter", reading=True)) is Refused


@pytest.mark.parametrize("error", [ConnectionRefusedError(111, "Connection refused"), ValueError("no JSON")])
def test_whatever_goes_wrong_below_names_the_engine_and_the_innermost_reason(error: Exception) -> None:
    with pytest.raises(Unreachable) as raised, reaching("unix:///it.sock"):
        try:
            raise error
        except Exception as inner:
            raise OSError("('Connection aborted.', …)") from inner
    reason = getattr(error, "strerror", None) or str(error)
    assert str(raised.value) == f"the engine at unix:///it.sock does not answer: {reason}"
