"""What a schema cannot say: whether the parts of a stack fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from ailtire_deploy.definition import (
    forms,
    networks,
    pages,
    publishing,
    routes,
    safety,
    strategies,
    tcp,
    uses,
)
from ailtire_deploy.definition.draft import Draft, ends, is_unchecked
from ailtire_deploy.definition.findings import Finding, nearest
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.definition.secrets import names_its_own
from ailtire_deploy.documents import Path
from ailtire_deploy.model import Dependency
from ailtire_deploy.names import RESERVED
from ailtire_deploy.units import size

CONFIG_LIMIT = 64 * 1024  # bytes of one config: all of them stand in the revision
MOST_MEMORY = 2**50
LEAST_MEMORY = 4 * 1024 * 1024  # the engine refuses less


def findings(draft: Draft) -> Iterator[Finding]:
    """Everything the rules have against a draft."""
    for rule in RULES:
        yield from (_placed(each, draft) for each in rule(draft))


def _placed(finding: Finding, draft: Draft) -> Finding:
    """The rules look at jobs among the services; what they find stands under ``jobs``."""
    part, *rest = finding.path or ("",)
    own = section(draft.written, "services")
    is_job = part == "services" and rest and rest[0] not in own and rest[0] in draft.jobs
    return finding._replace(path=("jobs", *rest)) if is_job else finding


def _shared_keys(draft: Draft) -> Iterator[Finding]:
    for key in sorted(section(draft.written, "services").keys() & section(draft.written, "jobs").keys()):
        yield Finding(("jobs", key), f"{key} is a service already", "a job needs a name of its own")


def _reserved_keys(draft: Draft) -> Iterator[Finding]:
    for key in sorted(draft.keys & RESERVED):
        yield Finding(("services", key), f"the name {key} is reserved", "every stack has things of that name")


def _joints(draft: Draft) -> Iterator[Finding]:
    """``orders_data`` of this stack and ``data`` of its child ``orders`` would have one engine name."""
    for part in ("volumes", "configs", "secrets"):
        for key in section(draft.data, part):
            child = key.split("_")[0]
            if "_" in key and child in draft.children:
                yield Finding((part, key), f"its name would meet that of something in {child}", "use - for _")


def _dependencies(draft: Draft) -> Iterator[Finding]:
    graph: dict[str, set[str]] = {}
    for key, service in draft.services.items():
        for path, dependency in forms.dependencies(service, draft.jobs):
            here: Path = ("services", key, *path)
            if dependency.service not in draft.keys:
                if dependency.required:
                    yield Finding(here, "no such service", nearest(dependency.service, draft.keys - {key}))
            elif wrong := _never(draft, dependency):
                yield Finding(here, *wrong)
            else:
                graph.setdefault(key, set()).add(dependency.service)
    yield from _circle(graph)


def _never(draft: Draft, dependency: Dependency) -> tuple[str, str] | None:
    """Why a condition could never come true."""
    key, word = dependency.service, dependency.condition
    other = draft.services.get(key)
    if other is None:
        return None
    if word != "healthy" and section(other, "deploy").get("replicas") == 0 and key in draft.plain:
        return f"{key} has no replicas, so it is never {word}", "give it some, or leave the dependency out"
    if word == "started":
        return None
    if word == "completed":
        if key in draft.children:
            return "a stack never completes", "wait for started or healthy"
        runs_on = key not in draft.jobs and not ends(other)
        hint = "make it one of the jobs, or give it deploy.restart_policy.condition none"
        return (f"{key} runs on and never completes", hint) if runs_on else None
    if key in draft.jobs:
        return f"{key} is a job: it completes, and is never healthy", "wait for completed"
    unchecked = is_unchecked(other)
    return (f"the health check of {key} is switched off", "wait for started") if unchecked else None


def _circle(graph: dict[str, set[str]]) -> Iterator[Finding]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        start = circle.index(min(circle))
        ordered = [*circle[start:-1], *circle[:start], circle[start]]
        yield Finding(
            ("services", ordered[0], "depends_on"),
            f"depends on itself: {' → '.join(ordered)}",
            "break the circle",
        )


def _references(draft: Draft) -> Iterator[Finding]:
    """Configs, secrets and volumes that services name."""
    for key, service in draft.plain.items():
        for path, mount in forms.mounts(service):
            if mount.type == "volume" and mount.source:
                yield from _known(draft, "volumes", mount.source, ("services", key, *path))
        kinds: tuple[Literal["configs", "secrets"], ...] = ("configs", "secrets")
        for kind in kinds:
            for path, use in forms.file_mounts(service, kind):
                yield from _known(draft, kind, use.source, ("services", key, *path))


def _known(draft: Draft, part: str, key: str, path: Path) -> Iterator[Finding]:
    known = section(draft.data, part)
    if key not in known and key not in section(draft.written, part):
        hint = nearest(key, known) if known else f"declare it under {part} of the stack"
        yield Finding(path, f"the stack has no {part.removesuffix('s')} {key[:40]!r}", hint)


def _targets(draft: Draft) -> Iterator[Finding]:
    """Two things at one place in a container."""
    for key, service in draft.plain.items():
        seen: set[str] = set()
        for path, target in _places(service):
            if target in seen:
                yield Finding(("services", key, *path), f"{target} is taken already", "choose another target")
            seen.add(target)


def _places(service: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    yield from ((path, mount.target.rstrip("/")) for path, mount in forms.mounts(service))
    yield from ((path, use.target) for path, use in forms.file_mounts(service, "configs"))
    yield from ((path, f"/run/secrets/{use.target}") for path, use in forms.file_mounts(service, "secrets"))


def _mounts(draft: Draft) -> Iterator[Finding]:
    """Long forms whose parts do not go together: nothing is accepted and then ignored."""
    for key, service in draft.plain.items():
        for index, value in forms.items(service.get("volumes")):
            kind = value.get("type", "volume") if isinstance(value, dict) else ""
            path: Path = ("services", key, "volumes", index)
            for other in {"volume", "tmpfs"} - {kind}:
                if kind and other in value:
                    yield Finding((*path, other), f"a {kind} has no such options")
            if kind == "tmpfs" and value.get("source"):
                yield Finding((*path, "source"), "a tmpfs has no source")
            amount = section(value, "tmpfs").get("size")
            if amount is not None and size(amount) > MOST_MEMORY:
                yield Finding((*path, "tmpfs", "size"), "more than any machine has")


def _commands(draft: Draft) -> Iterator[Finding]:
    """Short forms that can be malformed."""
    for key, service in draft.plain.items():
        for name in ("command", "entrypoint"):
            yield from _malformed(service, ("services", key), (name,), forms.words)
        yield from _malformed(
            service.get("healthcheck"), ("services", key, "healthcheck"), ("test",), forms.test
        )
        for path, reason in forms.malformed_mounts(service):
            if reason:
                yield Finding(("services", key, *path), reason)


def _malformed(holder: Any, path: Path, key: tuple[str], read: Callable[[Any], Any]) -> Iterable[Finding]:
    value = section({"it": holder}, "it").get(key[0])
    if value is None:
        return []
    try:
        read(value)
    except forms.Malformed as error:
        return [Finding((*path, *key), str(error))]
    return []


def _deploy(draft: Draft) -> Iterator[Finding]:
    for key, service in draft.plain.items():
        deploy, path = section(service, "deploy"), ("services", key, "deploy")
        if deploy.get("mode") == "global" and "replicas" in deploy:
            yield Finding((*path, "replicas"), "a global service has one task on each node", "leave it out")
        for part in ("limits", "reservations"):
            memory = section(section(deploy, "resources"), part).get("memory")
            if memory is not None and not LEAST_MEMORY <= size(memory) <= MOST_MEMORY:
                yield Finding((*path, "resources", part, "memory"), "the engine takes from 4M to 1048576G")


def _doubles(draft: Draft) -> Iterator[Finding]:
    """A name that a list gives twice."""
    holders: list[tuple[Path, Any]] = [((), draft.data)]
    holders += [(("services", key), service) for key, service in draft.plain.items()]
    for at, holder in holders:
        for part in ("environment", "labels"):
            seen: set[str] = set()
            for path, name, _ in forms.pairs(holder.get(part)):
                if name in seen:
                    yield Finding((*at, part, *path), f"{name} is given twice")
                seen.add(name)


def _configs(draft: Draft) -> Iterator[Finding]:
    for key, config in section(draft.data, "configs").items():
        path: Path = ("configs", key)
        if "file" in config:
            yield Finding(
                (*path, "file"), "a file cannot be read here", "send a bundle, which holds the content"
            )
            continue
        try:
            length = len(forms.content(config))
        except forms.Malformed as error:
            yield Finding((*path, "base64"), str(error))
        else:
            if length > CONFIG_LIMIT:
                yield Finding(
                    path, f"larger than {CONFIG_LIMIT // 1024} KiB", "put large files into an image"
                )


def _secrets(draft: Draft) -> Iterator[Finding]:
    for key, secret in section(draft.data, "secrets").items():
        name = section({"it": secret}, "it").get("name")
        if isinstance(name, str) and not names_its_own(draft.path, key, name):
            yield Finding(
                ("secrets", key, "name"), "not a secret of this stack", "write from: and its source"
            )


RULES: tuple[Callable[[Draft], Iterator[Finding]], ...] = (
    _reserved_keys,
    _shared_keys,
    _joints,
    _dependencies,
    routes.findings,
    tcp.findings,
    uses.findings,
    _references,
    _targets,
    _commands,
    _mounts,
    _deploy,
    _doubles,
    _configs,
    _secrets,
    networks.findings,
    pages.findings,
    strategies.findings,
    publishing.findings,
    safety.findings,
)
