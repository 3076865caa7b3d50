"""Definitions as text, for tests: what they mean, or what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from ailtire_deploy.definition import Source, fill, fill_tree
from ailtire_deploy.documents import read_yaml
from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.model import Service, Stack
from ailtire_deploy.names import StackPath

SHOP = StackPath(("shop",))


def body(text: str, **more: Any) -> tuple[dict[str, Any], Source]:
    document = read_yaml(text, "stack.yml")
    made = {"format": 1, "name": "shop", "context": "", "parameters": {}, "environment": {}}
    return {**made, "definition": document.data, **more}, Source(document)


def stack(text: str, path: StackPath = SHOP, **more: Any) -> Stack:
    made, source = body(text, **more)
    return fill(made, path, source)


def service(text: str, rest: str = "") -> Service:
    """A service with an image and these lines; ``rest`` are further lines of the stack."""
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    return stack(f"services:\n  web:\n    image: shop/web:1\n{lines}\n{rest}").services[0]


def problems(text: str, path: StackPath = SHOP, **more: Any) -> list[Problem]:
    made, source = body(text, **more)
    with pytest.raises(InvalidInput) as caught:
        fill_tree(made, path, {path: source})
    return list(caught.value.problems)


def complaint(text: str, rest: str = "") -> str:
    """The one problem of a service with these lines, as text."""
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    (problem,) = problems(f"services:\n  web:\n    image: shop/web:1\n{lines}\n{rest}")
    return str(problem).removeprefix("stack.yml:")
