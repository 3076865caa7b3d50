"""The next version of a service as a service of its own, beside it: nobody but the gateway calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ailtire_deploy import diff, names, specs, symptoms
from ailtire_deploy.names import LABEL_CANDIDATE, LABEL_HASH, LABEL_SERVICE, StackPath
from ailtire_deploy.plan.holding import references
from ailtire_deploy.state import Key, Resource, State

REPLACING = ("TaskTemplate", "EndpointSpec")  # what an engine replaces tasks for


def key(path: StackPath, service: str) -> Key:
    return Key("service", names.candidate_service(path, service))


def made(wish: Resource, replicas: int) -> Resource:
    """What is wished of a service, under the candidate's name, without the alias that others call it by."""
    template = wish.spec["TaskTemplate"]
    seats = [{**each, "Aliases": []} for each in template.get("Networks", ())]
    mode = {"Replicated": {"Replicas": replicas}}
    spec = specs.normalise(
        "service", {**wish.spec, "TaskTemplate": {**template, "Networks": seats}, "Mode": mode}
    )
    own = {
        LABEL_SERVICE: names.candidate_key(wish.service),
        LABEL_CANDIDATE: wish.service,
        LABEL_HASH: specs.content_hash(spec),
    }
    return replace(wish, key=key(wish.path, wish.service), spec=spec, labels={**wish.labels, **own})


def replicas(spec: Mapping[str, Any]) -> int:
    return int(spec.get("Mode", {}).get("Replicated", {}).get("Replicas", 1))


def is_due(wish: Resource, found: Resource | None, observed: State) -> bool:
    """Whether a service would get new tasks for what its definition says now, while old ones do their work.

    A change of scale needs no candidate, and one of the network cannot have one: the gateway would meet both
    versions only if both networks were there. What the engine gave up halfway is no version to protect.
    """
    if found is None or found.hash == wish.hash or not serves(observed, found.name):
        return False
    if found.facts.get("update") in symptoms.UPDATE_FAILED:
        return False
    replaced = any(each.path.startswith(REPLACING) for each in diff.changes(wish, found))
    alike = "Replicated" in found.spec.get("Mode", {"Replicated": {}}) and _seats(wish) == _seats(found)
    return replaced and alike and replicas(wish.spec) > 0


def _seats(service: Resource) -> set[Key]:
    return {each for each in references(service.spec) if each.kind == "network"}


def serves(observed: State, service: str) -> bool:
    """Whether any task of a service, of whatever version, runs."""
    return any(t.state == "running" and t.desired == "running" for t in observed.tasks_of(service))
