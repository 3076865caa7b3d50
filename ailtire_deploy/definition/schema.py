"""Whether data fits a schema. What fitted once fits again: the same content is not looked at twice.

To load the validator takes longer than to read a definition, and to validate a large one longer still. So a
mark of what passed is kept, and where a person waits it is kept between runs (``checked``).
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from itertools import islice
from typing import Any

from ailtire_deploy import assets
from ailtire_deploy.definition.findings import MOST, Finding
from ailtire_deploy.documents import digest

KEPT = 1000

passed: dict[str, None] = {}
"""Marks of schema and content that fitted, oldest first, at most ``KEPT``."""


def check(data: Any, schema: str) -> list[Finding]:
    """All that ``data`` breaks in the schema ``stack`` or ``playbook``."""
    mark = _mark(data, schema)
    if mark in passed:
        return []
    from ailtire_deploy.definition.validator import findings

    found = list(islice(findings(data, schema), MOST))
    if mark and not found:
        remember(mark)
    return found


def remember(mark: str) -> None:
    passed[mark] = None
    if len(passed) > KEPT:
        del passed[next(iter(passed))]


def _mark(data: Any, schema: str) -> str:
    """What tells content and schema from all others; "" for what is not plain data."""
    try:
        return digest([_schema(schema), data])
    except (TypeError, ValueError):
        return ""


@cache
def _schema(name: str) -> str:
    return sha256(assets.schema(name).encode()).hexdigest()
