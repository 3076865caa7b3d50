"""Plans of a whole tree as text, JSON and Markdown."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ailtire_deploy.diff import Change
from ailtire_deploy.names import LABEL_PATH
from ailtire_deploy.plan import Operation, Plan
from ailtire_deploy.report import OUTCOMES
from ailtire_deploy.views import paint, plain
from ailtire_deploy.views.paint import Paint

EXPECTED = frozenset({"", "it is not there", "the definition changed", "it is to be shut down"})
"""Causes that an operation's line leaves out: whoever changes a definition expects them."""

BRIEF = 3  # that many changed fields stand on an operation's own line; of more, or longer ones, the names
VALUE_WIDTH = 40
FIELD = re.compile(r"(?:[^\[]*\.)?(?P<name>[^.\[]+)(?:\[(?P<element>.*)\](?:.*\.(?P<below>[^.\]]+))?)?")


def operations(plans: Iterable[Plan]) -> dict[str, list[Operation]]:
    """The operations of several plans by the stack they are about, stacks in order."""
    found: dict[str, list[Operation]] = {}
    for plan in plans:
        for operation in plan.operations:
            found.setdefault(operation.stack, []).append(operation)
    return dict(sorted(found.items()))


def counts(plans: Iterable[Plan]) -> dict[str, dict[str, int]]:
    """What a recap would say if the plans were carried out now."""
    plans = list(plans)
    found: dict[str, dict[str, int]] = {}
    for plan in plans:
        for stack, number in plan.unchanged_by_stack().items():
            _row(found, stack)["ok"] += number
    for stack, ops in operations(plans).items():
        for operation in ops:
            _row(found, stack)[outcome(operation)] += 1
    return dict(sorted(found.items()))


def outcome(operation: Operation) -> str:
    """The word before an operation's line."""
    return "failed" if operation.error else "waiting" if operation.waiting else "changed"


def verdict(plans: Iterable[Plan]) -> str:
    """``unchanged``, ``changes``, or ``failed`` when something can never be done."""
    found = [operation for plan in plans for operation in plan.operations]
    if any(operation.error for operation in found):
        return "failed"
    return "changes" if found else "unchanged"


def as_json(plans: Iterable[Plan]) -> dict[str, Any]:
    """``{verdict, stacks: {PATH: [operation, …]}, unchanged: {PATH: count}}``; see ``operation_as_json``."""
    plans = list(plans)
    stacks = {stack: [operation_as_json(each) for each in ops] for stack, ops in operations(plans).items()}
    kept = Counter[str]()
    for plan in plans:
        kept.update(plan.unchanged_by_stack())
    return {"verdict": verdict(plans), "stacks": stacks, "unchanged": dict(sorted(kept.items()))}


def operation_as_json(operation: Operation) -> dict[str, Any]:
    """``{verb, kind, name, cause, impact, changes}``, and why not now: ``waiting`` or ``error``."""
    shown: dict[str, Any] = {
        "verb": operation.verb,
        "kind": operation.key.kind,
        "name": operation.shown,
        "cause": operation.cause,
        "impact": operation.impact,
        "changes": [{"path": c.path, "before": c.before, "after": c.after} for c in operation.changes],
    }
    notes = {"waiting": operation.waiting, "error": operation.error}
    return shown | {key: text for key, text in notes.items() if text}


def as_text(
    plans: Iterable[Plan], *, diff: bool = False, verbose: bool = False, colour: Paint = paint.none
) -> list[str]:
    """A line an operation; with ``diff`` its fields below it, with ``verbose`` also what stays as it is."""
    plans = list(plans)
    shown: list[str] = []
    if verbose:
        shown += [colour("ok", f"ok: [{stack}] {name}") for stack, name in _unchanged(plans)]
    for stack, ops in operations(plans).items():
        for operation in ops:
            shown.append(operation_line(stack, operation, colour))
            shown += [f"    {each}" for each in details(operation, diff, verbose, colour)]
    return shown


def operation_line(stack: str, operation: Operation, colour: Paint = paint.none) -> str:
    """``changed: [shop] update service shop_web (env A 1 → 2), rolling (2 task restarts)``."""
    word = outcome(operation)
    line = f"{word}: [{stack}] {operation.verb} {operation.key.kind} {operation.shown}"
    line += f" ({brief})" if (brief := _brief(operation)) else ""
    line += f", {operation.impact}" if operation.impact != "none" else ""
    if operation.error:
        line += f": {operation.error}"
    elif operation.waiting:
        line += f": for {operation.waiting}"
    return colour(word, plain.line(line))


def details(operation: Operation, diff: bool, verbose: bool, colour: Paint = paint.none) -> list[str]:
    """What stands below an operation's line: the cause, and the difference field by field."""
    shown = []
    if verbose:
        shown.append(colour("dim", plain.line(operation.cause)))
    if diff:
        shown += [line for change in operation.changes for line in change_lines(change, colour)]
    return shown


def change_lines(change: Change, colour: Paint = paint.none) -> list[str]:
    """One field's difference, text by text; lines of a unified diff in their colours."""
    first, *rest = (plain.line(each) for each in change.lines())
    return [first, *(colour(_sign(each), f"  {each}") for each in rest)]


def as_markdown(plans: Iterable[Plan]) -> list[str]:
    """A table an affected stack, and the differences below it."""
    plans = list(plans)
    found = operations(plans)
    if not found:
        return ["Nothing to do."]
    shown: list[str] = []
    for stack, ops in found.items():
        rows = ([outcome(each), *_cells(each)] for each in ops)
        shown += [
            f"### {plain.markdown(stack)}",
            "",
            *plain.table(("", "operation", "cause", "impact"), rows),
            "",
        ]
        shown += _differences(ops)
    return shown[:-1] if shown[-1] == "" else shown


def _differences(ops: Iterable[Operation]) -> Iterator[str]:
    for operation in ops:
        if operation.changes:
            body = [plain.line(line) for change in operation.changes for line in change.lines()]
            fence = "`" * (3 + max(line.count("`") for line in body))
            yield from (f"{fence}diff", f"# {plain.line(str(operation.key))}", *body, fence, "")


def _cells(operation: Operation) -> tuple[str, str, str]:
    cause = operation.error or operation.cause
    impact = "" if operation.impact == "none" else operation.impact
    held = f"; waits for {operation.waiting}" if operation.waiting else ""
    what = f"{operation.verb} {operation.key.kind} {plain.code(operation.shown)}"
    return what, plain.markdown(f"{cause}{held}"), plain.markdown(impact)


def _row(rows: dict[str, dict[str, int]], stack: str) -> dict[str, int]:
    return rows.setdefault(stack, {str(each): 0 for each in OUTCOMES})


def _unchanged(plans: Iterable[Plan]) -> list[tuple[str, str]]:
    found = (
        (each.labels.get(LABEL_PATH, str(p.owner)), plain.line(str(each.key)))
        for p in plans
        for each in p.unchanged
    )
    return sorted(found)


def _brief(operation: Operation) -> str:
    """The few changed fields of an operation by their last names, and why it happens where that is news."""
    news = operation.cause not in EXPECTED and not operation.error
    return "; ".join(each for each in (_fields(operation), operation.cause if news else "") if each)


def _fields(operation: Operation) -> str:
    if operation.verb != "update":
        return ""
    found = operation.changes
    if len(found) <= BRIEF and not any(_is_long(each) for each in found):
        return ", ".join(_short(each) for each in found)
    names = list(dict.fromkeys(plain.shortened(_name(each.path), VALUE_WIDTH) for each in found))
    more = f" and {len(names) - BRIEF} more" if len(names) > BRIEF else ""
    return ", ".join(names[:BRIEF]) + more


def _short(change: Change) -> str:
    return f"{_name(change.path)} {_value(change.before)} → {_value(change.after)}"


def _name(path: str) -> str:
    """The end of a field's path, in lower case: ``replicas``, ``env DEBUG``, ``mounts /data o``."""
    found = FIELD.fullmatch(path)
    steps = [found["name"], found["element"], found["below"]] if found else [path]
    name = " ".join(each for each in steps if each)
    return f"{name[:1].lower()}{name[1:]}"


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return "(none)" if value is None else plain.shortened(text, VALUE_WIDTH)


def _is_long(change: Change) -> bool:
    return any(
        isinstance(value, Mapping | list) or "\n" in str(value) for value in (change.before, change.after)
    )


def _sign(line: str) -> str:
    return {"+": "add", "-": "remove"}.get(line[:1], "dim")
