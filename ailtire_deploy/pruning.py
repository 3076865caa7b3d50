"""The guard before much of a stack is pruned: what left a definition by mistake is not lost in one go.

A child counts as one service of its parent. A shutdown is not guarded, nor is a child that goes as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ailtire_deploy.errors import Refused
from ailtire_deploy.names import ADMIN, LABEL_CANDIDATE, RESERVED, StackPath
from ailtire_deploy.plan import Plan
from ailtire_deploy.state import Resource, State

MOST = 0.5  # of the services of one stack


def refuse_excess(plans: Mapping[StackPath, Plan], observed: State) -> None:
    """Raises Refused when a plan takes away more than half of what a stack consists of."""
    found = excess(plans, observed)
    if found:
        raise Refused(f"{'; '.join(found)}; say --allow-prune if that is meant")


def refuse_hopeless(plans: Iterable[Plan]) -> None:
    """Raises Refused when something of a tree can never be, so that nothing of it is begun."""
    operations = [each for plan in plans for each in plan.operations if each.hopeless]
    found = dict.fromkeys(f"{each.stack}: {each.error}" for each in operations)
    if found:
        raise Refused("; ".join(found))


def excess(plans: Mapping[StackPath, Plan], observed: State) -> list[str]:
    """A sentence for each stack of which a plan takes more than half."""
    return [said for path, plan in sorted(plans.items()) for said in _excess(path, plan, observed)]


def _excess(path: StackPath, plan: Plan, observed: State) -> Iterable[str]:
    there = {each.name: _named(each) for each in observed.owned_by(path) if path and _counts(each)}
    removed = (op for op in plan.operations if op.verb == "remove" and op.impact != "recreate")
    gone = sorted(there[op.key.name] for op in removed if op.key.kind == "service" and op.key.name in there)
    for each in plan.operations:
        if each.impact.startswith("data at risk"):
            yield f"{path}: {each.key.name}: {each.impact}"
    if len(gone) > MOST * len(there):
        yield f"{path}: {', '.join(gone)} would be removed, {len(gone)} of {len(there)} services"


def _counts(each: Resource) -> bool:
    """Services of the definition; a child is known by its controller."""
    own = each.path == each.owner
    return (
        each.kind == "service"
        and LABEL_CANDIDATE not in each.labels
        and (each.service not in RESERVED if own else each.service == ADMIN)
    )


def _named(each: Resource) -> str:
    return each.service if each.path == each.owner else each.path.key
