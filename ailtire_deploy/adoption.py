"""What of a stack that ``docker stack deploy`` made a definition takes over, and what it leaves behind.

A service is taken over by giving it our labels: nothing of it restarts for that. What has to differ then is
the matter of an ordinary plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy.names import LABEL_OWNER, LABEL_PATH, LABEL_ROOT, LABEL_SERVICE, OUR_LABELS
from ailtire_deploy.plan import Operation, Plan
from ailtire_deploy.state import KINDS, Key, Resource

IDENTITY = (LABEL_OWNER, LABEL_PATH, LABEL_ROOT, LABEL_SERVICE)


@dataclass(frozen=True, slots=True)
class Taken:
    """A service to be taken over: as it was found, the labels it gets, and what ``apply`` will change."""

    found: Resource
    labels: Mapping[str, str]
    moves: tuple[str, ...] = ()
    impossible: str = ""


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is taken over, and what of the old stack stays as it is."""

    taken: tuple[Taken, ...]
    left: tuple[Resource, ...]

    @property
    def impossible(self) -> tuple[str, ...]:
        """Why it cannot be done, a sentence each."""
        return tuple(f"{each.found.key}: {each.impossible}" for each in self.taken if each.impossible)


def adoption(plans: Iterable[Plan], deployed: Iterable[Resource]) -> Adoption:
    """``deployed`` is all that bears the stack's namespace label; ``plans`` are those of an ``apply``."""
    there = {each.key: each for each in deployed if not _is_owned(each)}
    wished = {each.key: each for plan in plans for each in plan.operations if _stands_in_the_way(each, there)}
    taken = tuple(_taken(there[key], wished[key].resource) for key in sorted(wished))
    order = sorted((key for key in there if key not in wished), key=lambda key: (-KINDS.index(key.kind), key))
    return Adoption(taken, tuple(there[key] for key in order))


def _is_owned(each: Resource) -> bool:
    return any(name.startswith(OUR_LABELS) for name in each.labels)


def _stands_in_the_way(operation: Operation, there: Mapping[Key, Resource]) -> bool:
    """Whether a service of the definition cannot be made because the old stack has one of its name."""
    key = operation.key
    return key.kind == "service" and operation.verb == "create" and bool(operation.error) and key in there


def _taken(found: Resource, wish: Resource) -> Taken:
    labels = {name: wish.labels[name] for name in IDENTITY if name in wish.labels}
    return Taken(found, labels, tuple(_moves(found, wish)), _reason(found, wish))


def _reason(found: Resource, wish: Resource) -> str:
    if set(found.spec.get("Mode", ())) != set(wish.spec.get("Mode", ())):
        return "the mode of a service cannot change; give it the mode it has"
    lost = sorted(_volumes(found) - _volumes(wish))
    if lost:
        here = ", ".join(sorted(_volumes(wish))) or "none"
        said = f"it would let go of the volume {', '.join(lost)}; the definition's volumes are called {here}"
        return f"{said}: a volume KEY without options is STACK_KEY, so copy the data into one of that name"
    return ""


def _moves(found: Resource, wish: Resource) -> Iterable[str]:
    before, after = _networks(found), _networks(wish)
    if before != after:
        yield f"moves from {', '.join(before) or 'no network'} to {', '.join(after) or 'no network'}"
    ports = found.spec.get("EndpointSpec", {}).get("Ports") or ()
    if ports and not wish.spec.get("EndpointSpec", {}).get("Ports"):
        numbers = ", ".join(str(each.get("PublishedPort", "?")) for each in ports)
        yield f"no longer publishes port {numbers} itself: what is published is the matter of the edge"


def _networks(service: Resource) -> list[str]:
    return sorted(each["Target"] for each in service.spec.get("TaskTemplate", {}).get("Networks", ()))


def _volumes(service: Resource) -> set[str]:
    mounts: Iterable[Mapping[str, Any]]
    mounts = service.spec.get("TaskTemplate", {}).get("ContainerSpec", {}).get("Mounts", ())
    return {
        each["Source"] for each in mounts if each.get("Type", "volume") == "volume" and each.get("Source")
    }
