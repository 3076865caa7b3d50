"""Signed calls over real connections on loopback: to good controllers, slow ones and hostile ones."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ailtire_deploy import identity
from ailtire_deploy.children import HttpChildren, calls
from ailtire_deploy.errors import Denied, Unreachable
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import LogLine
from ailtire_deploy.rest import app, server
from tests.rest.client import KEY, SHOP, Remembering

ORDERS = SHOP / "orders"
ORDERS_KEY = identity.derive(KEY, "orders")
Speech = Callable[[socket.socket], None]


@contextmanager
def serving(application: object) -> Iterator[str]:
    """A real server on a port of its own; gives ``host:port``."""
    made, stop = server.make(application, "127.0.0.1", 0), threading.Event()
    thread = threading.Thread(target=server.run, args=(made, stop))
    thread.start()
    try:
        yield f"127.0.0.1:{made.effective_port}"
    finally:
        stop.set()
        thread.join()


def gateway(application: Callable[..., object]) -> Callable[..., object]:
    """What a gateway does for calls that go down: ``/_down/orders/…`` becomes ``/_admin/…``."""

    def rewrite(environ: dict[str, str], start: object) -> object:
        environ["PATH_INFO"] = environ["PATH_INFO"].replace("/_down/orders/", "/_admin/", 1)
        return application(environ, start)

    return rewrite


@contextmanager
def speaking(speech: Speech) -> Iterator[str]:
    """Somebody who answers one connection with whatever ``speech`` sends."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                speech(connection)
            except OSError:
                return

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        thread.join(timeout=5)


def shop(gateway: str = "", **options: str) -> HttpChildren:
    return HttpChildren(SHOP, KEY, gateway=gateway, **options)


def test_a_child_accepts_the_call_and_answers() -> None:
    child = Remembering(path=ORDERS, key=ORDERS_KEY)
    with serving(gateway(app(child))) as address:
        reply = shop(address).call(ORDERS, "GET", "/_admin/status?budget=1.50", None, "viewer", 2.0)
        assert (reply.status, reply.body["name"]) == (200, "shop/orders")
        made = shop(address).call(ORDERS, "POST", "/_admin/update", {"parameters": {"a": 1}}, "operator", 2.0)
        assert (made.status, made.location) == (202, "history/7")
    assert child.calls == [
        ("status", 1.5),
        ("update", {"replace": False, "parameters": {"a": 1}}, "parent", False),
    ]


def test_the_role_that_is_granted_is_the_role_that_counts() -> None:
    with serving(gateway(app(Remembering(path=ORDERS, key=ORDERS_KEY)))) as address:
        assert shop(address).call(ORDERS, "POST", "/_admin/shutdown", None, "operator", 2.0).status == 403
        assert shop(address).call(ORDERS, "POST", "/_admin/shutdown", None, "admin", 2.0).status == 202


def test_another_stack_does_not_accept_it() -> None:
    with serving(gateway(app(Remembering(path=ORDERS, key=b"another key")))) as address:
        assert shop(address).call(ORDERS, "GET", "/_admin/status", None, "viewer", 2.0).status == 401


def test_a_log_comes_as_a_stream() -> None:
    lines = tuple(LogLine("shop/orders/api.1", "stdout", "", f"line {number}") for number in range(5000))
    child = Remembering(path=ORDERS, key=ORDERS_KEY, lines=lines)
    with serving(gateway(app(child))) as address:
        reply = shop(address).forward(
            ORDERS, "GET", "/_admin/log", "format=text&tail=5000", b"", "viewer", 2.0
        )
        assert (reply.status, reply.content_type) == (200, "text/plain")
        received = b"".join(reply.body)
    assert received.count(b"\n") == 5000
    assert received.endswith(b"line 4999\n")


def test_a_stream_that_is_not_read_to_its_end_can_be_closed() -> None:
    lines = tuple(LogLine("a", "stdout", "", "x" * 1000) for _ in range(5000))
    with serving(gateway(app(Remembering(path=ORDERS, key=ORDERS_KEY, lines=lines)))) as address:
        reply = shop(address).forward(ORDERS, "GET", "/_admin/log", "follow=true", b"", "viewer", 2.0)
        assert next(reply.body)
        reply.body.close()
        reply.body.close()
        assert list(reply.body) == []


def test_a_child_registers_with_its_parent() -> None:
    parent = Remembering()
    with serving(app(parent)) as address:
        reply = HttpChildren(ORDERS, ORDERS_KEY, parent=address).register(2.0)
        assert reply.status == 200
        refused = HttpChildren(SHOP / "stranger", identity.derive(KEY, "stranger"), parent=address).register(
            2.0
        )
        assert refused.status == 401
    assert parent.calls == [("register", "orders", "http://shop_orders_admin:3000")]


def test_a_root_has_nobody_to_register_with() -> None:
    with pytest.raises(Unreachable, match="no parent"):
        shop().register(1.0)


def test_nothing_is_sent_that_is_not_below() -> None:
    with pytest.raises(Denied):
        shop("127.0.0.1:1").call(StackPath(("other",)), "GET", "/_admin/status", None, "viewer", 1.0)


def test_the_gateway_is_found_by_the_name_of_its_tasks() -> None:
    with pytest.raises(Unreachable, match="shop/orders does not answer"):
        shop().call(ORDERS, "GET", "/_admin/status", None, "viewer", 1.0)


def test_nobody_listening_is_told_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable, match="does not answer") as caught:
        shop("127.0.0.1:1").call(ORDERS, "GET", "/_admin/status", None, "viewer", 5.0)
    assert time.monotonic() - started < 4
    assert not isinstance(caught.value.__cause__, TimeoutError)


def silence(connection: socket.socket) -> None:
    connection.settimeout(10)
    connection.recv(1)


def drip(connection: socket.socket) -> None:
    """A header that never ends: each byte comes well within any socket's own timeout."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(60):
        connection.sendall(b"x")
        time.sleep(0.05)


def drip_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n")
    for _ in range(60):
        connection.sendall(b" ")
        time.sleep(0.05)


@pytest.mark.parametrize("speech", [silence, drip, drip_body])
def test_a_slow_answer_takes_no_longer_than_the_budget(speech: Speech) -> None:
    with speaking(speech) as address:
        started = time.monotonic()
        with pytest.raises(Unreachable, match=r"within 0\.5 s") as caught:
            shop(address).call(ORDERS, "GET", "/_admin/status", None, "viewer", 0.5)
        assert time.monotonic() - started < 10
        assert isinstance(caught.value.__cause__, TimeoutError)


def sends(head: bytes, body: bytes = b"", times: int = 1) -> Speech:
    def speak(connection: socket.socket) -> None:
        connection.sendall(head + b"\r\n\r\n")
        for _ in range(times):
            connection.sendall(body)

    return speak


OK_JSON = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json"


@pytest.mark.parametrize(
    "speech",
    [
        sends(OK_JSON, b"{"),
        sends(OK_JSON, b"[" * 100_000),
        sends(OK_JSON, b"\xff"),
        sends(OK_JSON, b" " * 65536, times=200),
        sends(OK_JSON + b"\r\nContent-Length: 100", b"{}"),
        sends(OK_JSON + b"\r\nTransfer-Encoding: chunked", b"zz\r\n"),
        sends(b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html", b"<h1>"),
        sends(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Type: text/html", b""),
        sends(b"HTTP/1.1 200 OK" + b"\r\nX: y" * 200, b"{}"),
        sends(b"nonsense"),
        sends(b"HTTP/1.1 abc"),
        lambda connection: None,
    ],
)
def test_a_hostile_answer_is_no_answer(speech: Speech) -> None:
    with speaking(speech) as address, pytest.raises(Unreachable):
        shop(address).call(ORDERS, "GET", "/_admin/status", None, "viewer", 3.0)


def test_a_redirection_is_passed_on_and_never_followed() -> None:
    speech = sends(OK_JSON.replace(b"200 OK", b"302 Found") + b"\r\nLocation: http://127.0.0.1:1/", b"{}")
    with speaking(speech) as address:
        assert shop(address).call(ORDERS, "GET", "/_admin/status", None, "viewer", 2.0).status == 302


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with speaking(sends(OK_JSON, json.dumps({"seen": True}).encode())) as address:
        assert shop(address).call(ORDERS, "GET", "/_admin/status", None, "viewer", 2.0).body == {"seen": True}


def test_a_name_that_nobody_answers_for_takes_no_longer_than_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.wait(10) and [])
    begun = time.monotonic()
    with pytest.raises(Unreachable, match=r"no answer from shop/orders within 0\.2 s"):
        shop("gateway.nowhere").call(ORDERS, "GET", "/_admin/status", None, "viewer", 0.2)
    assert time.monotonic() - begun < 8
    answers.set()


def test_a_stream_that_falls_silent_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "IDLE", 0.3)

    def speech(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nfirst\n")
        silence(connection)

    with speaking(speech) as address:
        reply = shop(address).forward(ORDERS, "GET", "/_admin/log", "", b"", "viewer", 1.0)
        started = time.monotonic()
        assert list(reply.body) == [b"first\n"]
        assert time.monotonic() - started < 10


def test_a_stream_may_last_longer_than_the_budget_for_its_beginning() -> None:
    def speech(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n")
        for _ in range(6):
            connection.sendall(b"line\n")
            time.sleep(0.2)

    with speaking(speech) as address:
        reply = shop(address).forward(ORDERS, "GET", "/_admin/log", "follow=true", b"", "viewer", 0.5)
        assert b"".join(reply.body) == b"line\n" * 6
