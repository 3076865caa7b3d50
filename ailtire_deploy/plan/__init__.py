"""What has to be done to turn what was found into what is wished: operations in order, each with its cause.

``plan()`` is pure and looks at one snapshot. It knows resources, not stacks. What may not happen yet is in
the plan all the same and says for what it waits; the next round looks again, so order needs no other
machinery and survives a crash at any point. What can never happen is in the plan too, and says why.
"""

from __future__ import annotations

from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import addresses
from ailtire_deploy.plan.holding import hold
from ailtire_deploy.plan.making import making
from ailtire_deploy.plan.operations import HASH, INTERRUPTS, Operation, Plan, Verb
from ailtire_deploy.plan.ranges import across, with_moves
from ailtire_deploy.plan.removing import removing
from ailtire_deploy.state import KINDS, LAST, State

__all__ = ["HASH", "INTERRUPTS", "Operation", "Plan", "Verb", "across", "plan"]


def plan(desired: State, observed: State, owner: StackPath, now: float) -> Plan:
    """The way from ``observed`` (the whole tree) to ``desired`` (all that ``owner`` writes).

    Networks, secrets, configs and services are made in this order and removed in the reverse one.
    """
    made = [making(wish, observed, owner) for wish in desired if not wish.absent]
    drafts = [each for each in made if isinstance(each, Operation)] + removing(desired, observed, owner, now)
    drafts = addresses.refused(with_moves(drafts), desired, observed)
    unchanged = tuple(each for each in made if not isinstance(each, Operation))
    held = hold(sorted(drafts, key=_place), desired, observed)
    return Plan(owner, held, unchanged, tuple(addresses.notes(desired, observed)))


def _place(operation: Operation) -> tuple[bool, int, str]:
    removes = operation.verb == "remove"
    last = not removes and operation.resource.facts.get(LAST)
    rank = len(KINDS) if last else KINDS.index(operation.key.kind)
    return removes, -rank if removes else rank, operation.key.name
