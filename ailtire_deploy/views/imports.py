"""What an import kept, translated and left out, as text and JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ailtire_deploy.importing.notes import OUTCOMES, Imported
from ailtire_deploy.views import plain

NO_WAY_OUT = "services reach nothing outside the swarm here; give those that have to `egress: true`"


def as_text(found: Imported, file: str) -> list[str]:
    """A line a key that is not simply kept, and the sum."""
    lines = [
        plain.line(f"{each.outcome}: {file}:{each.line}: {each.path}: {each.said}")
        for each in found.notes
        if each.outcome != "kept"
    ]
    count = Counter(each.outcome for each in found.notes)
    return [*lines, ", ".join(f"{count[each]} {each}" for each in OUTCOMES), NO_WAY_OUT]


def as_json(found: Imported) -> dict[str, Any]:
    """``{definition, notes: [{outcome, path, line, said}]}``."""
    notes = [
        {"outcome": each.outcome, "path": each.path, "line": each.line, "said": each.said}
        for each in found.notes
    ]
    return {"definition": found.definition, "notes": notes}
