"""What a probe does inside a network: it tries names and places, all at once, and says what it found.

Nothing is sent: a connection that comes about is closed again.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from ailtire_deploy.segments.dialogue import OPEN, REFUSED, SPARE, Answer, Place, Question

AT_ONCE = 64
TIMEOUT = 1.5  # seconds for a connection
PATIENCE = 6.0  # seconds in which what is hoped for may come
PAUSE = 0.3
FAR_AWAY = ("192.0.2.1", 9)  # RFC 5737: nobody's address
REACHED = frozenset({errno.ECONNREFUSED, errno.ECONNRESET})

Resolve = Callable[[str], tuple[str, ...]]
Connect = Callable[[Place], str]


def resolve(name: str) -> tuple[str, ...]:
    """The IPv4 addresses of a name, none for one that is not known. No search list: it is the whole name."""
    try:
        found = socket.getaddrinfo(f"{name}.", None, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(sorted({str(each[4][0]) for each in found}))


def connect(place: Place) -> str:
    """``open``, ``refused`` by whoever has the address, or "" for no answer from there."""
    try:
        with socket.create_connection(place, timeout=TIMEOUT):
            return OPEN
    except OSError as error:
        return REFUSED if error.errno in REACHED else ""


def leads_outside() -> bool:
    """Whether there is a way to the rest of the world. Nothing is sent on it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(FAR_AWAY)
        except OSError:
            return False
        return not ipaddress.ip_address(asking.getsockname()[0]).is_loopback


def answer(
    question: Question,
    resolve: Resolve = resolve,
    connect: Connect = connect,
    outside: Callable[[], bool] = leads_outside,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Try everything; what is hoped for is tried again for some seconds, before the rest is asked."""
    names: dict[str, tuple[str, ...]] = {}
    places: dict[Place, str] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:

        def ask(some: Iterable[str | Place]) -> None:
            listed = list(some)
            wanted = [each for each in listed if isinstance(each, str)]
            names.update(zip(wanted, pool.map(resolve, wanted), strict=True))
            where = [each for each in listed if not isinstance(each, str)]
            places.update(zip(where, pool.map(connect, where), strict=True))

        left: Collection[str | Place] = question.hoped
        deadline = now() + PATIENCE
        while left:
            ask(left)
            left = [e for e in left if not (names.get(e) if isinstance(e, str) else _is_met(e, places))]
            if now() >= deadline:
                break
            if left:
                sleep(PAUSE)
        asked = {*question.hoped}
        rest: list[str | Place] = [*question.names, *question.places]
        ask(each for each in rest if each not in asked)
    known = {name: found for name, found in names.items() if found}
    return Answer(known, {place: word for place, word in places.items() if word}, outside())


def _is_met(place: Place, said: Mapping[Place, str]) -> bool:
    """Whether a place answers as it should: where no port is known a refusal is all that can be hoped for."""
    return said.get(place) == OPEN or (place[1] == SPARE and bool(said.get(place)))
