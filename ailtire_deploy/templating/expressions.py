"""Interpret the expressions of a definition.

Jinja's parser makes the tree; this walks it. What has no case here cannot be written in a definition: calls,
attributes, loops, ranges, arithmetic. So no escape has to be guarded against, and each step's cost is that of
its operands, which are bounded.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from jinja2 import nodes

from ailtire_deploy.templating.failures import UNKNOWN, Budget, Unknown, Unrenderable
from ailtire_deploy.templating.filters import FILTERS, as_text

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda item, collection: item in collection,
    "notin": lambda item, collection: item not in collection,
}


class Undefined(Unrenderable):
    """A name that nobody gave a value; the filter ``default`` accepts it."""


class Evaluator:
    """Works out expressions over one set of values."""

    def __init__(self, values: Mapping[str, Any], budget: Budget) -> None:
        self._values = values
        self._budget = budget

    def value(self, node: nodes.Node | None) -> Any:
        """The value of an expression. Raises Unrenderable, Unknown, or RecursionError."""
        match node:
            case nodes.Const(value=value):
                return _finite(value)
            case nodes.Name(name=name):
                return self._name(name)
            case nodes.List(items=items) | nodes.Tuple(items=items):
                return [self.value(item) for item in items]
            case nodes.Dict(items=pairs):
                return {as_text(self.value(pair.key)): self.value(pair.value) for pair in pairs}
            case nodes.Not(node=inner):
                return not self.value(inner)
            case nodes.Neg(node=nodes.Const(value=int() | float() as number)):
                return -number
            case nodes.And(left=left, right=right):
                return self.value(left) and self.value(right)
            case nodes.Or(left=left, right=right):
                return self.value(left) or self.value(right)
            case nodes.CondExpr():
                return self._conditional(node)
            case nodes.Compare():
                return self._comparison(node)
            case nodes.Filter():
                return self._filter(node)
        raise Unrenderable(
            f"{_described(node)} not allowed here",
            "allowed are names, literals, comparisons, conditions and a few filters",
        )

    def _name(self, name: str) -> Any:
        if name not in self._values:
            raise Undefined(f"{name[:60]!r} is undefined", self._nearest(name))
        value = self._values[name]
        if value is UNKNOWN:
            raise Unknown(name)
        return value

    def _nearest(self, name: str) -> str:
        known = sorted(self._values)[:300]
        near = get_close_matches(name[:60], known, 1)
        if near:
            return f"did you mean {near[0]}?"
        return f"known are {', '.join(known[:8]) or 'none'}"

    def _conditional(self, node: nodes.CondExpr) -> Any:
        if self.value(node.test):
            return self.value(node.expr1)
        if node.expr2 is None:
            raise Unrenderable("an if without else has no value here")
        return self.value(node.expr2)

    def _comparison(self, node: nodes.Compare) -> bool:
        left = self.value(node.expr)
        for operand in node.ops:
            right = self.value(operand.expr)
            try:
                true = _COMPARISONS[operand.op](left, right)
            except TypeError:
                raise Unrenderable("these two cannot be compared: they are of different types") from None
            if not true:
                return False
            left = right
        return True

    def _filter(self, node: nodes.Filter) -> Any:
        if node.name == "default":
            return self._default(node)
        function = FILTERS.get(node.name)
        if function is None:
            known = ", ".join(sorted([*FILTERS, "default"]))
            raise Unrenderable(f"the filter {node.name!r} is not allowed here", f"allowed are {known}")
        try:
            return function(self._budget, self.value(node.node), *self._arguments(node))
        except TypeError:
            raise Unrenderable(f"the filter {node.name!r} is used wrongly") from None

    def _arguments(self, node: nodes.Filter) -> list[Any]:
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise Unrenderable(f"the filter {node.name!r} takes plain arguments only")
        return [self.value(argument) for argument in node.args]

    def _default(self, node: nodes.Filter) -> Any:
        """``default(VALUE)`` for what is undefined, ``default(VALUE, true)`` for what is empty too."""
        fallback, *empty = [*self._arguments(node), "", False][: max(2, len(node.args))]
        try:
            value = self.value(node.node)
        except Undefined:
            return fallback
        return fallback if empty[0] and not value else value


def _finite(value: Any) -> Any:
    if isinstance(value, float) and abs(value) == float("inf"):
        raise Unrenderable("a number too large")
    return value


def _described(node: nodes.Node | None) -> str:
    match node:
        case nodes.Call():
            return "a call is"
        case nodes.Getattr() | nodes.Getitem():
            return "looking inside a value is"
        case nodes.BinExpr():
            return "arithmetic is"
        case _:
            return f"{type(node).__name__} is"
