"""Connections to the socket of an engine: kept while they are good, each with one answer at a time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPException, IncompleteRead
from pathlib import Path

import pytest

from ailtire_deploy.engine.local import Local
from ailtire_deploy.engine.transport import Request

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsaid"
BEGUN = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"


class Engine:
    """Answers every request with the same bytes, and keeps its connections."""

    def __init__(self, path: Path, said: bytes) -> None:
        self.said = said
        self.connections: list[socket.socket] = []
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(path))
        self.listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self.listening.accept()
            except OSError:
                return
            self.connections.append(caller)
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        try:
            while caller.recv(65536):
                caller.sendall(self.said)
        except OSError:
            return

    def hang_up(self) -> None:
        """As an engine does that ends."""
        for each in self.connections:
            each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for each in self.connections:
            each.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with closing(Engine(tmp_path / "engine.sock", WHOLE)) as made:
        yield made


@pytest.fixture
def local(engine: Engine, tmp_path: Path) -> Iterator[Local]:
    with closing(Local(str(tmp_path / "engine.sock"))) as made:
        yield made


def test_a_connection_is_kept_for_the_next_call(engine: Engine, local: Local) -> None:
    assert [local.send(Request("GET", "/", 5)).read() for _ in range(3)] == [b"said"] * 3
    assert len(engine.connections) == 1


def test_two_answers_at_once_have_a_connection_each(engine: Engine, local: Local) -> None:
    first, second = local.send(Request("GET", "/", 5)), local.send(Request("GET", "/", 5))
    assert (second.read(), first.read()) == (b"said", b"said")
    assert len(engine.connections) == 2


def test_an_answer_that_is_closed_twice_gives_its_connection_back_once(engine: Engine, local: Local) -> None:
    answer = local.send(Request("GET", "/", 5))
    assert b"".join(answer.pieces()) == b"said"
    answer.close()
    answer.close()
    test_two_answers_at_once_have_a_connection_each(engine, local)


def test_a_connection_that_the_engine_ended_is_not_used_again(engine: Engine, local: Local) -> None:
    local.send(Request("GET", "/", 5)).read()
    engine.hang_up()
    assert local.send(Request("POST", "/", 5, b"{}")).read() == b"said"
    assert len(engine.connections) == 2


def test_an_answer_that_ended_is_cut_no_more(engine: Engine, local: Local) -> None:
    answer = local.send(Request("GET", "/", 5))
    assert list(answer.pieces()) == [b"said"]
    other = local.send(Request("GET", "/", 5))
    answer.cut()
    assert other.read() == b"said"
    assert len(engine.connections) == 1


@pytest.mark.parametrize("said", [b"HTTP/1.1 103 Early\r\n\r\n" + WHOLE, b"HTTP/1.1 101 Else\r\n\r\n"])
def test_what_is_no_last_answer_is_an_error_and_ends_the_connection(
    engine: Engine, local: Local, said: bytes
) -> None:
    engine.said = said
    with pytest.raises(HTTPException):
        local.send(Request("GET", "/", 5))
    engine.said = WHOLE
    assert local.send(Request("GET", "/", 5)).read() == b"said"
    assert len(engine.connections) == 2


def test_after_a_broken_answer_its_connection_is_not_kept(engine: Engine, local: Local) -> None:
    engine.said = BEGUN + b"zz\r\n" + WHOLE
    with pytest.raises(IncompleteRead):
        local.send(Request("GET", "/", 5)).read()
    engine.said = WHOLE
    assert local.send(Request("POST", "/", 5, b"{}")).read() == b"said"
    assert len(engine.connections) == 2


def test_what_is_read_after_the_end_is_not_kept(engine: Engine, local: Local) -> None:
    answer = local.send(Request("GET", "/", 5))
    local.close()
    assert answer.read() == b"said"
    assert local.send(Request("GET", "/", 5)).read() == b"said"
    assert len(engine.connections) == 2


def test_many_threads_get_their_own_answers(tmp_path: Path) -> None:
    class Echo(Engine):
        def _serve(self, caller: socket.socket) -> None:
            while asked := caller.recv(65536):
                number = asked.split(b" ")[1]
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(number)
                caller.sendall(head)
                caller.sendall(number)

    with (
        closing(Echo(tmp_path / "echo.sock", b"")) as engine,
        closing(Local(str(tmp_path / "echo.sock"))) as it,
    ):
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda n: it.send(Request("GET", f"/{n}", 5)).read(), range(400)))
        assert found == [b"/%d" % number for number in range(400)]
        assert len(engine.connections) <= 8


def test_an_answer_that_was_not_read_takes_its_connection_along(engine: Engine, local: Local) -> None:
    local.send(Request("GET", "/", 5)).close()
    assert local.send(Request("GET", "/", 5)).read() == b"said"
    assert len(engine.connections) == 2


def test_an_answer_that_is_cut_from_another_thread_ends_at_once(engine: Engine, local: Local) -> None:
    engine.said = BEGUN
    answer = local.send(Request("GET", "/", 30))
    threading.Timer(0.1, answer.cut).start()
    began = time.monotonic()
    pieces = answer.pieces()
    assert next(pieces) == b"first"
    with pytest.raises(IncompleteRead):
        next(pieces)
    assert time.monotonic() - began < 10
    answer.close()


def test_silence_is_borne_no_longer_than_was_said(engine: Engine, local: Local) -> None:
    engine.said = BEGUN
    answer = local.send(Request("GET", "/", 0.1))
    pieces = answer.pieces()
    next(pieces)
    with pytest.raises(TimeoutError):
        next(pieces)
    answer.close()
