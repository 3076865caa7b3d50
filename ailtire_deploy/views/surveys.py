"""What a look at the living networks came to, as text, JSON and Markdown."""

from __future__ import annotations

from typing import Any

from ailtire_deploy.errors import DONE, Failed, Partly
from ailtire_deploy.names import StackPath
from ailtire_deploy.segments import keeping
from ailtire_deploy.segments.comparing import Findings
from ailtire_deploy.views import paint, plain
from ailtire_deploy.views.paint import Paint


def exit_code(found: Findings) -> int:
    """Surprises are a failure; without any, a network that gave no answer makes it a part of the truth."""
    return Failed.exit_code if found.surprises else Partly.exit_code if found.unheard else DONE


def verdict(found: Findings) -> str:
    return "surprises" if found.surprises else "partly" if found.unheard else "as defined"


def as_text(found: Findings, colour: Paint = paint.none) -> list[str]:
    """A line a surprise and below it how it was seen, what could not be seen, and the sum."""
    shown = []
    for each in found.surprises:
        shown.append(colour("failed", f"surprise: {plain.line(each.text)}"))
        shown += [f"    {plain.line(said)}" for said in each.seen]
    shown += [f"no answer: {plain.line(n)}: {plain.line(why)}" for n, why in sorted(found.unheard.items())]
    shown += [f"not there: {', '.join(map(plain.line, found.absent))}"] if found.absent else []
    return [*shown, keeping.sentence(keeping.of(found, 0.0))]


def as_json(path: StackPath, found: Findings, revision: str = "") -> dict[str, Any]:
    """``{stack, verdict, networks, pairs, surprises: [{subject, network, text, seen}], absent, unheard}``.

    ``revision`` is the one that bears the result, "" where it was not written down.
    """
    told = [
        {"subject": s.subject, "network": s.network, "text": s.text, "seen": list(s.seen)}
        for s in found.surprises
    ]
    return {
        "stack": str(path),
        "verdict": verdict(found),
        "networks": found.networks,
        "pairs": found.pairs,
        "surprises": told,
        "absent": list(found.absent),
        "unheard": dict(sorted(found.unheard.items())),
        "revision": revision,
    }


def as_markdown(found: Findings) -> list[str]:
    rows = ([plain.code(s.subject), plain.code(s.network), plain.markdown(s.text)] for s in found.surprises)
    unheard = ([plain.code(n), plain.markdown(why)] for n, why in sorted(found.unheard.items()))
    return [
        f"Verdict: **{verdict(found)}**, {keeping.sentence(keeping.of(found, 0.0))}",
        *(["", *plain.table(("who", "network", "surprise"), rows)] if found.surprises else []),
        *(["", *plain.table(("network", "no answer"), unheard)] if found.unheard else []),
    ]
