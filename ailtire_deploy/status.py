"""How a stack does, with everything below it: the tree that ``status``, REST and the page show.

Everything is read from what the swarm says: stacks and services are found by their labels, so the tree
needs no definition and no controller to be seen. A stack is as well as the worst of what it holds; its
``message`` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

from ailtire_deploy import maintenance, moments, names, proxies, revisions, symptoms
from ailtire_deploy.errors import InvalidInput, NotFound
from ailtire_deploy.model import WHOLE
from ailtire_deploy.names import EDGE, GATEWAY, StackPath
from ailtire_deploy.releases import asking
from ailtire_deploy.releases.stages import Stage
from ailtire_deploy.revisions import Revision
from ailtire_deploy.segments import keeping
from ailtire_deploy.segments.keeping import Shown
from ailtire_deploy.state import Resource, State, Task
from ailtire_deploy.symptoms import Symptom
from ailtire_deploy.traffic import Pace

HARMLESS = ("running", "completed", "shutdown")


class TaskStatus(TypedDict):
    slot: str
    node: str
    state: str


class TrafficStatus(TypedDict):
    """Of the last minute: ``requests`` a second, ``errors`` as a part of them (0 to 1), and the mean time in
    ``milliseconds`` until answers began. ``age`` is how many seconds ago that was read.
    """

    requests: float
    errors: float
    milliseconds: float
    age: int


class Status(TypedDict):
    """One stack or service. ``age`` is how many seconds ago ``line``, the last log line, was written.

    ``desired`` and ``running`` count tasks, of a stack those of all its services. ``since`` is when the
    newest task of a service got into its state, of a stack when its revision was written. Unknown is
    None; a service that has said nothing has the line "". ``segmentation`` is what the last look at the
    networks found, of a stack whose newest revision bears one. ``traffic`` is there for what the stack's
    gateway (for a root its edge) leads to, when its controller was asked: nobody else hears the gateways.
    """

    type: Literal["Stack", "Service"]
    name: str
    shortName: str
    status: symptoms.Word
    line: str
    message: str
    revision: int | None
    since: str | None
    image: str | None
    desired: int
    running: int
    age: int | None
    tasks: list[TaskStatus]
    services: list[Status]
    traffic: NotRequired[TrafficStatus]
    segmentation: NotRequired[Shown]


@dataclass(frozen=True, slots=True)
class LogLineInfo:
    """The last log line of a service, and when it was written (seconds since 1970)."""

    text: str
    time: float


def tree(observed: State, path: StackPath, lines: Mapping[str, LogLineInfo], now: float) -> Status:
    """The status of the stack at ``path``; ``lines`` by engine name of the service.

    Raises NotFound when nothing on the swarm is about that stack or one below it.
    """
    if not revisions.stacks(observed, path):
        raise NotFound(f"there is no stack {path} on this swarm")
    return _stack(observed, path, lines, now)


def services_of(observed: State, path: StackPath) -> tuple[Resource, ...]:
    """The services of one stack, its controller, gateway and edge included, by key."""
    found = (each for each in observed if each.kind == "service" and each.path == path)
    return tuple(sorted(found, key=lambda each: each.service))


def children_of(observed: State, path: StackPath) -> tuple[StackPath, ...]:
    """The stacks directly below one, also those known only by something deeper."""
    depth = len(path.parts) + 1
    below = (each for each in revisions.stacks(observed, path) if each != path)
    return tuple(sorted({StackPath(each.parts[:depth]) for each in below}))


def _stack(observed: State, path: StackPath, lines: Mapping[str, LogLineInfo], now: float) -> Status:
    newest = revisions.newest(observed, path)
    going = asking.on(newest)
    services = [
        _released(_service(each, observed, lines, now), going, now) for each in services_of(observed, path)
    ]
    children = [_stack(observed, child, lines, now) for child in children_of(observed, path)]
    held = sorted([*services, *children], key=lambda each: (each["shortName"], each["type"]))
    node = _node("Stack", str(path), path.key, _stack_symptom(path, newest, held))
    node["revision"] = newest.number if newest else None
    node["since"] = moments.to_text(newest.found.created) if newest else None
    node["desired"] = sum(each["desired"] for each in held)
    node["running"] = sum(each["running"] for each in held)
    _take_newest_line(node, held)
    node["services"] = held
    above = proxies.pace(observed, path.parent, GATEWAY, path.key) if path.parent else None
    _take_traffic(node, above or proxies.pace(observed, path, EDGE, GATEWAY))
    _mark_closed(node, newest)
    if newest and (seen := keeping.shown(newest.found)):
        node["segmentation"] = seen
    return node


def _mark_closed(node: Status, newest: Revision | None) -> None:
    """Say of a stack and of what it holds that callers are kept away."""
    closed = maintenance.of(newest.readable) if newest else {}
    named = {each["shortName"]: each for each in node["services"]}
    for key, each in closed.items():
        if found := node if key == WHOLE else named.get(key):
            found["message"] = "; ".join(filter(None, [maintenance.told(each), found["message"]]))


def _service(service: Resource, observed: State, lines: Mapping[str, LogLineInfo], now: float) -> Status:
    tasks = symptoms.leaders(observed.tasks_of(service.name))
    node = _node(
        "Service", f"{service.path}/{service.service}", service.service, symptoms.of(service, observed, now)
    )
    node["since"] = moments.to_text(max([task.timestamp for task in tasks], default=service.created))
    node["image"] = _image(service, tasks)
    node["desired"] = 0 if observed.finished(service) else symptoms.wanted(service)
    node["running"] = observed.running(service.name)
    node["tasks"] = [{"slot": task.slot, "node": task.node, "state": task.state} for task in tasks]
    last = lines.get(service.name)
    if last:
        node["line"], node["age"] = last.text, max(0, int(now - last.time))
    _take_traffic(node, proxies.pace(observed, service.path, GATEWAY, service.service))
    return node


def _released(node: Status, going: Mapping[str, Stage], now: float) -> Status:
    """What runs well, and is on its way to another version."""
    stage = going.get(node["shortName"])
    if stage and node["status"] in HARMLESS:
        node["status"], node["message"] = "updating", stage.shown(now)
    return node


def _take_traffic(node: Status, pace: Pace | None) -> None:
    if pace:
        node["traffic"] = {
            "requests": round(pace.requests, 2),
            "errors": round(pace.failing, 4),
            "milliseconds": round(pace.milliseconds, 1),
            "age": int(pace.age),
        }


def _image(service: Resource, tasks: Iterable[Task]) -> str | None:
    wished = service.spec.get("TaskTemplate", {}).get("ContainerSpec", {}).get("Image")
    return wished or next((task.image for task in tasks if task.image), None)


def _node(type_: Literal["Stack", "Service"], name: str, short: str, symptom: Symptom) -> Status:
    return {
        "type": type_,
        "name": name,
        "shortName": short,
        "status": symptom.word,
        "line": "",
        "message": symptom.message,
        "revision": None,
        "since": None,
        "image": None,
        "desired": 0,
        "running": 0,
        "age": None,
        "tasks": [],
        "services": [],
    }


def _take_newest_line(node: Status, held: Sequence[Status]) -> None:
    """A stack's last line is the newest that anything in it wrote."""
    speaking = [(each["age"], each["line"]) for each in held if each["age"] is not None]
    if speaking:
        node["age"], node["line"] = min(speaking, key=lambda each: each[0])


def _stack_symptom(path: StackPath, newest: Revision | None, held: Sequence[Status]) -> Symptom:
    if newest and _is_told_to_go(newest):
        hangs = newest.report.get("reasons", []) if newest.outcome == "failed" else []
        return Symptom("shutdown", "; ".join([f"revision {newest.number} says that it shall go", *hangs]))
    if newest and newest.outcome == "failed":
        return Symptom(
            "failed", "; ".join(newest.report.get("reasons", [])) or f"revision {newest.number} failed"
        )
    worst = max(held, key=_severity, default=None)
    if worst and worst["status"] not in HARMLESS:
        return Symptom(worst["status"], _told_by(worst))
    if names.admin_service(path) not in _engine_names(path, held):
        return _without_controller(newest)
    return _by_outcome(newest)


def _told_by(worst: Status) -> str:
    """Its message with its name, unless the message names something deeper already."""
    message = worst["message"]
    deeper = message.startswith(f"{worst['name']}/")
    return message if deeper else symptoms.joined(worst["name"], message)


def _severity(status: Status) -> int:
    return symptoms.WORST_LAST.index(status["status"])


def _engine_names(path: StackPath, held: Iterable[Status]) -> set[str]:
    return {names.in_stack(path, each["shortName"]) for each in held if each["type"] == "Service"}


def _without_controller(newest: Revision | None) -> Symptom:
    if newest and newest.outcome == "pending":
        return Symptom("waiting", "its controller is not there yet")
    return Symptom("unreachable", "it has no controller")


def _by_outcome(newest: Revision | None) -> Symptom:
    """Every service runs; whether that is what the newest revision wants, its outcome says."""
    if newest is None:
        return Symptom("waiting", "it has no revision yet")
    if newest.outcome == "converged":
        return Symptom("running")
    return Symptom(
        "starting" if newest.number == 1 else "updating", f"revision {newest.number} is {newest.outcome}"
    )


def _is_told_to_go(revision: Revision) -> bool:
    try:
        return revision.absent
    except InvalidInput:
        return False
