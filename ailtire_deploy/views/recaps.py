"""The end of a run: counts by stack, the verdict, and the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ailtire_deploy.report import OUTCOMES
from ailtire_deploy.views import paint, plain
from ailtire_deploy.views.paint import Paint

Counts = Mapping[str, Mapping[str, int]]
TAKEN_BACK = "rolled back: the change was undone, and what had converged before is there again"


def as_json(stacks: Counts, verdict: str, reasons: Iterable[str]) -> dict[str, Any]:
    """``{stacks: {PATH: {ok, changed, waiting, failed}}, verdict, reasons}``."""
    rows = {path: {each: row.get(each, 0) for each in OUTCOMES} for path, row in sorted(stacks.items())}
    return {"stacks": rows, "verdict": verdict, "reasons": list(reasons)}


def as_text(
    stacks: Counts, reasons: Iterable[str] = (), colour: Paint = paint.none, verdict: str = ""
) -> list[str]:
    """The reasons, ``RECAP``, and a line a stack: ``shop/orders : ok=6 changed=2 waiting=0 failed=0``.

    A ``verdict`` that the counts do not tell has a line of its own.
    """
    shown = [colour("failed", f"failed: {each}") for each in map(plain.line, reasons)]
    width = max(map(len, stacks), default=0)
    rows = [f"{path:<{width}} : {_counted(row, colour)}" for path, row in sorted(stacks.items())]
    back = [colour("failed", TAKEN_BACK)] if verdict == "rolled back" else []
    return [*shown, colour("title", "RECAP"), *(rows or ["nothing was looked at"]), *back]


def as_markdown(stacks: Counts, verdict: str, reasons: Iterable[str]) -> list[str]:
    rows = (
        [plain.code(path), *(str(row.get(each, 0)) for each in OUTCOMES)]
        for path, row in sorted(stacks.items())
    )
    causes = [f"- {plain.markdown(each)}" for each in reasons]
    return [
        f"Verdict: **{plain.markdown(verdict)}**",
        "",
        *plain.table(("stack", *OUTCOMES), rows),
        *_below(causes),
    ]


def _counted(row: Mapping[str, int], colour: Paint) -> str:
    cells = ((each, row.get(each, 0)) for each in OUTCOMES)
    return " ".join(colour(each if number else "", f"{each}={number}") for each, number in cells)


def _below(lines: list[str]) -> list[str]:
    return ["", *lines] if lines else []
