"""The guard before published ports are interrupted: nobody takes an edge's place while it is replaced.

Making an edge interrupts nothing, nor does a shutdown, where all shall end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ailtire_deploy.errors import Refused
from ailtire_deploy.plan import INTERRUPTS, Plan


def refuse(plans: Iterable[Plan]) -> None:
    """Raises Refused when a plan interrupts published ports."""
    found = sentences(plans)
    if found:
        raise Refused(f"{'; '.join(found)}; say --allow-interruption if that may be now")


def sentences(plans: Iterable[Plan]) -> list[str]:
    """One for each operation that interrupts published ports."""
    return list(dict.fromkeys(_sentences(plans)))


def _sentences(plans: Iterable[Plan]) -> Iterator[str]:
    for plan in plans:
        for each in plan.operations:
            if each.impact == INTERRUPTS and not each.error:
                yield f"{each.stack}: to {each.verb} {each.key} {INTERRUPTS}"
