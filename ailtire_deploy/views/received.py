"""What a controller tells in JSON, read back into the words that are shown. The other side may be anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ailtire_deploy.diff import Change
from ailtire_deploy.errors import Unreachable
from ailtire_deploy.names import LABEL_PATH, StackPath
from ailtire_deploy.plan import Operation, Plan
from ailtire_deploy.state import Key, Resource

ODD = (KeyError, TypeError, ValueError, AttributeError)


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


def unforeseen(what: str) -> Unreachable:
    return Unreachable(f"the controller answered with what is no {what}")
