"""Logs: their two forms, their parameters, how they end, and how many may be read at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ailtire_deploy.errors import NotFound, Unreachable
from ailtire_deploy.log_lines import Asked
from ailtire_deploy.ports import NOTE, LogLine, Reply
from ailtire_deploy.rest import streams
from tests.rest.client import NOW, Remembering, Response, bearer, call, environ, surface


def log(query: str = "", controller: Remembering | None = None, **headers: str) -> Response:
    return call(surface(controller), "GET", f"/_admin/log{query}", bearer("viewer"), **headers)


def asked(query: str) -> Asked:
    controller = Remembering()
    assert log(query, controller).status == 200
    found: Asked = controller.calls[0][1]
    return found


def test_lines_come_as_text_behind_their_source() -> None:
    found = log()
    assert found.kind == "text/plain"
    assert found.text == "shop/web.1 | first\nshop/web.2 ! escape \\x1b[31m and <b>\n"


@pytest.mark.parametrize(
    "accept", ["application/x-ndjson", "application/json", "text/x, application/x-ndjson;q=1"]
)
def test_lines_come_as_json_when_asked_for(accept: str) -> None:
    found = log(Accept=accept)
    assert found.kind == "application/x-ndjson"
    assert [json.loads(line)["text"] for line in found.text.splitlines()] == [
        "first",
        "escape \x1b[31m and <b>",
    ]
    assert found.body.isascii()


def test_the_parameter_counts_more_than_the_header() -> None:
    assert log("?format=text", Accept="application/json").kind == "text/plain"
    assert log("?format=json", Accept="text/plain").kind == "application/x-ndjson"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", Asked(None, 100, 0.0, False, True, "")),
        ("?service=web", Asked("web", recursive=False)),
        ("?service=web&recursive=true", Asked("web")),
        ("?recursive=false&tail=0", Asked(tail=0, recursive=False)),
        ("?tail=10000&follow", Asked(tail=10000, follow=True)),
        ("?since=1799999999.5", Asked(since=1799999999.5)),
        ("?since=5m", Asked(since=NOW - 300)),
        ("?since=1h30m", Asked(since=NOW - 5400)),
        ("?since=999999d", Asked(since=0.0)),
        ("?since=2027-01-15T08:00:00Z", Asked(since=1800000000.0)),
        ("?since=2027-01-15T09:00:00+01:00", Asked(since=1800000000.0)),
        ("?grep=%28a%2B%29%2B%24", Asked(grep="(a+)+$")),
        ("?grep=%C3%A9+%00", Asked(grep="é \0")),
    ],
)
def test_parameters_reach_the_controller(query: str, expected: Asked) -> None:
    assert asked(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "tail=-1",
        "tail=10001",
        "tail=1e3",
        "tail=",
        "tail=٣",
        "since=soon",
        "since=-5",
        "since=nan",
        "since=5w",
        "since=99999999999999",
        "service=../x",
        "service=Web",
        "service=" + "a" * 64,
        "format=xml",
        "follow=2",
        "tail=1&tail=2",
        "grep=",
        "grep=" + "a" * 201,
        "grep=%ff",
        "raw=perhaps",
        "color=on",
    ],
)
def test_a_wrong_parameter_is_refused(query: str) -> None:
    controller = Remembering()
    assert log(f"?{query}", controller).status == 400
    assert controller.calls == []


def test_control_characters_come_as_they_were_written_to_who_asks_for_them() -> None:
    assert log("?raw=true").text == "shop/web.1 | first\nshop/web.2 ! escape \x1b[31m and <b>\n"


def test_what_is_missing_is_told_from_what_was_written() -> None:
    missing = Remembering(lines=(LogLine("shop/web.1", NOTE, "", "its node is away"),))
    assert log(controller=missing).text == "shop/web.1 # its node is away\n"
    assert json.loads(log("?format=json", missing).text)["stream"] == "note"


def test_an_unknown_service_is_404_even_when_it_shows_late() -> None:
    def late() -> Iterator[LogLine]:
        raise NotFound("there is no service")
        yield

    class Late(Remembering):
        def log(self, *arguments: Any, **options: Any) -> Iterator[LogLine | None]:
            return late()

    assert log("?service=nobody", Remembering(fails=NotFound("no"))).status == 404
    assert log("?service=nobody", Late()).status == 404


def test_an_error_on_the_way_is_the_last_line() -> None:
    def broken() -> Iterator[LogLine]:
        yield LogLine("shop/web.1", "stdout", "", "first")
        raise Unreachable("the engine is away")

    class Broken(Remembering):
        def log(self, *arguments: Any, **options: Any) -> Iterator[LogLine | None]:
            return broken()

    found = log(controller=Broken())
    assert found.status == 200
    assert found.text.splitlines() == [
        "shop/web.1 | first",
        "ailtire # the log ends here: the engine is away",
    ]


def test_an_empty_log_is_an_empty_answer() -> None:
    assert log(controller=Remembering(lines=())).body == b""


def test_who_follows_gets_what_came_as_soon_as_no_more_comes() -> None:
    one, two, three = (LogLine("a", "", "", text) for text in "123")
    chunks = list(streams.live(iter([one, two, None, three]), streams.as_text))
    assert chunks == [b"a | 1\na | 2\n", b"a | 3\n"]


def test_who_follows_gets_much_in_pieces() -> None:
    lines = iter([LogLine("a", "", "", "x" * 1000)] * 40)
    assert [len(each) > 16_000 for each in streams.live(lines, streams.as_text)] == [True, True, False]


def test_a_quiet_log_shows_a_sign_of_life_every_few_seconds() -> None:
    seconds = iter(half / 2 for half in range(100))
    beats = list(streams._beating(iter([None] * 6), streams.as_text, lambda: next(seconds)))
    assert beats == [streams.HEARTBEAT] * len(beats)
    assert 2 <= len(beats) <= 3


def test_a_hundred_logs_at_once_and_no_more() -> None:
    application = surface()
    opened = [
        application(environ("GET", "/_admin/log", bearer(), b"", {}), lambda *_: None) for _ in range(100)
    ]
    refused = call(application, "GET", "/_admin/log", bearer())
    assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
    assert call(application, "GET", "/_admin/status", bearer()).status == 200
    opened.pop().close()
    assert call(application, "GET", "/_admin/log", bearer()).status == 200


@pytest.mark.parametrize("lines", [(), (LogLine("a", "", "", "1"),)])
@pytest.mark.parametrize("controller", ["fine", "failing", "asked for its head"])
def test_a_log_gives_its_place_back_however_it_ends(lines: tuple[LogLine, ...], controller: str) -> None:
    made = Remembering(lines=lines, fails=NotFound("no") if controller == "failing" else None)
    application = surface(made)
    for _ in range(250):
        call(application, "HEAD" if controller == "asked for its head" else "GET", "/_admin/log", bearer())
    made.fails = None
    assert call(application, "GET", "/_admin/log", bearer()).status == 200


def test_a_childs_log_passes_through_without_what_steers_a_terminal() -> None:
    closed: list[bool] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"shop/orders/api.1 | \x1b[31mred\n", b"next\x07 line\n"])

        def close(self) -> None:
            closed.append(True)

    controller = Remembering(reply=Reply(200, Body(), "text/plain"))
    found = call(surface(controller), "GET", "/orders/_admin/log?tail=5&since=1m", bearer())
    assert (found.status, found.kind) == (200, "text/plain")
    assert found.text == "shop/orders/api.1 | [31mred\nnext line\n"
    assert closed == [True]
    sent = controller.calls[0]
    assert sent[:4] == ("forward", "orders", "GET", "/_admin/log")
    assert sent[4] == "format=text&since=1799999940.000000&tail=5"


def test_a_childs_log_comes_as_it_was_written_to_who_asks_for_that() -> None:
    controller = Remembering(reply=Reply(200, iter([b"shop/orders/api.1 | \x1b[31mred\n"]), "text/plain"))
    found = call(surface(controller), "GET", "/orders/_admin/log?raw=true&grep=%26", bearer())
    assert found.text == "shop/orders/api.1 | \x1b[31mred\n"
    assert controller.calls[0][4] == "format=text&grep=%26&raw=true"


def test_a_childs_problem_is_no_log() -> None:
    controller = Remembering(reply=Reply(404, {"status": 404}, "application/problem+json"))
    found = call(surface(controller), "GET", "/orders/_admin/log", bearer())
    assert (found.status, found.kind) == (404, "application/problem+json")
