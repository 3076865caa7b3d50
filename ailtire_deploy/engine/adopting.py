"""What ``docker stack deploy`` made, and our labels on it: the one write to what is not ours."""

from __future__ import annotations

from collections.abc import Mapping

from ailtire_deploy.engine.reading import read
from ailtire_deploy.engine.wire import Wire
from ailtire_deploy.errors import Conflict, OutOfSequence
from ailtire_deploy.names import LABEL_NAMESPACE, OUR_LABELS
from ailtire_deploy.state import Resource


def deployed(wire: Wire, stack: str) -> tuple[Resource, ...]:
    """All that bears Docker's own label of a stack, whoever made it."""
    labelled = {"label": [f"{LABEL_NAMESPACE}={stack}"]}
    services = wire.get("/services", filters=labelled)
    networks = read("network", wire.get("/networks", filters={"scope": ["swarm"]}))
    secrets = read("secret", wire.get("/secrets", filters=labelled))
    configs = read("config", wire.get("/configs", filters=labelled))
    names = {each.id: each.resource.name for each in networks}
    own = [each for each in networks if each.resource.labels.get(LABEL_NAMESPACE) == stack]
    return tuple(each.resource for each in (*own, *secrets, *configs, *read("service", services, names)))


def adopt(wire: Wire, found: Resource, labels: Mapping[str, str]) -> None:
    """Add labels to a service that is nobody's, and send the rest of its spec back as it is.

    Raises OutOfSequence when it moved since it was read, Conflict when it has an owner.
    """
    listed = wire.get("/services", filters={"name": [found.name]})
    raw = next((each for each in listed if each["Spec"]["Name"] == found.name), None)
    if raw is None or raw["Version"]["Index"] != found.version:
        raise OutOfSequence(f"{found.key} changed since it was read")
    there = raw["Spec"].get("Labels") or {}
    if any(name.startswith(OUR_LABELS) for name in there):
        raise Conflict(f"{found.key} has an owner already")
    body = {**raw["Spec"], "Labels": {**there, **labels}}
    wire.post(f"/services/{raw['ID']}/update", body, {}, version=found.version)
