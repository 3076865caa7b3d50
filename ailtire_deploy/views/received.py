"""What a controller tells in JSON, read back into the words that are shown. The other side may be anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy.diff import Change
from ailtire_deploy.errors import Unreachable
from ailtire_deploy.names import LABEL_PATH, StackPath
from ailtire_deploy.plan import Operation, Plan
from ailtire_deploy.segments.comparing import Findings, Surprise
from ailtire_deploy.segments.matrix import OUTSIDE
from ailtire_deploy.state import Key, Resource

ODD = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


def plan(told: Any) -> tuple[list[Plan], dict[str, int]]:
    """The plan of a tree, and how many resources of each stack stay as they are. Raises Unreachable."""
    try:
        found = [_operation(stack, each) for stack, ops in told["stacks"].items() for each in ops]
        kept = {str(stack): int(number) for stack, number in told.get("unchanged", {}).items()}
    except ODD:
        raise unforeseen("plan") from None
    return [Plan(StackPath(), tuple(found))], kept


def _operation(stack: str, told: Mapping[str, Any]) -> Operation:
    resource = Resource(Key(told["kind"], str(told["name"])), labels={LABEL_PATH: stack})
    return Operation(
        told["verb"],
        resource,
        None if told["verb"] == "create" else resource,
        str(told["cause"]),
        _changes(told["changes"]),
        str(told["impact"]),
        str(told.get("waiting", "")),
        str(told.get("error", "")),
    )


def changes(told: Any) -> tuple[Change, ...]:
    """What differs, field by field. Raises Unreachable."""
    try:
        return _changes(told)
    except ODD:
        raise unforeseen("difference") from None


def _changes(told: Any) -> tuple[Change, ...]:
    return tuple(Change(str(each["path"]), each["before"], each["after"]) for each in told)


def matrix(told: Any) -> dict[str, Any]:
    """Who can reach whom, as ``views.matrices`` shows it. Raises Unreachable."""
    try:
        members = [_member(each) for each in told["members"]]
        direct = [_pair(each) for each in told["direct"]]
        through = [
            {**_texts(each, "from", "gateway", "asked"), "to": [*map(str, each["to"])]}
            for each in told["through"]
        ]
        if {each["from"] for each in (*direct, *through)} - {OUTSIDE, *(each["name"] for each in members)}:
            raise ValueError("somebody reaches others and is not there")
        return {"stack": str(told["stack"]), "members": members, "direct": direct, "through": through}
    except ODD:
        raise unforeseen("matrix") from None


def _member(told: Mapping[str, Any]) -> dict[str, Any]:
    more = {"ports": [*map(int, told["ports"])], "networks": [*map(str, told["networks"])]}
    return {**_texts(told, "name", "service", "kind"), **more, "outside": bool(told["outside"])}


def _pair(told: Mapping[str, Any]) -> dict[str, Any]:
    names = {key: [*map(str, told[key])] for key in ("networks", "names")}
    return {**_texts(told, "from", "to"), **names, "ports": [*map(int, told["ports"])]}


def _texts(told: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: str(told[key]) for key in keys}


@dataclass(frozen=True, slots=True)
class Look:
    """How far a look at living networks is (``controller.looks``)."""

    id: str
    state: str
    told: tuple[str, ...]
    error: str
    result: Any


def look(told: Any) -> Look:
    """Raises Unreachable."""
    try:
        id, state, error = (str(told[key]) for key in ("id", "state", "error"))
        return Look(id, state, tuple(map(str, told["told"])), error, told["result"])
    except ODD:
        raise unforeseen("look") from None


def findings(told: Any) -> Findings:
    """What a look at living networks came to. Raises Unreachable."""
    try:
        surprises = (
            Surprise(**_texts(each, "subject", "network", "text"), seen=tuple(map(str, each["seen"])))
            for each in told["surprises"]
        )
        unheard = {str(network): str(why) for network, why in told["unheard"].items()}
        absent = tuple(map(str, told["absent"]))
        return Findings(int(told["networks"]), int(told["pairs"]), tuple(surprises), absent, unheard)
    except ODD:
        raise unforeseen("result") from None


def withdrawn(told: Any) -> dict[str, Any]:
    """The tokens that are taken back, as ``views.withdrawn`` shows them. Raises Unreachable."""
    try:
        ids = {str(id): str(end) for id, end in told["ids"].items()}
        return {"before": None if told["before"] is None else str(told["before"]), "ids": ids}
    except ODD:
        raise unforeseen("list of tokens") from None


def unforeseen(what: str) -> Unreachable:
    return Unreachable(f"the controller answered with what is no {what}")
