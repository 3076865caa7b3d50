"""From a rendered compose file to resources in the engine's own form, and the one normal form of specs.

What ``docker stack deploy`` makes of the same file is the same, field by field, but for names, labels, and
the alias the docker client adds by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ailtire_deploy import names
from ailtire_deploy.documents import digest
from ailtire_deploy.model import Dependency, Job, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import Artifacts
from ailtire_deploy.render.files import FACES
from ailtire_deploy.revisions import labels_of
from ailtire_deploy.specs import document, service
from ailtire_deploy.specs.document import Document
from ailtire_deploy.specs.normal import normalise
from ailtire_deploy.state import Key, Need, Resource

__all__ = ["content_hash", "needs", "normalise", "resources"]

About = tuple[StackPath, str]
Needs = tuple[Need, ...]
Revisions = Mapping[str, str]
"""The engine name of the newest revision of each child, by the child's key."""


def resources(stack: Stack, artifacts: Artifacts, revisions: Revisions) -> list[Resource]:
    """All networks, configs and services of a stack's compose file, with labels and what they wait for.

    Not among them: what the file calls external, since others make it. Raises KeyError for a child without a
    revision that a service depends on.
    """
    found = document.read(stack.path, artifacts)
    jobs = {each.key: each.job for each in stack.services if each.job}
    waits = {about: tuple(needs(stack, each, revisions)) for about, each in _dependencies(stack).items()}
    return [
        *_networks(found),
        *_configs(found, artifacts),
        *(_marked(_service(found, key, artifacts, waits), jobs) for key in found.services),
    ]


def _networks(found: Document) -> Iterator[Resource]:
    for key, given in found.networks.items():
        if not given.get("external"):
            spec = {"Driver": given.get("driver"), "Internal": given.get("internal")}
            spec |= {"Options": given["driver_opts"]} if "driver_opts" in given else {}
            ranges = tuple(each["subnet"] for each in given.get("ipam", {}).get("config", ()))
            made = Resource(Key("network", found.network(key)), spec)
            yield _resource(found.path, key, replace(made, facts={"subnets": ranges} if ranges else {}))


def _configs(found: Document, artifacts: Artifacts) -> Iterator[Resource]:
    for key, given in found.configs.items():
        needs = _addressed(artifacts) if given["file"] == f"./{FACES}" else ()
        data = document.content(artifacts, given["file"])
        yield _resource(found.path, key, Resource(Key("config", found.config(key)), data=data, needs=needs))


def _service(found: Document, key: str, artifacts: Artifacts, waits: Mapping[About, Needs]) -> Resource:
    first = _addressed(artifacts) if key == names.GATEWAY else ()
    needed = (*waits.get(about(found.path, key), ()), *first)
    name = names.in_stack(found.path, key)
    made = Resource(Key("service", name), service.spec(found, key), needs=needed)
    given = found.services[key].get("deploy", {}).get("labels", {})
    labels = {**given, names.LABEL_SERVICE: about(found.path, key)[1]}
    return _resource(found.path, key, made, labels)


def _marked(made: Resource, jobs: Mapping[str, Job]) -> Resource:
    """A job bears how long it may take, for whoever waits for it."""
    job = jobs.get(made.service) if made.path == made.owner else None
    return made.with_labels(**{names.LABEL_JOB: f"{job.timeout:g}"}) if job else made


def _addressed(artifacts: Artifacts) -> tuple[Need, ...]:
    """A gateway tells its callers apart by subnets, and the engine chooses those."""
    return tuple(Need("network", name, "addressed") for name in artifacts.unaddressed)


def _dependencies(stack: Stack) -> dict[About, tuple[Dependency, ...]]:
    """What each service, and each child's controller, waits for before it is made or changed."""
    own = {(stack.path, each.key): each.depends_on for each in stack.services}
    return own | {(stack.path / each.key, names.ADMIN): each.depends_on for each in stack.children}


def needs(stack: Stack, dependencies: Iterable[Dependency], revisions: Revisions) -> Iterator[Need]:
    """What a service or a child of a stack waits for, whenever it is made or changed."""
    return (_need(stack, each, revisions) for each in dependencies)


def _need(stack: Stack, dependency: Dependency, revisions: Revisions) -> Need:
    """A child is ready when its own controller says that its revision has converged."""
    if any(child.key == dependency.service for child in stack.children):
        return Need("config", revisions[dependency.service], "converged", dependency.required)
    name = names.in_stack(stack.path, dependency.service)
    return Need("service", name, dependency.condition, dependency.required)


def about(path: StackPath, key: str) -> About:
    """Whom an entry is about: ``messages_admin`` is the child's ``admin``, ``web`` the stack's ``web``."""
    child, _, part = key.partition("_")
    return (path / child, part) if part in (names.ADMIN, names.FAMILY) else (path, key)


def _resource(
    path: StackPath, key: str, made: Resource, more: Mapping[str, str] = MappingProxyType({})
) -> Resource:
    """With spec in normal form, labels, and the hash that tells what was taken out of a definition."""
    spec = normalise(made.kind, made.spec)
    content = hashlib.sha256(made.data).hexdigest() if made.data is not None else ""
    given = {name: text for name, text in more.items() if not name.startswith(names.OUR_LABELS)}
    mark = {names.LABEL_HASH: content_hash(spec, content, given)}
    return replace(made, spec=spec, labels={**more, **labels_of(path, about(path, key)[0]), **mark})


def content_hash(
    spec: Mapping[str, Any], content: str = "", given: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The hash of what was wished for; only it tells that something, a label too, was taken out."""
    own = {"labels": dict(given)} if given else {}
    return digest({"spec": spec, "data": content, **own})
