"""The filters a definition may use. Each knows the length of its answer before it makes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ailtire_deploy.templating.failures import Budget, Unrenderable


def as_text(value: Any) -> str:
    """How a value looks inside a longer text: as YAML and JSON would write it."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case None:
            raise Unrenderable("null cannot stand inside a text", "use the filter default")
        case _:
            raise Unrenderable(
                "a list or mapping cannot stand inside a text", "use the filter join or tojson"
            )


def lower(budget: Budget, value: Any) -> str:
    return budget.spend(as_text(value)).lower()


def upper(budget: Budget, value: Any) -> str:
    return budget.spend(as_text(value)).upper()


def replace(budget: Budget, value: Any, old: Any, new: Any) -> str:
    """``old`` may not be empty: Python would put ``new`` between all letters, which nobody means."""
    text, before, after = as_text(value), as_text(old), as_text(new)
    if not before:
        raise Unrenderable("replace needs something to replace")
    budget.reserve(len(text) + text.count(before) * max(0, len(after) - len(before)))
    return text.replace(before, after)


def join(budget: Budget, value: Any, separator: Any = "") -> str:
    if not isinstance(value, list | tuple):
        raise Unrenderable("join takes a list")
    items, glue = [as_text(item) for item in value], as_text(separator)
    budget.reserve(sum(map(len, items)) + len(items) * len(glue))
    return glue.join(items)


def tojson(budget: Budget, value: Any) -> str:
    return budget.spend(json.dumps(value, ensure_ascii=False, sort_keys=True))


FILTERS: dict[str, Callable[..., Any]] = {
    "lower": lower,
    "upper": upper,
    "replace": replace,
    "join": join,
    "tojson": tojson,
}
