"""What is not well, as text and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ailtire_deploy import explanation
from ailtire_deploy.explanation import Finding
from ailtire_deploy.views import paint, plain
from ailtire_deploy.views.paint import Paint


def as_text(
    stack: str,
    findings: Sequence[Finding],
    colour: Paint = paint.none,
    deadlines: Mapping[str, str] = explanation.NONE,
) -> list[str]:
    """A block for each finding, and a line for each stack on its way; one line when all is well."""
    if not findings:
        return [f"{stack}: everything is as it should be"]
    limits = [f"{path} {text}" for path, text in deadlines.items()]
    return [*(line for each in findings for line in _block(each, colour)), *limits]


def _block(finding: Finding, colour: Paint) -> list[str]:
    shown = [
        f"{finding['name']} {colour(finding['status'], finding['status'])}: {plain.line(finding['why'])}"
    ]
    rest = {"to do": finding["remedy"], "last line": finding["line"]}
    return shown + [f"    {name}: {plain.line(text)}" for name, text in rest.items() if text]


def as_markdown(findings: Sequence[Finding]) -> list[str]:
    cells = ("name", "status", "why", "remedy", "line")
    rows = (
        [plain.markdown(str(text)) for text in (f["name"], f["status"], f["why"], f["remedy"], f["line"])]
        for f in findings
    )
    return plain.table(cells, rows)
