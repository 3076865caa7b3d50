"""What a look at the living networks came to, as a revision bears it and as it is shown."""

from __future__ import annotations

import json
from typing import TypedDict

from ailtire_deploy import moments
from ailtire_deploy.names import LABEL_SURVEY
from ailtire_deploy.segments.comparing import Findings
from ailtire_deploy.state import Resource

TOLD = 3  # surprises that are told in words
LENGTH = 160  # characters of each
COUNTS = ("time", "networks", "pairs", "surprises", "unheard")


class Kept(TypedDict):
    """The last look at a stack and all below it: ``time`` in seconds since 1970, and counts.

    ``surprises`` is how many there were, ``told`` the first of them in words, ``unheard`` how many networks
    gave no answer.
    """

    time: int
    networks: int
    pairs: int
    surprises: int
    unheard: int
    told: list[str]


class Shown(TypedDict):
    """The same for readers: ``time`` as RFC 3339."""

    time: str
    networks: int
    pairs: int
    surprises: int
    unheard: int
    told: list[str]


def of(found: Findings, now: float) -> Kept:
    return {
        "time": int(now),
        "networks": found.networks,
        "pairs": found.pairs,
        "surprises": len(found.surprises),
        "unheard": len(found.unheard),
        "told": [each.text[:LENGTH] for each in found.surprises[:TOLD]],
    }


def with_label(revision: Resource, kept: Kept) -> Resource:
    """The revision's config, with the result as a label: that is all of it that can change."""
    return revision.with_labels(**{LABEL_SURVEY: json.dumps(kept, separators=(",", ":"))})


def read(revision: Resource) -> Kept | None:
    """What the label of a revision says; None where it says nothing that can be read."""
    try:
        said = json.loads(revision.labels.get(LABEL_SURVEY, ""))
        time, networks, pairs, surprises, unheard = (_count(said[key]) for key in COUNTS)
        told = [str(each)[:LENGTH] for each in list(said["told"])[:TOLD]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return {
        "time": time,
        "networks": networks,
        "pairs": pairs,
        "surprises": surprises,
        "unheard": unheard,
        "told": told,
    }


def shown(revision: Resource) -> Shown | None:
    """What a revision says, for readers; None where it says nothing."""
    kept = read(revision)
    return {**kept, "time": moments.to_text(kept["time"])} if kept else None


def _count(said: object) -> int:
    if not isinstance(said, int) or not 0 <= said < 1 << 33:
        raise ValueError("no count")
    return said


def sentence(kept: Kept | Shown) -> str:
    """``0 surprises in 110 pairs on 7 networks``."""
    number = kept["surprises"]
    often = f"{number} surprise{'' if number == 1 else 's'}"
    shown = f"{often} in {kept['pairs']} pairs on {kept['networks']} networks"
    return f"{shown}, {kept['unheard']} gave no answer" if kept["unheard"] else shown
