"""Carries a plan out: one operation, one engine call, in order. What to do was decided in ``plan``."""

from __future__ import annotations

from collections.abc import Callable

from ailtire_deploy.errors import AiltireError, Busy, Overtaken, Unreachable
from ailtire_deploy.names import LABEL_PATH
from ailtire_deploy.plan import Operation, Plan
from ailtire_deploy.ports import Engine
from ailtire_deploy.report import Entry, Outcome, Report
from ailtire_deploy.state import Resource


def apply(plan: Plan, engine: Engine, tell: Callable[[Entry], None] = lambda entry: None) -> Report:
    """Do what may be done now, and report on everything; ``tell`` hears of each operation as it ends.

    An object that moved meanwhile makes an operation wait for the next round; a refusal fails that operation
    only. When the engine cannot be reached the rest is not tried: it waits, and the report says why.
    """
    entries = [_kept(each, str(plan.owner)) for each in plan.unchanged]
    stopped = ""
    for operation in plan.operations:
        try:
            entry = _untried(operation, stopped) if stopped else _carry_out(operation, engine)
        except Unreachable as error:
            stopped = str(error)
            entry = _untried(operation, stopped)
        entries.append(entry)
        tell(entry)
    return Report(tuple(entries), stopped)


def _carry_out(operation: Operation, engine: Engine) -> Entry:
    if operation.error:
        return _entry(operation, "failed", operation.error)
    if operation.waiting:
        return _entry(operation, "waiting", f"for {operation.waiting}")
    try:
        _write(operation, engine)
    except Unreachable:
        raise
    except (Busy, Overtaken) as error:
        return _entry(operation, "waiting", str(error))
    except AiltireError as error:
        return _entry(operation, "failed", str(error))
    return _entry(operation, "changed", operation.cause)


def _write(operation: Operation, engine: Engine) -> None:
    if operation.found is None:
        engine.create(operation.resource)
    elif operation.verb == "remove":
        engine.remove(operation.found)
    else:
        engine.update(operation.resource, operation.found)


def _untried(operation: Operation, reason: str) -> Entry:
    return _entry(operation, "waiting", f"for the engine: {reason}")


def _kept(resource: Resource, owner: str) -> Entry:
    stack = resource.labels.get(LABEL_PATH, owner)
    return Entry(stack, "keep", resource.kind, resource.name, "ok")


def _entry(operation: Operation, outcome: Outcome, text: str) -> Entry:
    return Entry(operation.stack, operation.verb, operation.key.kind, operation.key.name, outcome, text)
