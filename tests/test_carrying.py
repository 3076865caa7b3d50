"""What gateways carry through three levels, in real HAProxys with the configurations of a real tree: calls of
HTTP/2, bare TCP, events, WebSockets, and what services above are asked.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from tests import chain
from tests.calls import call, exchange
from tests.chain import Chain
from tests.swarm import eventually

EDGE = ("127.0.0.1", 7001)
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: bay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """Waiting times are cut short, all by the same factor."""
    shorter = {"timeout client 60s": "timeout client 2s", "timeout server 60s": "timeout server 2s"}
    with chain.running(tmp_path_factory.mktemp("chain"), shorter) as found:
        eventually(lambda: serves(found), 30, "all levels to see each other")
        yield found


def serves(tree: Chain) -> bool:
    """Whether checks that failed while the others came up have succeeded since, on the longest ways."""
    cask = tree.at("bay/inn/cellar", "sibling")
    return (
        get(("127.0.0.1", tree.edge), "/inn/cellar/x")[0] == get(cask, "/login", "login")[0] == 200
        and said(EDGE) == said((cask[0], 7100)) == b"hello\n"
        and exchange(("127.0.0.1", tree.edge), "bay", "/echo.Rpc/Talk")[0] == "200"
        and exchange(cask, "login", "/auth.Rpc/Talk")[0] == "200"
        and said((tree.at("bay", "sibling")[0], 7001)) == b"hello\n"
        and exchange(tree.at("bay/inn", "sibling"), "auth", "/auth.Rpc/Talk")[0] == "200"
        and get(tree.at("bay/inn", "sibling"), "/login", "auth")[0] == 200
    )


def get(
    address: tuple[str, int], path: str, host: str = "", method: str = "GET", **headers: str
) -> tuple[int, Any]:
    connection = HTTPConnection(*address, timeout=10)
    try:
        connection.request(method, path, headers={**({"Host": host} if host else {}), **headers})
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, json.loads(body) if body.startswith(b"{") else body
    finally:
        connection.close()


def said(address: tuple[str, int], line: bytes = b"hello\n") -> bytes:
    """What a line of bare TCP brings back; nothing when the connection is closed."""
    try:
        with socket.create_connection(address, 5) as caller, caller.makefile("rb") as reader:
            caller.sendall(line)
            return reader.readline()
    except (ConnectionError, TimeoutError):
        return b""


def test_an_address_arrives_at_the_third_level_as_the_edge_saw_it(tree: Chain) -> None:
    forged = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Proto": "gopher",
              "X-Forwarded-Host": "evil", "Forwarded": "for=1.2.3.4", "X-Real-IP": "1.2.3.4"}  # fmt: skip
    status, told = get(("127.0.0.1", tree.edge), "/inn/cellar/x?y=1", "bay.example:8097", **forged)
    assert (status, told["path"]) == (200, "/x?y=1")
    named = {name: value for name, value in told["headers"].items() if "forw" in name or "real" in name}
    assert named == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "bay.example:8097",
        "x-forwarded-prefix": "/inn/cellar",
        "x-forwarded-proto": "http",
    }


def test_a_service_of_the_parent_answers_by_its_name_and_below_what_it_offers(tree: Chain) -> None:
    bar = tree.at("bay/inn", "sibling")
    status, told = get(bar, "/login?as=me", "auth")
    assert (status, told["path"], told["headers"]["host"]) == (200, "/login?as=me", "auth")
    assert told["headers"]["x-forwarded-for"].startswith("127.")
    refused = [("/", "auth"), ("/logins", "auth"), ("/login/_admin/x", "auth"), ("/login", "front"),
               ("/login", "login"), ("/login", "vault"), ("/", "vault"), ("/", "mill")]  # fmt: skip
    assert {each: get(bar, *each)[0] for each in refused} == dict.fromkeys(refused, 404)


def test_a_service_two_levels_up_answers_by_the_name_it_was_handed_on_under(tree: Chain) -> None:
    cask = tree.at("bay/inn/cellar", "sibling")
    status, told = get(cask, "/login", "login")
    assert (status, told["headers"]["host"]) == (200, "auth")
    assert {get(cask, *each)[0] for each in (("/", "login"), ("/login", "auth"), ("/", "bar"))} == {404}


def test_a_stack_without_the_grant_reaches_nothing_above_at_any_gateway(tree: Chain) -> None:
    """With what the mill's gateway may ask of the one above as control."""
    for where in (tree.at("bay/mill", "sibling"), tree.at("bay", "child.mill")):
        for host in ("auth", "login", "front", "inn", "vault", "mill"):
            assert get(where, "/login", host)[0] == 404
    asked = {"method": "POST", "path": "/_admin/register"}
    assert get(tree.at("bay", "child.mill"), **asked)[0] == 503, "a controller that is not there"


TCP = [
    ("edge", 7001, True),
    ("bay family", 7001, False),  # speaks to gateways above only, which say for whom
    ("bay sibling", 7001, True),
    ("bay child.inn", 7001, False),
    ("bay child.inn", 7100, True),
    ("bay sibling", 7100, False),
    ("bay child.mill", 7100, False),
    ("bay child.mill", 7001, False),
    ("bay/inn sibling", 7000, True),
    ("bay/inn sibling", 7100, True),
    ("bay/inn child.cellar", 7100, True),
    ("bay/inn child.cellar", 7000, False),
    ("bay/inn/cellar sibling", 7100, True),
    ("bay/inn/cellar sibling", 7000, False),
    ("bay/mill sibling", 7100, False),
]


@pytest.mark.parametrize(("where", "port", "open_"), TCP, ids=lambda value: str(value))
def test_a_tcp_port_is_open_on_the_faces_that_list_it_and_on_no_other(
    tree: Chain, where: str, port: int, open_: bool
) -> None:
    path, _, face = where.partition(" ")
    address = tree.at(path, face)[0] if face else "127.0.0.1"
    assert said((address, port)) == (b"hello\n" if open_ else b"")


def test_bytes_rest_longer_than_any_request_may_and_still_go_both_ways(tree: Chain) -> None:
    with socket.create_connection(EDGE, 10) as caller, caller.makefile("rb") as reader:
        for pause in (0.0, 3.0):
            time.sleep(pause)
            caller.sendall(b"still there?\n")
            assert reader.readline() == b"still there?\n"


def test_who_calls_at_the_edge_is_told_down_to_the_last_gateway(tree: Chain) -> None:
    with socket.create_connection(EDGE, 10) as caller:
        caller.sendall(b"who?\n")
        assert caller.recv(10) == b"who?\n"
        own = caller.getsockname()[0]
    time.sleep(0.2)
    for name in ("edge", "bay", "inn", "cellar"):
        lines = [line for line in (tree.folder / f"{name}.log").read_text().splitlines() if " TCP " in line]
        assert any(line.split()[0] == own for line in lines), (name, lines)


def test_a_call_goes_both_ways_through_three_levels_and_keeps_its_trailers(tree: Chain) -> None:
    status, body, trailers = exchange(("127.0.0.1", tree.edge), "bay", "/echo.Rpc/Talk")
    assert (status, body, trailers) == ("200", b"one two", {"grpc-status": "0"})


@pytest.mark.parametrize(
    ("path", "host", "what"), [("bay", "inn", "/echo.Rpc/Talk"), ("bay/inn", "auth", "/auth.Rpc/Talk"),
                               ("bay/inn/cellar", "login", "/auth.Rpc/Talk")]
)  # fmt: skip
def test_services_call_down_and_up_the_same_way(tree: Chain, path: str, host: str, what: str) -> None:
    assert exchange(tree.at(path, "sibling"), host, what)[1:] == (b"one two", {"grpc-status": "0"})


def test_a_call_may_rest_longer_than_an_answer_may_take(tree: Chain) -> None:
    with call(("127.0.0.1", tree.edge), "bay", "/echo.Rpc/Watch") as made:
        made.send(b"wait 3")
        made.end()
        assert made.finish() == {"grpc-status": "0"}
        assert made.body == b"wait 3"


def events(tree: Chain, path: str, gap: float, **headers: str) -> tuple[float, list[bytes]]:
    """Seconds between the two events of a stream, and what came."""
    connection = HTTPConnection("127.0.0.1", tree.edge, timeout=20)
    connection.request("GET", f"{path}/events?gap={gap}", headers=headers)
    answer = connection.getresponse()
    first = answer.readline()
    begun = time.monotonic()
    try:
        answer.readline()
        second = answer.readline()
    except ConnectionError:
        second = b""
    connection.close()
    return time.monotonic() - begun, [first, second]


def test_events_come_at_once_and_may_rest_longer_than_an_answer_may_take(tree: Chain) -> None:
    waited, told = events(tree, "/inn/cellar", 3, Accept="text/event-stream")
    assert told == [b"data: first\n", b"data: second\n"]
    assert waited > 2.8, "the first came before the second was told"


def test_what_asks_for_no_events_is_cut_in_the_usual_time(tree: Chain) -> None:
    """The control of the test above: the times are what makes the difference."""
    assert events(tree, "/inn/cellar", 3)[1] == [b"data: first\n", b""]


def test_a_websocket_rests_and_goes_both_ways_through_three_levels(tree: Chain) -> None:
    with socket.create_connection(("127.0.0.1", tree.edge), 10) as caller, caller.makefile("rb") as reader:
        caller.sendall(HANDSHAKE.format(path="/inn/cellar/live").encode())
        assert reader.readline().startswith(b"HTTP/1.1 101")
        while reader.readline().strip():
            pass
        for pause in (0.0, 3.0):
            time.sleep(pause)
            caller.sendall(b"hello\n")
            assert reader.readline() == b"hello\n"
