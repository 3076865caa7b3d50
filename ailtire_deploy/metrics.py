"""What a controller tells a monitoring system about its own stack, as families of numbers.

Names, units and labels follow Prometheus' conventions. Labels are bounded: they name what the stack's
definition names, kinds of things, and words of fixed lists; never a task, a node, a path of a request or a
value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ailtire_deploy import __version__, proxies, revisions, symptoms
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Calls
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Resource, State
from ailtire_deploy.status import services_of
from ailtire_deploy.traffic import Counters

OUTCOMES = ("pending", "converged", "failed", "superseded")
Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Numbers of one name. Each sample has a value for every label, and for ``stack``, which comes first."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    labels: Labels = ()
    samples: tuple[tuple[Labels, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What a controller has done since it started. Times are in seconds, ``ended`` since 1970.

    ``differing`` counts by kind what was not as wished when the last round looked.
    """

    rounds: int = 0
    failed: int = 0
    seconds: float = 0.0
    ended: float = 0.0
    differing: Mapping[str, int] = field(default_factory=dict)


def families(
    observed: State,
    path: StackPath,
    work: Work,
    usage: Mapping[tuple[str, str], Calls],
    heartbeats: Mapping[str, float],
) -> tuple[Family, ...]:
    """Everything about the stack at ``path``, and its controller.

    ``usage``: how the engine was used, by method and kind of thing; ``heartbeats``: how many seconds ago each
    child said that it is alive.
    """
    services = services_of(observed, path)
    found = (
        Family("build_info", "gauge", "Version of this controller.", ("version",), (((__version__,), 1),)),
        *_of_tasks(services, observed),
        *_of_revision(revisions.newest(observed, path)),
        *_of_work(work),
        *_of_engine(usage),
        Family(
            *("child_heartbeat_age_seconds", "gauge", "Seconds since a child said that it is alive."),
            ("child",),
            tuple(((child,), age) for child, age in sorted(heartbeats.items())),
        ),
        *_of_traffic(services),
    )
    return tuple(each for each in found if each.samples)


def streams(taken: int) -> Family:
    """How many read a log or events just now."""
    return _one("streams", "gauge", "Logs and events that are being read.", taken)


def _of_tasks(services: Iterable[Resource], observed: State) -> Iterator[Family]:
    desired = {each.service: 0 if observed.finished(each) else symptoms.wanted(each) for each in services}
    running = {each.service: observed.running(each.name) for each in services}
    for name, text, found in (
        ("tasks_desired", "Tasks that a service shall have.", desired),
        ("tasks_running", "Tasks of a service that run.", running),
    ):
        yield Family(f"service_{name}", "gauge", text, ("service",), _by_name(found))


def _of_revision(newest: Revision | None) -> Iterator[Family]:
    if newest is None:
        return
    yield _one("revision_number", "gauge", "Number of the newest revision.", newest.number)
    made = newest.found.created
    yield _one("revision_created_timestamp_seconds", "gauge", "When the newest revision was written.", made)
    yield Family(
        *("revision_outcome", "gauge", "1 for what became of the newest revision."),
        ("outcome",),
        tuple(((each,), float(each == newest.outcome)) for each in OUTCOMES),
    )


def _of_work(work: Work) -> Iterator[Family]:
    yield _one("rounds", "counter", "Rounds of the loop.", work.rounds)
    yield _one("rounds_failed", "counter", "Rounds that ended with an error.", work.failed)
    yield _one("round_seconds", "counter", "Seconds spent in rounds.", work.seconds)
    if work.ended:
        yield _one("last_round_timestamp_seconds", "gauge", "When the last round ended.", work.ended)
    yield Family(
        *("drift_resources", "gauge", "Resources that were not as wished when the last round looked."),
        ("kind",),
        _by_name({**dict.fromkeys(("service", "network", "config", "secret"), 0), **work.differing}),
    )


def _of_engine(usage: Mapping[tuple[str, str], Calls]) -> Iterator[Family]:
    calls = tuple((key, float(each.calls)) for key, each in sorted(usage.items()))
    errors = tuple((key, float(each.errors)) for key, each in sorted(usage.items()))
    labels = ("method", "kind")
    yield Family("engine_calls", "counter", "Calls to the engine's API.", labels, calls)
    yield Family("engine_errors", "counter", "Calls to the engine's API that failed.", labels, errors)


def _of_traffic(services: Iterable[Resource]) -> Iterator[Family]:
    """Of gateway and edge, as their agents say."""
    counted = [
        ((each.service, label), counters)
        for each in services
        for label, counters in sorted(each.facts.get(proxies.TRAFFIC, {}).items())
    ]
    for name, kind, text, value in TRAFFIC:
        samples = tuple((labels, value(each)) for labels, each in counted)
        yield Family(f"proxy_{name}", kind, text, ("proxy", "backend"), samples)
    slow = tuple(
        ((*labels, f"{over / 1000:g}"), float(number))
        for labels, each in counted
        for over, number in sorted(each.slow.items())
    )
    labels = ("proxy", "backend", "seconds")
    yield Family("proxy_slow_answers", "counter", "Answers that took at least so long.", labels, slow)
    agents = {
        each.service: len(each.facts[proxies.SERVING]) for each in services if proxies.SERVING in each.facts
    }
    yield Family(
        "proxy_agents", "gauge", "Containers of a proxy that were heard.", ("proxy",), _by_name(agents)
    )


TRAFFIC: tuple[tuple[str, Literal["counter", "gauge"], str, Callable[[Counters], float]], ...] = (
    ("requests", "counter", "Requests that were led to a backend.", lambda each: each.requests),
    ("errors", "counter", "Answers with 5xx, no answers, and answers cut short.", lambda each: each.errors),
    (
        *("answer_seconds", "counter", "Seconds until answers began, in sum (estimated from means)."),
        lambda each: each.time / 1000,
    ),
    ("sessions", "gauge", "Requests and connections of now.", lambda each: each.sessions),
    ("servers_up", "gauge", "Tasks of a backend that are up.", lambda each: each.servers),
)


def _one(name: str, kind: Literal["counter", "gauge"], text: str, value: float) -> Family:
    return Family(name, kind, text, (), (((), float(value)),))


def _by_name(found: Mapping[str, float]) -> tuple[tuple[Labels, float], ...]:
    return tuple(((name,), float(value)) for name, value in sorted(found.items()))
