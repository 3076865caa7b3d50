"""Tokens that are taken back, as JSON, and from that as text: it may come from a controller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ailtire_deploy import moments
from ailtire_deploy.revocation import Revoked
from ailtire_deploy.views import plain


def as_json(found: Revoked) -> dict[str, Any]:
    """``{before, ids: {ID: end}}``, times as text; ``before`` is null where not all are taken back."""
    ids = {id: moments.to_text(end) for id, end in found.ids.items()}
    return {"before": moments.to_text(found.before) if found.before >= 0 else None, "ids": ids}


def as_text(told: Mapping[str, Any]) -> Iterator[str]:
    if told["before"]:
        yield plain.line(f"all that were made until {told['before']}")
    for id, end in told["ids"].items():
        yield plain.line(f"{id} until {end}")
    if not told["before"] and not told["ids"]:
        yield "none is taken back"
