"""What a proxy answers by itself, and what it changes on the way: with a real HAProxy on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import topology
from ailtire_deploy.definition import fill
from ailtire_deploy.documents import canonical
from ailtire_deploy.entrances import PublishedPort
from ailtire_deploy.model import Closed, Gateway, Headers, Limits, Page, Route, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import proxy, words
from tests.definitions import problems, stack
from tests.proxies import Proxy, free_port, running

FAMILY = "127.0.0.2"
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
HOSTILE = "<b>soon</b> %[src] \"'; }\nuse_backend _admin"
OPERATORS = ("10.0.0.0/8", *(f"172.16.{number}.0/24" for number in range(120)))


def inn(**changes: Any) -> Stack:
    """One service that serves, and one that has no tasks."""
    changed = Limits(
        request=Headers((("X-Inn", "it's {all} #1 ;"),), ("X-Debug", "Authorization")),
        response=Headers((("Cache-Control", "no-store"),), ("X-Service",)),
    )
    bar = Service(
        "bar",
        "bar",
        routes=(
            Route("bar", "/", "/", port=80),
            Route("bar", "/changed", "/", port=80, limits=changed),
            Route("bar", "/read", "/", port=80, limits=Limits(("GET",), ("10.0.0.0/8",), max_body=5)),
        ),
    )
    room = Service("room", "room", routes=(Route("room", "/room", "/", port=80),))
    fields: dict[str, Any] = {"services": (bar, room), "gateway": Gateway((PublishedPort(80),))}
    return Stack(StackPath(("inn",)), **(fields | changes))


def served(folder: Path, made: Stack) -> Any:
    shape, port = topology.decide(made), free_port()
    (folder / "faces.map").write_bytes(proxy.faces_map(shape, {"inn_family": (f"{FAMILY}/32",)}))
    (folder / "routes.map").write_bytes(proxy.routes_map(shape))
    for name, content in words.files(made).items():
        (folder / name).write_bytes(content)
    place = proxy.Place(f"*:{port}", socket=str(folder / "socket"))
    return running(proxy.gateway(shape, place), port, folder, frozenset({"inn_room"}))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with served(tmp_path_factory.mktemp("plain"), inn()) as found:
        yield found


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    errors = {503: Page(HOSTILE.encode()), 404: Page(b'{"no": "%[src]"}', "application/json")}
    made = inn(gateway=Gateway(errors=errors), maintenance={"bar": Closed()})
    with served(tmp_path_factory.mktemp("own"), made) as found:
        yield found


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    made = inn(maintenance={"*": Closed(HOSTILE, OPERATORS)})
    with served(tmp_path_factory.mktemp("closed"), made) as found:
        yield found


def test_a_route_without_a_server_says_when_to_ask_again(plain: Proxy) -> None:
    found = plain.ask("/room/7", FAMILY)
    assert (found.status, found.headers["retry-after"]) == (503, "5")
    assert found.body == b"nothing serves this just now; try again in a moment\n"
    assert found.headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    ("at", "method", "path", "status"),
    [
        (FAMILY, "GET", "/room", 503),
        (FAMILY, "DELETE", "/read", 405),
        (FAMILY, "GET", "/read", 403),
        ("127.0.0.3", "GET", "/", 404),
        (FAMILY, "GET", "/../x", 400),
    ],
)
def test_our_own_words_are_a_page_for_browsers_and_text_for_others(
    plain: Proxy, at: str, method: str, path: str, status: int
) -> None:
    said = plain.ask(path, at, method=method)
    page = plain.ask(path, at, method=method, headers={"Accept": BROWSER})
    assert said.status == page.status == status
    assert (said.headers["content-type"], page.headers["content-type"].partition(";")[0]) == (
        "text/plain",
        "text/html",
    )
    assert page.body.startswith(b"<!doctype html>")
    assert page.body.endswith(said.body)


def test_a_service_that_breaks_off_is_502_in_plain_words(plain: Proxy) -> None:
    plain.upstreams["inn_bar"].rude = True
    try:
        found = plain.ask("/", FAMILY, method="POST")
    finally:
        plain.upstreams["inn_bar"].rude = False
    assert (found.status, found.body) == (502, b"what the service answered makes no sense\n")
    assert "retry-after" not in found.headers


def test_what_a_service_answers_stays_as_it_is_for_browsers(plain: Proxy) -> None:
    found = plain.ask("/", FAMILY, headers={"Accept": BROWSER})
    assert found.status == 200
    assert "content-type" not in found.headers


def test_headers_are_set_and_removed_on_their_route_alone(plain: Proxy) -> None:
    sent = {"X-Debug": "1", "Authorization": "Bearer x", "X-Inn": "forged"}
    there, back = (plain.ask(path, FAMILY, headers=sent) for path in ("/changed", "/"))
    told = there.told["headers"]
    assert told["x-inn"] == "it's {all} #1 ;"
    assert not {"x-debug", "authorization"} & told.keys()
    assert there.headers["cache-control"] == "no-store"
    assert "x-service" not in there.headers
    assert back.told["headers"]["x-inn"] == "forged"
    assert back.by == "inn_bar"
    assert "cache-control" not in back.headers


def test_pages_of_the_definition_are_sent_as_they_are(own: Proxy) -> None:
    missing, nothing = own.ask("/room", FAMILY), own.ask("/", "127.0.0.3", headers={"Accept": BROWSER})
    assert (missing.status, missing.body.decode()) == (503, HOSTILE)
    assert missing.headers["retry-after"] == "5"
    assert missing.headers["content-type"] == "text/html; charset=utf-8"
    assert (nothing.status, nothing.body) == (404, b'{"no": "%[src]"}')
    assert nothing.headers["content-type"] == "application/json; charset=utf-8"


def test_maintenance_without_a_message_shows_the_page_for_503(own: Proxy) -> None:
    found = own.ask("/changed", FAMILY)
    assert (found.status, found.body.decode(), found.headers["retry-after"]) == (503, HOSTILE, "60")


def test_maintenance_closes_every_route_and_no_call_of_control(closed: Proxy) -> None:
    for path in ("/", "/changed", "/room", "/read"):
        found = closed.ask(path, FAMILY)
        assert (found.status, found.headers["retry-after"]) == (503, "60"), path
        assert found.body.decode() == f"{HOSTILE}\n"
    assert closed.ask("/_admin/status", FAMILY).by == "inn_admin"


def test_a_message_is_text_in_a_page(closed: Proxy) -> None:
    found = closed.ask("/", FAMILY, headers={"Accept": BROWSER})
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert b"<b>" not in found.body
    assert b"&lt;b&gt;soon&lt;/b&gt; %[src]" in found.body


@pytest.mark.parametrize(
    ("caller", "status"),
    [("10.1.2.3", 200), ("172.16.119.9", 200), ("172.17.0.1", 503), ("203.0.113.9", 503)],
)
def test_operators_come_in_where_it_is_closed(closed: Proxy, caller: str, status: int) -> None:
    assert closed.ask("/", FAMILY, headers={"X-Forwarded-For": caller}).status == status


def test_a_hostile_message_stands_in_no_configuration() -> None:
    made = inn(maintenance={"*": Closed(HOSTILE)}, gateway=Gateway(errors={404: Page(HOSTILE.encode())}))
    shape = topology.decide(made)
    for config in (proxy.gateway(shape), proxy.routes_map(shape)):
        assert "soon" not in config.decode()


GATEWAY = "services: {bar: {image: bar}}\ngateway: {errors: {%s}}\n"


def test_pages_are_read_by_status() -> None:
    found = stack(GATEWAY % "503: {content: <h1>Soon}, 404: {base64: bm8=, type: text/plain}")
    assert found.gateway.errors == {404: Page(b"no", "text/plain"), 503: Page(b"<h1>Soon")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("503: {}", "exactly one of file, content, base64"),
        ("503: {content: a, base64: YQ==}", "exactly one"),
        ("503: {file: a.html}", "a file cannot be read here"),
        ("503: {base64: gA==}", "no text in UTF-8"),
        ("503: {base64: a}", "no text in UTF-8"),
        ("503: {content: ''}", "from 1 to 8192"),
        (f"503: {{content: {'a' * 8193}}}", "has 8193 bytes"),
        ("503: {content: a, type: image/png}", "not one of"),
        ("418: {content: a}", "unknown key"),
    ],
)
def test_what_is_no_page_is_a_problem(text: str, said: str) -> None:
    (problem,) = problems(GATEWAY % text)
    assert said in str(problem)


def test_a_page_in_a_file_is_inlined(tmp_path: Path) -> None:
    from ailtire_deploy import loading

    (tmp_path / "sorry.html").write_text("<p>{{ not_filled }}")
    (tmp_path / "stack.yml").write_text(
        f"name: inn\n{GATEWAY}" % "503: {file: sorry.html}, 404: {file: none.html}"
    )
    with pytest.raises(Exception, match=r"none\.html.*does not exist"):
        loading.load(tmp_path / "stack.yml")
    (tmp_path / "none.html").write_text("<p>no")
    body = loading.load(tmp_path / "stack.yml").plays[0].entries[0].body
    assert "file" not in canonical(body["definition"]["gateway"])
    assert fill(body, StackPath(("inn",))).gateway.errors[503] == Page(b"<p>{{ not_filled }}")
