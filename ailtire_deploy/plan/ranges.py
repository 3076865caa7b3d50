"""Address ranges: two networks must not share any, and a network that takes another's place moves its users.

The engine makes a network that overlaps another without a word, and its tasks then stay ``new`` for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_network

from ailtire_deploy.names import StackPath
from ailtire_deploy.plan.holding import references
from ailtire_deploy.plan.operations import Operation, Plan
from ailtire_deploy.state import Key, Resource, State

Ranges = Mapping[str, tuple[str, ...]]


def clash(wish: Resource, observed: State) -> str:
    """Why a network cannot be made; "" when its range is free."""
    return next(iter(clashes(wish.name, wish.facts.get("subnets", ()), observed.subnets())), "")


def clashes(name: str, subnets: Iterable[str], taken: Ranges) -> Iterator[str]:
    """A sentence for each network of ``taken`` that shares addresses with ``name``."""
    for subnet in subnets:
        for other, theirs in sorted(taken.items()):
            for each in theirs:
                if other != name and overlap(subnet, each):
                    yield (
                        f"its subnet {subnet} overlaps {each} of the network {other}: "
                        "choose another, since tasks on either could wait for an address for ever"
                    )


def across(plans: Mapping[StackPath, Plan]) -> dict[StackPath, Plan]:
    """The same plans, but of two networks to be made that share addresses the second is not to be."""
    seen: dict[str, tuple[str, ...]] = {}
    found = {}
    for path, each in plans.items():
        found[path] = replace(each, operations=tuple(_apart(draft, seen) for draft in each.operations))
    return found


def _apart(draft: Operation, seen: dict[str, tuple[str, ...]]) -> Operation:
    subnets = draft.resource.facts.get("subnets", ()) if draft.verb == "create" else ()
    if draft.key.kind != "network" or draft.error or not subnets:
        return draft
    error = next(clashes(draft.key.name, subnets, seen), "")
    seen[draft.key.name] = subnets
    return replace(draft, error=error, hopeless=bool(error))


def overlap(one: str, other: str) -> bool:
    """Whether two ranges of one kind share an address."""
    left, right = ip_network(one, strict=False), ip_network(other, strict=False)
    return left.version == right.version and left.overlaps(right)


def with_moves(drafts: list[Operation]) -> list[Operation]:
    """The same, and of each network that takes another's place how many tasks move to it."""
    going = {each.key for each in drafts if each.verb == "remove" and each.key.kind == "network"}
    return [_moving(each, drafts, going) if going else each for each in drafts]


def _moving(draft: Operation, drafts: list[Operation], going: set[Key]) -> Operation:
    if draft.verb != "create" or draft.key.kind != "network":
        return draft
    movers = [each for each in drafts if each.found and _moves(each, draft.key, going)]
    if not movers:
        return draft
    number = sum(each.found.facts.get("wanted", 1) for each in movers if each.found)
    before = sorted(
        {key.name for each in movers if each.found for key in references(each.found.spec)}
        & {each.name for each in going}
    )
    impact = f"replace network ({number} task restart{'' if number == 1 else 's'})"
    return replace(draft, cause=f"takes the place of {', '.join(before)}", impact=impact)


def _moves(draft: Operation, to: Key, going: set[Key]) -> bool:
    assert draft.found is not None
    before, after = set(references(draft.found.spec)), set(references(draft.resource.spec))
    return draft.verb == "update" and to in after - before and bool(going & (before - after))
