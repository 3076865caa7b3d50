"""Whether the tasks of a network find an address each: the engine says nothing when they do not.

An overlay has its subnet but for three addresses (its own, the broadcast, the gateway). Each task takes one,
each node one for its balancer, a service with a virtual address one more; an update that starts new tasks
before it stops old ones takes as many more as it replaces at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

from ailtire_deploy.plan.holding import references
from ailtire_deploy.plan.operations import Operation
from ailtire_deploy.state import Key, Resource, State

DEFAULT = "10.0.0.0/24"  # as large as the engine makes one of which nothing is said
RESERVED = 3
TIGHT = 0.9  # of the addresses: beyond that there is a word beforehand


def demands(desired: State, observed: State) -> dict[Key, tuple[int, int]]:
    """By network of the wishes: how many addresses are needed at most, and how many it has."""
    found: dict[Key, tuple[int, int]] = {}
    for service in (each for each in desired if each.kind == "service" and not each.absent):
        for key in set(references(service.spec)):
            if key.kind == "network" and key in desired.resources:
                taken, there = found.get(key) or (observed.nodes, room(desired.resources[key], observed))
                found[key] = taken + most(service, observed.nodes), there
    return found


def room(network: Resource, observed: State) -> int:
    """How many addresses a network has for tasks and nodes."""
    subnets = observed.subnets().get(network.name) or network.facts.get("subnets") or (DEFAULT,)
    sizes = (ip_network(each, strict=False) for each in subnets)
    return max(each.num_addresses for each in sizes) - RESERVED


def most(service: Resource, nodes: int) -> int:
    """How many addresses a service takes at most, in the middle of an update."""
    mode = service.spec.get("Mode", {})
    replicas = mode.get("Replicated", {}).get("Replicas", 1)
    tasks = nodes if "Global" in mode else int(replicas)
    update = service.spec.get("UpdateConfig", {})
    at_once = int(update.get("Parallelism", 1)) or tasks
    extra = min(at_once, tasks) if update.get("Order") == "start-first" else 0
    virtual = service.spec.get("EndpointSpec", {}).get("Mode", "vip") == "vip"
    return tasks + extra + int(virtual)


def refused(drafts: list[Operation], desired: State, observed: State) -> list[Operation]:
    """The same, but what would stand on a network that has no room for it is not to be done."""
    full = {key: each for key, each in demands(desired, observed).items() if each[0] > each[1]}
    return [_refused(each, full) for each in drafts] if full else drafts


def _refused(draft: Operation, full: dict[Key, tuple[int, int]]) -> Operation:
    keys = sorted(set(references(draft.resource.spec)) & full.keys())
    if draft.key.kind != "service" or draft.verb == "remove" or draft.error or not keys:
        return draft
    return replace(draft, error=_short(keys[0], *full[keys[0]]), hopeless=True)


def _short(key: Key, needed: int, there: int) -> str:
    bits = (needed + RESERVED - 1).bit_length()
    return (
        f"the network {key.name} has {there} addresses, and its tasks need up to {needed} during an update: "
        f"give the stack a larger one, network: {{subnet: 10.…/{32 - bits}}}, or fewer replicas"
    )


def notes(desired: State, observed: State) -> Iterator[str]:
    """A word on each network that is nearly full."""
    for key, (needed, there) in sorted(demands(desired, observed).items()):
        if there * TIGHT <= needed <= there:
            yield (
                f"{key} is nearly full: {needed} of {there} addresses are needed during an update; "
                "a larger subnet gives room"
            )
