"""What the calls answer, what they refuse and how, and that nothing is told that should not be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ailtire_deploy.errors import (
    AiltireError,
    Busy,
    Conflict,
    Denied,
    Failed,
    InvalidInput,
    NotFound,
    OutOfSequence,
    Partly,
    Problem,
    Refused,
    Unreachable,
    Usage,
)
from tests.rest.client import Remembering, Response, bearer, call, surface

LIMIT = 512 * 1024


def get(target: str, controller: Remembering | None = None, **headers: str) -> Response:
    return call(surface(controller), "GET", target, bearer(), **headers)


def post(target: str, body: Any, controller: Remembering | None = None, **headers: str) -> Response:
    return call(surface(controller), "POST", target, bearer(), body, **headers)


def update(body: Any, target: str = "/_admin/update") -> tuple[Response, list[tuple[Any, ...]]]:
    controller = Remembering()
    return post(target, body, controller), controller.calls


def test_status_is_the_controllers_json() -> None:
    controller = Remembering()
    found = get("/_admin/status", controller)
    assert (found.status, found.kind, found.json["name"]) == (200, "application/json", "shop")
    assert controller.calls == [("status", 2.0)]


def test_a_status_explained_is_what_is_not_well() -> None:
    class Unwell(Remembering):
        def status(self, budget: float) -> dict[str, Any]:
            web = {"type": "Service", "name": "shop/web", "status": "error", "services": [], "line": "x"}
            web["message"] = "task 1 rejected: No such image: nope:1"
            return {"type": "Stack", "name": "shop", "status": "error", "services": [web]}

    found = get("/_admin/status?explain=true", Unwell()).json
    assert (found["stack"], found["status"]) == ("shop", "error")
    [finding] = found["findings"]
    assert (finding["name"], finding["cause"], finding["line"]) == ("shop/web", "image", "x")
    assert finding["remedy"]
    assert get("/_admin/status?explain=perhaps").status == 400


def test_a_caller_further_up_says_how_long_it_waits() -> None:
    controller = Remembering()
    for asked in ("0.5", "1000", "0"):
        get(f"/_admin/status?budget={asked}", controller)
    assert controller.calls == [("status", 0.5), ("status", 2.0), ("status", 0.05)]


def test_history_as_a_list_and_one_by_one() -> None:
    assert [each["number"] for each in get("/_admin/history").json] == [12, 2]
    assert get("/_admin/history/12").json["outcome"] == "converged"
    assert get("/_admin/history/3").status == 404


def test_health_says_only_that_it_answers() -> None:
    assert call(surface(), "GET", "/_admin/health").json == {"status": "ok"}


def test_an_update_is_accepted_with_an_address_that_holds_behind_any_prefix() -> None:
    found, calls = update({"parameters": {"replicas": 3, "gone": None}, "environment": {"A": "b"}})
    assert (found.status, found.headers["Location"]) == (202, "history/7")
    assert found.json == {"revision": "shop.r7", "plan": {"verdict": "changes"}}
    wish = {"replace": False, "parameters": {"replicas": 3, "gone": None}, "environment": {"A": "b"}}
    assert calls == [("update", wish, "alice", False)]


def test_a_checked_update_only_plans() -> None:
    found, calls = update({"parameters": {"a": 1}}, "/_admin/update?check=true&replace=true")
    assert (found.status, found.json) == (200, {"plan": {"verdict": "changes"}})
    assert calls == [("update", {"replace": True, "parameters": {"a": 1}}, "alice", True)]


@pytest.mark.parametrize(
    ("sent", "wish"),
    [
        (
            {"parameters": [{"name": "a", "value": 1}, {"name": "b", "value": None}]},
            {"parameters": {"a": 1, "b": None}},
        ),
        ({"definition": {"name": "shop"}}, {"definition": {"name": "shop"}}),
        ({"composefile": {"name": "shop"}}, {"definition": {"name": "shop"}}),
        ({}, {}),
        (b"", {}),
    ],
)
def test_an_update_understands_older_spellings(sent: Any, wish: dict[str, Any]) -> None:
    found, calls = update(sent)
    assert found.status == 202
    assert calls[0][1] == {"replace": False, **wish}


@pytest.mark.parametrize(
    ("sent", "paths"),
    [
        ({"definition": "stack.yml"}, ["definition"]),
        ({"composefile": "stack.yml"}, ["composefile"]),
        ({"definition": {}, "composefile": {}}, ["composefile"]),
        ({"secrets": ["value"]}, ["secrets"]),
        (
            {"secrets": {"a/b": "", "a/c": 1, "a/d": {"base64": "value of?"}, "a/e": {"hex": "value"}}},
            ["secrets.a/b", "secrets.a/c", "secrets.a/d", "secrets.a/e"],
        ),
        ({"parameter": {}}, ["parameter"]),
        (
            {"parameters": "a=1", "environment": 3, "definition": []},
            ["definition", "environment", "parameters"],
        ),
        ({"parameters": [{"name": "a"}, {"name": 1, "value": 2}, 3]}, [f"parameters[{i}]" for i in range(3)]),
        ({"parameters": [{"name": "a", "value": 1}, {"name": "a", "value": 2}]}, ["parameters[1]"]),
    ],
)
def test_a_wrong_update_is_422_with_every_problem_and_its_path(sent: Any, paths: list[str]) -> None:
    found, calls = update(sent)
    assert (found.status, found.kind) == (422, "application/problem+json")
    assert [each["path"] for each in found.json["problems"]] == paths
    assert calls == []
    assert "value of" not in found.text
    assert '"value"' not in found.text


def test_a_near_miss_gets_a_hint() -> None:
    found, _ = update({"parameter": {}})
    assert found.json["problems"][0]["hint"] == "did you mean parameters?"


def test_an_invalid_definition_is_422_with_what_the_controller_found() -> None:
    problem = Problem("request", 0, 0, "services.web.image", "is missing", "name an image")
    found = post("/_admin/update", {}, Remembering(fails=InvalidInput([problem, problem])))
    assert found.status == 422
    assert found.json["problems"][0] | {"line": 0} == found.json["problems"][0]
    assert found.json["problems"][0]["path"] == "services.web.image"
    assert len(found.json["problems"]) == 2


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Busy("shutting down"), 409),
        (OutOfSequence("moved"), 409),
        (Conflict("taken"), 409),
        (NotFound("no such service"), 404),
        (Refused("no"), 403),
        (Denied("no"), 401),
        (Unreachable("the engine does not answer"), 502),
        (Partly("some"), 502),
        (Usage("wrong"), 400),
        (Failed("it failed"), 500),
        (AiltireError("oh"), 500),
    ],
)
def test_each_error_has_its_status(error: AiltireError, status: int) -> None:
    found = get("/_admin/status", Remembering(fails=error))
    assert (found.status, found.kind) == (status, "application/problem+json")
    assert found.json["status"] == status
    assert found.json["title"]
    assert status == 401 or found.json["detail"] == str(error)


def test_silence_is_told_from_a_wrong_answer() -> None:
    late = Unreachable("no answer within 2 s")
    late.__cause__ = TimeoutError()
    assert get("/_admin/status", Remembering(fails=late)).status == 504


@pytest.mark.parametrize(
    "error", [RuntimeError("the secret is 42"), KeyError("x"), RecursionError(), AssertionError()]
)
def test_an_unforeseen_error_tells_the_caller_nothing(error: Exception) -> None:
    found = get("/_admin/status", Remembering(fails=error))
    assert (found.status, found.kind) == (500, "application/problem+json")
    assert "secret" not in found.text
    assert "Traceback" not in found.text


@pytest.mark.parametrize("target", ["/_admin/status", "/_admin/view", "/_admin/nothing", "/_admin/health"])
@pytest.mark.parametrize("authorization", ["", bearer()])
def test_every_answer_forbids_caching_sniffing_and_script(target: str, authorization: str) -> None:
    headers = call(surface(), "GET", target, authorization).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "target", ["status", "view", "log", "history", "history/2", "health", "view/page.css"]
)
def test_head_is_get_without_a_body(target: str) -> None:
    full, head = (call(surface(), method, f"/_admin/{target}", bearer()) for method in ("GET", "HEAD"))
    assert (head.status, head.kind, head.body) == (200, full.kind, b"")


@pytest.mark.parametrize(
    "query", ["chek=true", "x", "check=true", "a=1&b=2", "%ff=1", "&".join("a=1" for _ in range(30))]
)
def test_an_unknown_parameter_is_an_error(query: str) -> None:
    assert get(f"/_admin/status?{query}").status == 400


@pytest.mark.parametrize("query", ["check=maybe", "check=true&check=false", "check=%F0%9F", "chek=true"])
def test_a_wrong_flag_does_not_update(query: str) -> None:
    found, calls = update({}, f"/_admin/update?{query}")
    assert found.status == 400
    assert calls == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "", 415),
        (b"{}", "text/plain", 415),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"{}", "application/json; charset=utf-8", 202),
        (b"{}", "Application/JSON", 202),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"parameters": {"a": NaN}}', "application/json", 400),
        (b'{"parameters": {"a": 1e999}}', "application/json", 400),
        (b'{"parameters": {}, "parameters": {"a": 1}}', "application/json", 400),
        (b'{"parameters": {"a": "\\ud800"}}', "application/json", 400),
        (b'{"parameters": {"a": "\xff"}}', "application/json", 400),
        (b'{"parameters": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "application/json", 400),
        (b'{"parameters": ' + b'{"a":' * 300 + b"1" + b"}" * 301, "application/json", 400),
        (b'{"parameters": {"a": ' + b"9" * 5000 + b"}}", "application/json", 400),
        (b'{"parameters": {"a": "' + b"x" * LIMIT + b'"}}', "application/json", 413),
    ],
)
def test_what_cannot_be_read_is_refused_quickly(body: bytes, kind: str, status: int) -> None:
    controller = Remembering()
    found = post("/_admin/update", body, controller, Content_Type=kind)
    assert found.status == status
    assert controller.calls == [] or status == 202


@pytest.mark.parametrize(("length", "status"), [("-1", 413), ("x", 400), ("99", 400), (str(10**15), 413)])
def test_a_wrong_length_is_refused(length: str, status: int) -> None:
    assert (
        post("/_admin/update", b"{}", Content_Length=length, Content_Type="application/json").status == status
    )


def test_a_body_that_fits_is_taken_whole() -> None:
    filler = "x" * (LIMIT - 100)
    found, calls = update({"parameters": {"a": filler}})
    assert found.status == 202
    assert calls[0][1]["parameters"]["a"] == filler


def test_shutdown_takes_nothing() -> None:
    controller = Remembering()
    assert post("/_admin/shutdown", {"force": True}, controller).status == 422
    assert controller.calls == []
    assert post("/_admin/shutdown", b"", controller).status == 202
    assert controller.calls == [("shutdown", "alice")]


def test_a_path_that_is_no_text_is_a_problem_too() -> None:
    assert call(
        surface(), "GET", "/_admin/\udcff".encode("utf-8", "surrogateescape").decode("latin-1")
    ).status in (400, 401)


def test_json_shows_control_characters_and_obeys_none() -> None:
    controller = Remembering(fails=NotFound("no \x1b[2J \x9b service"))
    found = get("/_admin/status", controller)
    assert found.body.isascii()
    assert b"\x1b" not in found.body
    assert json.loads(found.body)["detail"] == "no \x1b[2J \x9b service"


@pytest.mark.parametrize(("sent", "number"), [({}, None), ({"revision": 3}, 3)])
def test_a_rollback_is_accepted_as_an_update_is(sent: dict[str, Any], number: int | None) -> None:
    controller = Remembering()
    found = post("/_admin/rollback", sent, controller)
    assert (found.status, found.json["revision"]) == (202, "shop.r8")
    assert found.headers["Location"] == "history/8"
    assert controller.calls == [("rollback", number, "alice")]


@pytest.mark.parametrize("sent", [{"revision": 0}, {"revision": "3"}, {"revision": True}, {"number": 3}])
def test_a_rollback_to_what_is_no_revision_is_422(sent: dict[str, Any]) -> None:
    controller = Remembering()
    assert post("/_admin/rollback", sent, controller).status == 422
    assert controller.calls == []


@pytest.mark.parametrize(
    ("name", "sent", "asked"),
    [
        ("promote", {}, ("", "promote")),
        ("promote", {"service": "web", "fully": True}, ("web", "promote fully")),
        ("abort", {"service": "web"}, ("web", "abort")),
    ],
)
def test_a_release_goes_on_or_ends(name: str, sent: dict[str, Any], asked: tuple[str, str]) -> None:
    controller = Remembering()
    found = post(f"/_admin/{name}", sent, controller)
    assert (found.status, found.json) == (202, {"revision": "shop.r8", "services": ["web"]})
    assert controller.calls == [("release", *asked, "alice")]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("promote", {"service": 1}),
        ("promote", {"fully": "yes"}),
        ("promote", {"stack": "shop"}),
        ("abort", {"fully": True}),
    ],
)
def test_what_a_release_does_not_know_is_422(name: str, sent: dict[str, Any]) -> None:
    controller = Remembering()
    assert post(f"/_admin/{name}", sent, controller).status == 422
    assert controller.calls == []
