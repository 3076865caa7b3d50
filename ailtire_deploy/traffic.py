"""What went through a proxy, as numbers: requests, errors and times of each of its backends.

HAProxy's own words are read here (``show stat`` in CSV, ``show table``), and added up over workers, agents
and reloads. A backend's label is the one ``topology`` gave it: a service's or a child's key, ``_admin`` for
the controller.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

ASKED = "show info;show stat -1 2 -1;show table"  # of a worker: its process id, its backends, its tables
SLOW = "_slow."  # begins the name of a table that counts slow answers: _slow.LABEL.MILLISECONDS-MILLISECONDS
BACKENDS = 2000  # of one proxy: more are not told
LABEL = re.compile(r"_?[a-z][a-z0-9-]*(\.[a-z0-9-]+)*")
LONGEST = 200  # letters of a label
_PLAIN = ("requests", "errors", "time", "sessions", "servers")


@dataclass(frozen=True, slots=True)
class Counters:
    """What a backend has done since its proxy started, and what it does now.

    ``errors``: answers with 5xx, whoever made them (502, 503 and 504 stand for a server that gave none), and
    answers that a server cut short. ``time``: milliseconds that callers waited for the head of their answers,
    in sum; HAProxy tells a mean over its last requests in whole milliseconds, so it is an estimate. ``slow``:
    how many answers took at least so many milliseconds, where the configuration counts them. ``sessions`` and
    ``servers`` (those that are up) are of now.
    """

    requests: int = 0
    errors: int = 0
    time: int = 0
    sessions: int = 0
    servers: int = 0
    slow: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: Counters) -> Counters:
        """Of two workers or proxies together; both see the same servers."""
        slow = {each: self.slow.get(each, 0) + other.slow.get(each, 0) for each in (*self.slow, *other.slow)}
        return Counters(
            self.requests + other.requests,
            self.errors + other.errors,
            self.time + other.time,
            self.sessions + other.sessions,
            max(self.servers, other.servers),
            slow,
        )

    def since(self, before: Counters) -> Counters:
        """What came after ``before``. Fewer requests than then: whoever counts began anew, all came after."""
        if self.requests < before.requests:
            return self
        slow = {each: max(0, number - before.slow.get(each, 0)) for each, number in self.slow.items()}
        errors, time = max(0, self.errors - before.errors), max(0, self.time - before.time)
        return Counters(self.requests - before.requests, errors, time, self.sessions, self.servers, slow)

    @property
    def past(self) -> Counters:
        """The same of somebody who is gone: nothing is of now."""
        return Counters(self.requests, self.errors, self.time, slow=self.slow)


Traffic = Mapping[str, Counters]  # by the label of a backend
NOTHING: Traffic = MappingProxyType({})


def total(parts: Iterable[Traffic]) -> dict[str, Counters]:
    """The sum of what several workers or proxies counted."""
    found: dict[str, Counters] = {}
    for part in parts:
        for label, counters in part.items():
            found[label] = found.get(label, Counters()) + counters
    return found


def past(counted: Traffic) -> Traffic:
    """The same of somebody who is gone."""
    return {label: each.past for label, each in counted.items()}


@dataclass(frozen=True, slots=True)
class Pace:
    """How a backend did lately: requests and errors a second, and the mean of what its callers waited.

    ``age``: how many seconds ago that was read.
    """

    requests: float
    errors: float
    milliseconds: float
    age: float = 0.0

    @property
    def failing(self) -> float:
        """The part of the requests that were errors, 0 to 1."""
        return min(1.0, self.errors / self.requests) if self.requests else 0.0


def pace(now: Counters, before: Counters, seconds: float, age: float = 0.0) -> Pace:
    """How a backend did between two readings that lie ``seconds`` (more than 0) apart."""
    between = now.since(before)
    mean = between.time / between.requests if between.requests else 0.0
    return Pace(between.requests / seconds, between.errors / seconds, mean, age)


def together(paces: Sequence[Pace]) -> Pace | None:
    """Of several backends of one service; None for none."""
    if not paces:
        return None
    requests = sum(each.requests for each in paces)
    waited = sum(each.requests * each.milliseconds for each in paces)
    errors, age = sum(each.errors for each in paces), max(each.age for each in paces)
    return Pace(requests, errors, waited / requests if requests else 0.0, age)


@dataclass(frozen=True, slots=True)
class Reading:
    """One worker's own words. ``means``: milliseconds that callers of a backend lately waited; ``tables``:
    the names of those that count slow answers.
    """

    process: int
    traffic: Traffic
    means: Mapping[str, int]
    tables: tuple[str, ...]


def read(said: str) -> Reading:
    """What a worker answered to ``ASKED``. Raises ValueError when that is something else."""
    process = re.search(r"^Pid: (\d+)$", said, re.M)
    _, mark, rest = said.partition("# pxname,")
    if not process or not mark:
        raise ValueError("HAProxy does not say what it counted")
    rows = list(csv.DictReader(f"pxname,{rest}".partition("\n\n")[0].splitlines()))
    rows = [row for row in rows if LABEL.fullmatch(row["pxname"]) and not row["pxname"].startswith(SLOW)]
    counted = {row["pxname"]: _counters(row) for row in rows[:BACKENDS]}
    means = {row["pxname"]: sum(_number(row[name]) for name in ("qtime", "ctime", "rtime")) for row in rows}
    tables = tuple(re.findall(rf"^# table: ({re.escape(SLOW)}\S+),", rest, re.M))
    return Reading(int(process[1]), counted, means, tables)


def _counters(row: Mapping[str, str]) -> Counters:
    errors = _number(row["hrsp_5xx"]) + _number(row["srv_abrt"])
    return Counters(
        _number(row["req_tot"]), errors, sessions=_number(row["scur"]), servers=_number(row["act"])
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def slow(said: str) -> dict[str, dict[int, int]]:
    """How many answers of each backend were slow: what a worker says to ``show table`` of such tables."""
    found: dict[str, dict[int, int]] = {}
    for table, entry in re.findall(rf"^# table: {re.escape(SLOW)}(\S+),[^\n]*\n([^\n]*)", said, re.M):
        label, _, thresholds = table.rpartition(".")
        counted = {int(number): int(value) for number, value in re.findall(r"\bgpc(\d+)=(\d+)", entry)}
        found[label] = {int(each): counted.get(at, 0) for at, each in enumerate(thresholds.split("-"))}
    return found


def grown(before: Traffic, found: Reading, slowly: Mapping[str, Mapping[int, int]]) -> dict[str, Counters]:
    """A worker's counters, its times added to those of its reading before."""
    return {
        label: Counters(
            each.requests,
            each.errors,
            _time(before.get(label, Counters()), each, found.means[label]),
            each.sessions,
            each.servers,
            slowly.get(label, {}),
        )
        for label, each in found.traffic.items()
    }


def _time(before: Counters, now: Counters, mean: int) -> int:
    return before.time + max(0, now.requests - before.requests) * mean


def as_json(traffic: Traffic) -> dict[str, Any]:
    """As an agent tells it."""
    return {
        label: {
            **{name: getattr(each, name) for name in _PLAIN},
            **({"slow": {str(over): number for over, number in each.slow.items()}} if each.slow else {}),
        }
        for label, each in traffic.items()
    }


def from_json(found: Any) -> dict[str, Counters]:
    """What an agent told. Raises ValueError for anything else."""
    if not isinstance(found, dict) or len(found) > BACKENDS:
        raise ValueError("traffic has to be an object of backends")
    return {_label(label): _told(each) for label, each in found.items()}


def _label(text: Any) -> str:
    if not isinstance(text, str) or len(text) > LONGEST or not LABEL.fullmatch(text):
        raise ValueError(f"{str(text)[:80]!r} is no backend")
    return text


def _told(found: Any) -> Counters:
    over = found.get("slow", {}) if isinstance(found, dict) else None
    if not isinstance(over, dict) or len(over) > 16 or not all(str(each).isdecimal() for each in over):
        raise ValueError("a backend has to be an object of numbers")
    slowly = {int(each): _whole(number) for each, number in over.items()}
    return Counters(**{name: _whole(found.get(name)) for name in _PLAIN}, slow=slowly)


def _whole(found: Any) -> int:
    if type(found) is not int or not 0 <= found < 1 << 63:
        raise ValueError("a counter has to be a whole number")
    return found
