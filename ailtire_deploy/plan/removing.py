"""What is to go: what is wished absent, and what we own and nobody wishes any more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ailtire_deploy.names import EDGE, LABEL_OWNER, LABEL_PROBE, LABEL_REGISTRY, StackPath
from ailtire_deploy.plan.operations import INTERRUPTS, Operation
from ailtire_deploy.state import CAUSE, HELD, Key, Need, Resource, State

YOUNG = 600.0
"""Seconds for which configs and secrets are left alone: somebody may be about to name them in a service."""


def removing(desired: State, observed: State, owner: StackPath, now: float) -> list[Operation]:
    """The removals, not yet held back."""
    wished = (_absent(wish, observed, owner) for wish in desired if wish.absent)
    left = (each for each in observed.owned_by(owner) if each.key not in desired.resources)
    pruned = (_prune(each, owner) for each in left if _may_be_pruned(each, observed, now))
    drafts = [*(each for each in wished if each), *pruned]
    return [*drafts, *_probes(drafts, observed, owner, now)]


def _probes(
    drafts: Iterable[Operation], observed: State, owner: StackPath, now: float
) -> Iterable[Operation]:
    """What looks at a network is left alone while it may be there, and as long as its network stays."""
    going = {each.key for each in drafts if each.key.kind == "network"}
    for each in observed.probes:
        seats = each.spec.get("TaskTemplate", {}).get("Networks", ())
        loses = any(Key("network", seat["Target"]) in going for seat in seats)
        if each.owner == owner and (loses or _is_overdue(each, now)):
            yield Operation("remove", each, each, "it looked at a network, and is not needed any more")


def _is_overdue(probe: Resource, now: float) -> bool:
    """Also where its label says nothing that can be read."""
    lasts = probe.labels[LABEL_PROBE]
    return not (re.fullmatch("[0-9]{1,4}", lasts) and now - probe.created <= int(lasts))


def _absent(wish: Resource, observed: State, owner: StackPath) -> Operation | None:
    found = observed.resources.get(wish.key)
    if found is None:
        return None
    if found.labels.get(LABEL_OWNER) != str(owner):
        said = f"{found.key} belongs to {found.labels.get(LABEL_OWNER)}; it is left alone"
        return Operation("remove", found, found, "it is to be shut down", error=said)
    login = LABEL_REGISTRY in found.labels and not wish.needs
    cause = wish.facts.get(CAUSE, "nobody logs in with it any more" if login else "it is to be shut down")
    held = {HELD: wish.facts[HELD]} if HELD in wish.facts else {}
    going = replace(found, needs=wish.needs, facts={**found.facts, **held})
    return Operation("remove", going, found, cause)


def _prune(found: Resource, owner: StackPath) -> Operation:
    needs = tuple(_descendants_first(found, owner))
    impact = INTERRUPTS if found.service == EDGE else "none"
    cause = "it is no longer in the definition"
    return Operation("remove", replace(found, needs=needs), found, cause, impact=impact)


def _descendants_first(found: Resource, owner: StackPath) -> Iterable[Need]:
    """What a child lives by goes when the child has gone; its revisions may go before."""
    if found.path != owner and owner.covers(found.path) and found.kind != "config":
        yield Need("owner", str(found.path), "gone")


def _may_be_pruned(found: Resource, observed: State, now: float) -> bool:
    if found.kind in ("network", "service"):
        return True
    young = now - found.created < YOUNG
    return not young and not any(found.key in each.facts.get("previous", ()) for each in observed)
