"""What may become of one call on its way to the engine and back."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.faults.proxy import Call, Exchange, Mishap, nothing

END_OF_HEAD = b"\r\n\r\n"


def crash_before(exchange: Exchange) -> None:
    """Whoever asks is killed, and the engine hears nothing of it."""
    exchange.kill()


def crash_after(exchange: Exchange) -> None:
    """The engine does what it was asked; whoever asked is killed before the answer comes."""
    exchange.deliver()
    exchange.kill()


def lose(exchange: Exchange) -> None:
    """The engine does what it was asked, and the answer is lost."""
    exchange.deliver()


def refuse(exchange: Exchange) -> None:
    """The connection ends before the engine hears anything."""


def twice(exchange: Exchange) -> None:
    """The request arrives twice, and the second answer is the one that comes back."""
    exchange.deliver()
    exchange.answer(exchange.deliver())


def cut(exchange: Exchange) -> None:
    """The answer ends in the middle of its body; one without a body, in the middle of its head."""
    head, end, body = exchange.deliver().partition(END_OF_HEAD)
    exchange.answer(head + end + body[: len(body) // 2] if body else head[: len(head) // 2])


def hang(exchange: Exchange) -> None:
    """Neither delivered nor answered, for as long as the proxy stands or the client waits."""
    exchange.client.settimeout(0.5)
    while not exchange.stopped.is_set():
        try:
            if not exchange.client.recv(1):
                return
        except TimeoutError:
            continue


def late(seconds: float) -> Mishap:
    """Delivered after a while."""

    def mishap(exchange: Exchange) -> None:
        exchange.stopped.wait(seconds)
        exchange.relay()

    return mishap


def fail(status: int, message: str = "the engine is out of sorts") -> Mishap:
    """The engine hears nothing, and the client is told that it failed."""
    body = json.dumps({"message": message}).encode()
    head = f"HTTP/1.1 {status} Failed\r\nContent-Type: application/json\r\nConnection: close\r\n"
    told = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    return lambda exchange: exchange.answer(told)


def stale() -> Mishap:
    """What was true when it was first asked is what everybody hears. For reads."""
    heard: dict[tuple[str, str], bytes] = {}

    def mishap(exchange: Exchange) -> None:
        question = exchange.call.path, exchange.call.query
        if question not in heard:
            heard[question] = exchange.deliver()
        exchange.answer(heard[question])

    return mishap


def mute(exchange: Exchange) -> None:
    """A stream begins, and nothing is ever heard on it."""
    heard = bytearray()

    def head_only(data: bytes) -> bytes:
        before = len(heard)
        heard.extend(data)
        end = heard.find(END_OF_HEAD)
        upto = len(heard) if end < 0 else max(before, end + len(END_OF_HEAD))
        return bytes(heard[before:upto])

    exchange.relay(head_only)


def without_events(call: Call) -> Mishap:
    """The rule by which events are lost."""
    return mute if call.path == "/events" else nothing


def some(chance: Callable[[], float], share: float, mishaps: list[Mishap]) -> Callable[[Call], Mishap]:
    """A rule that strikes a share of the calls with one of several mishaps; streams are spared."""

    def rule(call: Call) -> Mishap:
        if call.streams or chance() >= share:
            return nothing
        return mishaps[int(chance() * len(mishaps))]

    return rule
