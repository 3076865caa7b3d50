"""Answers that are late, cut, wrong or never come: always one of our errors, and never a guess."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ailtire_deploy.engine.connect import Address
from ailtire_deploy.engine.wire import Wire
from ailtire_deploy.errors import NotFound, Refused, Unreachable
from ailtire_deploy.ports import Calls

Way = tuple[socket.socket, str]
VERSION = json.dumps({"ApiVersion": "1.41"})


def answer(status: int, body: str, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status} Said\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n{body}".encode()


@pytest.fixture(params=["socket", "tcp"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Way:
    """One of the two ways to an engine: the way to the socket of this machine, and docker-py's."""
    if request.param == "tcp":
        listening = socket.create_server(("127.0.0.1", 0))
        return listening, f"tcp://127.0.0.1:{listening.getsockname()[1]}"
    return at_a_socket(tmp_path)


def at_a_socket(folder: Path) -> Way:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(folder / "engine.sock"))
    listening.listen()
    return listening, f"unix://{folder}/engine.sock"


@contextmanager
def engine(way: Way, said: bytes | None, version: str = VERSION) -> Iterator[Wire]:
    """An engine that tells its version and then answers everything with the same bytes, or not at all."""
    with way[0] as listening:
        threading.Thread(target=serve, args=(listening, said, version), daemon=True).start()
        wire = Wire(Address(way[1]), patience=0.3)
        yield wire
        wire.close()
        listening.shutdown(socket.SHUT_RDWR)


def serve(listening: socket.socket, said: bytes | None, version: str) -> None:
    silent = []
    with suppress(OSError):
        while True:
            caller, _ = listening.accept()
            asked = caller.recv(65536)
            if b"GET /version" in asked:
                caller.sendall(answer(200, version))
            elif said is None:
                silent.append(caller)
                continue
            elif asked:
                caller.sendall(said)
            caller.close()
    for caller in silent:
        caller.close()


def test_an_answer_is_read_as_json(way: Way) -> None:
    with engine(way, answer(200, '[{"ID": "x"}]')) as wire:
        assert wire.get("/services") == [{"ID": "x"}]
        assert wire.api == "1.41"


def test_an_answer_without_a_body_is_nothing(way: Way) -> None:
    with engine(way, answer(204, "")) as wire:
        wire.delete("/services/x")


def test_calls_are_counted_by_method_and_kind_and_so_is_what_fails(way: Way) -> None:
    with engine(way, answer(404, '{"message": "no such thing"}')) as wire:
        for _ in range(2):
            with pytest.raises(NotFound):
                wire.post("/services/x/update", {})
        with pytest.raises(NotFound):
            wire.get("/configs")
        assert wire.usage() == {("POST", "services"): Calls(2, 2), ("GET", "configs"): Calls(1, 1)}


@pytest.mark.parametrize(
    "said",
    [
        answer(200, '[{"ID": "x"}', length=100),
        answer(200, '[{"ID": "x"'),
        answer(200, "<html>"),
        answer(500, '{"message": "it broke"}'),
        answer(503, "no manager"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
        b"",
        b"nonsense\r\n\r\n",
        None,
    ],
    ids=["cut", "half", "html", "broken", "away", "torn", "closed", "nonsense", "silent"],
)
def test_what_cannot_be_read_is_unreachable(way: Way, said: bytes | None) -> None:
    with engine(way, said) as wire, pytest.raises(Unreachable):
        wire.get("/services")


def test_the_engines_words_are_passed_on(way: Way) -> None:
    said = answer(400, '{"message": "memory too small"}')
    with engine(way, said) as wire, pytest.raises(Refused, match="memory too small"):
        wire.post("/services/create", {})


def test_what_leads_elsewhere_is_no_answer(tmp_path: Path) -> None:
    with engine(at_a_socket(tmp_path), answer(301, '{"message": "elsewhere"}')) as wire:
        for ask in (lambda: wire.get("/services"), lambda: wire.post("/services/create", {})):
            with pytest.raises(Refused, match="elsewhere"):
                ask()


def test_words_that_are_no_json_are_passed_on_as_well(way: Way) -> None:
    with engine(way, answer(404, "plain words")) as wire, pytest.raises(NotFound, match="plain words"):
        wire.get("/services/x")


def test_an_engine_that_is_too_old_is_said_to_be(way: Way) -> None:
    with engine(way, None, '{"ApiVersion": "1.40"}') as wire, pytest.raises(Unreachable, match=r"1\.41"):
        wire.get("/services")


def test_of_two_versions_of_the_api_the_one_both_know_is_spoken(way: Way) -> None:
    with engine(way, answer(200, "[]"), '{"ApiVersion": "9.99"}') as wire:
        assert tuple(map(int, wire.api.split("."))) < (9, 99)


def test_a_stream_that_breaks_off_ends(way: Way) -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
    with engine(way, said) as wire, wire.stream("/events", 0.3) as stream:
        assert b"".join(stream) == b"first"


def test_a_stream_can_be_closed_twice(way: Way) -> None:
    with engine(way, answer(200, "")) as wire:
        stream = wire.stream("/events", 0.3)
        assert list(stream) == []
        stream.close()
        stream.close()


def test_an_answer_that_breaks_off_is_not_taken_for_its_end(way: Way) -> None:
    with engine(way, answer(200, "half", length=100)) as wire, pytest.raises(Unreachable):
        list(wire.pieces("/tasks/x/logs", 5.0))


def test_an_answer_that_falls_silent_is_not_taken_for_its_end(way: Way) -> None:
    with engine(way, None) as wire, pytest.raises(Unreachable):
        list(wire.pieces("/tasks/x/logs", 0.2))
