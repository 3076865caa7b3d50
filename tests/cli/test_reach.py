"""What a controller tells of its networks is read with care: it may be late, odd, or somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from ailtire_deploy.cli import reach
from ailtire_deploy.cli.afar import OUTAGE
from ailtire_deploy.errors import Busy, Failed, NotFound, Unreachable
from ailtire_deploy.names import StackPath
from ailtire_deploy.views import matrices, received, surveys

SHOP = StackPath(("shop",))
RESULT = {
    "networks": 1,
    "pairs": 2,
    "surprises": [{"subject": "a\x1b[31m", "network": "n", "text": "b\x1b[31m", "seen": ["c\x1b[31m"]}],
    "absent": ["d\x1b[31m"],
    "unheard": {"e\x1b[31m": "f\x1b[31m"},
    "revision": "shop.r3",
}
MEMBER = {"name": "a", "service": "s", "kind": "edge", "ports": [], "networks": [], "outside": False}
PAIR = {"from": "a", "to": "a", "networks": [], "names": ["x\x1b[31m"], "ports": []}
WAY = {"from": "outside", "gateway": "g", "asked": "/\x1b[31m", "to": ["a:80"]}
MATRIX = {"stack": "shop", "members": [MEMBER], "direct": [PAIR], "through": [WAY]}


def look(state: str, *told: str, id: str = "0a", **more: Any) -> dict[str, Any]:
    return {"id": id, "state": state, "told": list(told), "error": "because\x1b[31m", "result": None, **more}


class Remote:
    """A controller that answers one thing after the other, the last again and again."""

    def __init__(self, answers: Iterable[Any]) -> None:
        self.answers: Iterator[Any] = iter(answers)

    def insist(self, stack: StackPath) -> None:
        return

    def post(self, stack: StackPath, call: str, body: dict[str, Any]) -> tuple[Any, str]:
        assert (call, body) == ("network/verify", {"timeout": 5, "keep": True})
        return look("running"), "verify"

    def get(self, stack: StackPath, call: str) -> Any:
        self.last = next(self.answers, getattr(self, "last", None))
        if isinstance(self.last, Exception):
            raise self.last
        return self.last


@pytest.fixture
def seconds() -> list[float]:
    """The time that was slept away, which is all that passes."""
    return [0.0]


def asked(seconds: list[float], *answers: Any) -> tuple[Any, list[str]]:
    told: list[str] = []
    remote: Any = Remote(answers)
    return reach.asked(remote, SHOP, 5.0, True, told.append, seconds.append, lambda: sum(seconds)), told


def test_a_look_is_followed_line_by_line_also_past_a_silence(seconds: list[float]) -> None:
    answers = (look("running", "one"), Unreachable("away"), look("running", "one", "two"))
    (found, revision), told = asked(seconds, *answers, look("done", "one", "two", "three", result=RESULT))
    assert (told, revision, found.pairs) == (["one", "two", "three"], "shop.r3", 2)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (look("busy"), Busy, "because"),
        (look("gone"), NotFound, "because"),
        (look("failed"), Failed, "because"),
        (look("something else"), Failed, "because"),
        (look("running", id="0b"), Failed, "begun anew"),
        (look("done", id="0b", result=RESULT), Failed, "begun anew"),
        (look("done", result={}), Unreachable, "no result"),
        (look("done", result=[]), Unreachable, "no result"),
        ({}, Unreachable, "no look"),
        ([], Unreachable, "no look"),
    ],
)
def test_what_came_of_it_is_told_at_once(
    seconds: list[float], answer: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        asked(seconds, answer)
    assert "\x1b" not in str(caught.value)
    assert sum(seconds) == 0


def test_a_controller_that_is_silent_is_given_up_and_one_that_works_is_not(seconds: list[float]) -> None:
    with pytest.raises(Unreachable, match="away"):
        asked(seconds, Unreachable("away"))
    assert OUTAGE <= sum(seconds) < OUTAGE + 5
    working = [look("running")] * int(3 * OUTAGE)
    assert asked(seconds, *working, look("done", result=RESULT))[0][1] == "shop.r3"


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {},
        {**MATRIX, "members": None},
        {**MATRIX, "members": []},
        {**MATRIX, "members": [{**MEMBER, "ports": ["x"]}]},
        {**MATRIX, "members": [{**MEMBER, "ports": [float("inf")]}]},
        {**MATRIX, "direct": [{**PAIR, "from": "nobody"}]},
        {**MATRIX, "through": [{**WAY, "from": "nobody"}]},
        {**MATRIX, "through": [{**WAY, "to": 7}]},
    ],
)
def test_a_matrix_that_is_none_is_said_to_be_so(odd: Any) -> None:
    with pytest.raises(Unreachable, match="no matrix"):
        received.matrix(odd)


def test_nothing_that_a_controller_says_steers_the_terminal() -> None:
    told = received.matrix(MATRIX)
    found = received.findings(RESULT)
    shown = [
        matrices.as_text(told),
        matrices.as_markdown(told),
        surveys.as_text(found),
        surveys.as_markdown(found),
    ]
    assert all("\x1b" not in line for lines in shown for line in lines)
    assert "x\\x1b[31m" in "\n".join(shown[0])


def test_a_tree_without_end_has_no_grid() -> None:
    many = [{**MEMBER, "name": f"m{number}"} for number in range(20_000)]
    shown = matrices.as_text(received.matrix({**MATRIX, "members": [MEMBER, *many]}))
    assert matrices.LEGEND not in shown
    assert matrices.LEGEND in matrices.as_text(received.matrix(MATRIX))
