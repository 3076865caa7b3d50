"""The documents say what is so: every key, every call and every exit code stands in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import errors
from ailtire_deploy.rest.endpoints import ENDPOINTS

PROJECT = Path(__file__).parent.parent
DOCS = PROJECT / "docs"


def keys(node: Any) -> Iterator[str]:
    """Every key that a schema accepts, at any depth."""
    if isinstance(node, dict):
        accepted = {key: each for key, each in node.get("properties", {}).items() if "description" in each}
        yield from (key for key, each in accepted.items() if "refused" not in each)
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for each in children:
        yield from keys(each)


@pytest.mark.parametrize("schema", ["stack", "playbook"])
def test_every_key_of_the_schemas_is_described(schema: str) -> None:
    known = set(keys(json.loads((PROJECT / f"schemas/{schema}.schema.json").read_text())))
    text = (DOCS / "definition.md").read_text()
    assert len(known) > 5
    assert not {key for key in known if not re.search(rf"\b{re.escape(key)}\b", text)}


def test_every_call_and_its_role_is_described() -> None:
    text = (DOCS / "rest.md").read_text()
    for each in ENDPOINTS:
        name = each.name.replace("<n>", "N")
        assert name == "view.css" or f"/_admin/{name}" in text, each
        assert all(f"`{parameter}`" in text or f"?{parameter}=" in text for parameter in each.parameters), (
            each
        )


def test_every_exit_code_is_described() -> None:
    codes = {
        each.exit_code
        for each in vars(errors).values()
        if isinstance(each, type) and hasattr(each, "exit_code")
    }
    text = (DOCS / "operations.md").read_text()
    assert not {
        code
        for code in codes | {errors.DONE, errors.CHANGES, errors.INTERRUPTED}
        if f"| {code} |" not in text
    }
