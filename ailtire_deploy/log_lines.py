"""Logs of a stack and everything below it: which tasks to ask, and how their lines come together.

The command line and the controllers' REST use the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ailtire_deploy import moments
from ailtire_deploy.errors import NotFound
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import NOTE, LogLine
from ailtire_deploy.state import Resource, State


@dataclass(frozen=True, slots=True)
class Source:
    """A task whose output to read; ``name`` is ``path/service.slot``, ``service`` its engine name."""

    task_id: str
    name: str
    service: str
    live: bool
    node: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines are wanted: the newest ``tail`` of each service that hold ``grep``, and then what comes.

    ``since`` is in seconds since 1970. Upper and lower case of ``grep`` differ; "" is in every line.
    """

    service: str | None = None
    tail: int = 100
    since: float = 0.0
    follow: bool = False
    recursive: bool = True
    grep: str = ""


def select(
    observed: State, path: StackPath, service: str | None = None, *, recursive: bool = True
) -> tuple[Source, ...]:
    """The tasks of a stack, dead ones included; of one service only if it is named.

    Raises NotFound when there is no such stack or service.
    """
    services = _services(observed, path, recursive)
    chosen = [each for each in services if service in (None, each.service)]
    if not chosen:
        raise NotFound(_unknown(path, service, services))
    return _sources(chosen, observed)


def within(observed: State, path: StackPath, *, recursive: bool = True) -> tuple[Source, ...]:
    """The tasks of a stack, dead ones included; none when there is no such stack."""
    return _sources(_services(observed, path, recursive), observed)


def name_of(service: Resource, slot: str) -> str:
    """The prefix of a task's lines: ``path/service.slot``."""
    return f"{service.path}/{service.service}.{slot}"


def service_of(source: str) -> str:
    """The service a line comes from, by its path; only what stands after it may hold a dot."""
    return source.partition(".")[0]


def in_order(lines: Iterable[LogLine]) -> list[LogLine]:
    """Lines by time; those of one task stay in the order in which they were written."""
    return sorted(lines, key=_moment)


def note(source: str, text: str) -> LogLine:
    """Says of a source that lines of it are missing, and why."""
    return LogLine(source, NOTE, "", text)


MARKS = {"stdout": "|", "stderr": "!", NOTE: "#"}


def mark(line: LogLine) -> str:
    """What stands between source and text: it tells streams and notes apart where nothing is coloured."""
    return MARKS.get(line.stream, "|")


def is_after(line: LogLine, time: str) -> bool:
    """Whether a line was written after a time of the same form; every line is after none."""
    return not time or _moment(line) > moments.ordered(time)


def as_json(line: LogLine) -> dict[str, str]:
    return {"source": line.source, "stream": line.stream, "time": line.time, "text": line.text}


def from_json(told: Mapping[str, Any]) -> LogLine:
    """A line that somebody else wrote as JSON."""
    source, stream, time, text = (str(told.get(name, "")) for name in ("source", "stream", "time", "text"))
    return LogLine(source, stream, time, text)


def _moment(line: LogLine) -> str:
    return moments.ordered(line.time)


def _services(observed: State, path: StackPath, recursive: bool) -> list[Resource]:
    services = (each for each in observed if each.kind == "service" and path.covers(each.path))
    return [each for each in services if recursive or each.path == path]


def _sources(services: Iterable[Resource], observed: State) -> tuple[Source, ...]:
    found = (
        Source(task.id, name_of(each, task.slot), each.name, task.live, task.node)
        for each in services
        for task in observed.tasks_of(each.name)
    )
    return tuple(sorted(found, key=lambda source: (source.name, source.task_id)))


def _unknown(path: StackPath, service: str | None, services: Iterable[Resource]) -> str:
    known = ", ".join(sorted({each.service for each in services}))
    if service is None or not known:
        return f"there is no stack {path} on this swarm"
    near = get_close_matches(service, [each.service for each in services], 1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"there is no service {service!r} in {path}{meant or f'; there are {known}'}"
