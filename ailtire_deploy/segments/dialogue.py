"""How a question travels to a container inside a network, and the answer back in its log.

Nothing is imported here that a probe does not need: it shall not cost its node more than its question does.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SPARE = 9  # asked where no port is known: who refuses there has been reached as well
MOST = 1 << 22  # bytes of questions
OPEN, REFUSED = "open", "refused"
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked inside one network; what is ``hoped`` for is waited for, the rest is asked once."""

    names: tuple[str, ...]
    places: tuple[Place, ...]
    hoped: tuple[str | Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Addresses by name, of names that are known there; what places said; whether there is a way outside."""

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[Place, str] = field(default_factory=dict)
    outside: bool = False


def packed(asked: Question) -> str:
    """A question as one word."""
    body = {"names": asked.names, "places": asked.places, "hoped": asked.hoped}
    return base64.b64encode(zlib.compress(json.dumps(body).encode(), 9)).decode()


def unpacked(text: str) -> Question:
    """The question again. Raises ValueError for anything else."""
    try:
        body = json.loads(zlib.decompressobj().decompress(base64.b64decode(text), MOST))
        found = [(str(address), int(port)) for address, port in body["places"]]
        hoped = [each if isinstance(each, str) else (str(each[0]), int(each[1])) for each in body["hoped"]]
        return Question(tuple(map(str, body["names"])), tuple(found), tuple(hoped))
    except (zlib.error, KeyError, TypeError) as error:
        raise ValueError("this is no question") from error


def told(answer: Answer) -> Iterator[str]:
    """An answer as lines of a log, none too long for one; the last says that it is whole."""
    for name, addresses in sorted(answer.names.items()):
        for some in _cut(addresses, 200):
            yield json.dumps({"name": name, "addresses": list(some)})
    for several in _cut(sorted(answer.places.items()), 100):
        yield json.dumps({"places": [[address, port, word] for (address, port), word in several]})
    yield json.dumps({"outside": answer.outside})


def heard(lines: Iterable[str]) -> Answer | None:
    """The answer in the lines of a log; None for one that is not whole or is none."""
    known: dict[str, tuple[str, ...]] = {}
    said: dict[Place, str] = {}
    for line in lines:
        try:
            each = json.loads(line)
            if "outside" in each:
                return Answer(known, said, each["outside"] is True)
            if "name" in each:
                known[str(each["name"])] = (*known.get(str(each["name"]), ()), *map(str, each["addresses"]))
            said |= {(str(a), int(p)): str(word) for a, p, word in each.get("places", ())}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
    return None


def _cut(items: Collection[Any], size: int) -> Iterator[list[Any]]:
    listed = list(items)
    return (listed[at : at + size] for at in range(0, len(listed), size))
