"""What is wished to be there: create it, update it, or say why neither can be done."""

from __future__ import annotations

import re
from dataclasses import replace

from ailtire_deploy import diff
from ailtire_deploy.diff import Change
from ailtire_deploy.names import EDGE, LABEL_OWNER, LABEL_PATH, LABEL_RUN, StackPath
from ailtire_deploy.plan.operations import INTERRUPTS, Operation
from ailtire_deploy.plan.ranges import clash
from ailtire_deploy.state import AGAIN, CAUSE, Resource, State

IMMUTABLE_DATA = "only the labels of a {kind} can change; its content needs another name"
HASHED = re.compile(r"(.+)-[0-9a-f]{12}")


def making(wish: Resource, observed: State, owner: StackPath) -> Operation | Resource:
    """The operation that brings one resource about, or the resource found when it is as wished."""
    named = replace(wish, labels={LABEL_PATH: str(owner), **wish.labels})
    found = observed.resources.get(wish.key)
    if found is None:
        return _create(named, observed)
    if wish.adopt_only:
        return found
    if found.labels.get(LABEL_OWNER) != wish.labels.get(LABEL_OWNER, str(owner)):
        return Operation("update", named, found, "it is wished", error=_belongs(found))
    changes = diff.changes(wish, found)
    if observed.failed_run(found) and found.labels.get(LABEL_RUN) != wish.labels.get(LABEL_RUN):
        return _again(named, found, changes)
    if not changes:
        return _resume(named, found) if _stopped_before(wish, found) else found
    return _change(named, found, changes)


def _create(wish: Resource, observed: State) -> Operation:
    if any(key.kind == wish.kind and key.name.lower() == wish.name.lower() for key in observed.foreign):
        error = f"a {wish.kind} of the name {wish.name} exists and is not ours (it bears no label of ours); "
        error += "it is left alone"
        if wish.kind == "service":
            error += " (`ailtire-deploy adopt` takes over what docker stack deploy made)"
        return Operation("create", wish, cause="it is not there", error=error)
    if wish.adopt_only:
        error = f"{wish.key} is missing, and only its source knows the value: apply the root again"
        return Operation("create", wish, cause="it is not there", error=error)
    if wish.kind == "network" and (error := clash(wish, observed)):
        return Operation("create", wish, cause="it is not there", error=error, hopeless=True)
    before = _predecessor(wish, observed)
    if before is None:
        return Operation("create", wish, cause=wish.facts.get(CAUSE, "it is not there"))
    return Operation(
        "create", wish, cause=f"takes the place of {before.name}", changes=diff.contents(wish, before)
    )


def _predecessor(wish: Resource, observed: State) -> Resource | None:
    """The newest config of the same owner whose name differs in the content hash only."""
    stem = HASHED.fullmatch(wish.name)
    if stem is None or wish.kind != "config":
        return None
    owner = wish.labels.get(LABEL_OWNER)
    others = (each for each in observed if each.kind == "config" and each.labels.get(LABEL_OWNER) == owner)
    kin = [each for each in others if (name := HASHED.fullmatch(each.name)) and name[1] == stem[1]]
    return max(kin, key=lambda each: (each.created, each.name), default=None)


def _change(wish: Resource, found: Resource, changes: tuple[Change, ...]) -> Operation | Resource:
    update = Operation("update", _keeping_labels(wish, found), found, _cause(wish, found), changes, "labels")
    if _labels_only(wish, changes):  # those of a network cannot change, and nothing reads them
        return found if wish.kind == "network" else update
    if wish.kind == "network":
        said = "a network cannot change: remove what stands on it, then the network"
        return replace(update, impact="replace network", error=said)
    if wish.kind != "service":
        return replace(update, impact="recreate", error=IMMUTABLE_DATA.format(kind=wish.kind))
    if _mode(wish) != _mode(found):
        cause = f"{update.cause}; the mode of a service cannot change, so it is removed and made anew"
        return Operation("remove", found, found, cause, changes, "recreate")
    impact = _impact(wish, found, changes)
    runs = wish.is_job and impact != "none"
    return replace(
        update, impact=impact, cause=f"{update.cause}; the job runs again" if runs else update.cause
    )


def _labels_only(wish: Resource, changes: tuple[Change, ...]) -> bool:
    """Whether no more than labels changed. Of a secret only the hash tells that its content did."""
    paths = {each.path for each in changes}
    if wish.kind == "secret" and diff.HASH_PATH in paths:
        return False
    return all(path.startswith("Labels.") for path in paths)


def _stopped_before(wish: Resource, found: Resource) -> bool:
    """Whether the engine gave an update up, and it is wished for once more since."""
    paused = found.facts.get("update") in ("paused", "rollback_paused")
    return paused and wish.facts.get("wished", 0.0) > found.facts.get("updated", 0.0)


def _resume(wish: Resource, found: Resource) -> Operation:
    """An update without a difference makes the engine go on where it stopped."""
    cause = "the engine stopped the last update; it goes on"
    impact = INTERRUPTS if found.service == EDGE else _restarts(found)
    return Operation("update", _keeping_labels(wish, found), found, cause, impact=impact)


def _again(wish: Resource, found: Resource, changes: tuple[Change, ...]) -> Operation:
    """A job that failed is run anew for each revision that asks for it, and by nobody else."""
    once_more = replace(_keeping_labels(wish, found), facts={**wish.facts, AGAIN: True})
    cause = "its last run failed, so it runs again"
    return Operation("update", once_more, found, cause, changes, _restarts(found))


def _keeping_labels(wish: Resource, found: Resource) -> Resource:
    kept = {name: value for name, value in found.labels.items() if name in diff.KEPT_LABELS}
    return replace(wish, labels={**wish.labels, **kept})


def _cause(wish: Resource, found: Resource) -> str:
    return "reality differs from the definition" if wish.hash == found.hash else "the definition changed"


def _mode(service: Resource) -> set[str]:
    return set(service.spec.get("Mode", {"Replicated": {}}))


def _impact(wish: Resource, found: Resource, changes: tuple[Change, ...]) -> str:
    """Tasks are replaced when their template or the endpoint changes; a change of scale restarts none."""
    if not any(each.path.startswith(("TaskTemplate", "EndpointSpec")) for each in changes):
        return "none"
    if left := sorted(_volumes(found) - _volumes(wish)):
        return f"data at risk (it lets go of the volume {', '.join(left)})"
    return INTERRUPTS if found.service == EDGE else _restarts(found)


def _volumes(service: Resource) -> set[str]:
    """The volumes with a name that its tasks mount, wherever."""
    mounts = service.spec.get("TaskTemplate", {}).get("ContainerSpec", {}).get("Mounts", ())
    return {
        each["Source"] for each in mounts if each.get("Type", "volume") == "volume" and each.get("Source")
    }


def _restarts(found: Resource) -> str:
    restarts = found.facts.get("wanted", 1)
    return f"rolling ({restarts} task restart{'' if restarts == 1 else 's'})"


def _belongs(found: Resource) -> str:
    return f"{found.key} belongs to {found.labels.get(LABEL_OWNER, 'nobody we know')}; it is left alone"
