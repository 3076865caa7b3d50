"""A service of the definition as an entry of the compose file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ailtire_deploy import images, names
from ailtire_deploy.model import FileMount, Mount, Service, Stack
from ailtire_deploy.render import policy
from ailtire_deploy.render.files import config_key
from ailtire_deploy.topology import Seat
from ailtire_deploy.units import size

# The order in which an entry is written; what ``options`` holds beside these follows.
FIRST = ("image", "entrypoint", "command", "environment", "user")


def service(stack: Stack, each: Service, seats: tuple[Seat, ...]) -> dict[str, Any]:
    """One entry, defaults written out: no capabilities, and an init process that reaps and passes signals."""
    fields = {
        "image": images.pinned(each.image, stack.digests),
        "environment": dict(each.environment),
        "cap_drop": ["ALL"],
        "init": True,
        **{key: value for key, value in each.options.items() if key != "deploy"},
        "depends_on": [dependency.service for dependency in _plain_dependencies(stack, each)],
        "volumes": [volume(mount) for mount in sorted(each.mounts, key=lambda mount: mount.target)],
        "configs": _files(each.configs, {use.source: config_key(stack, use.source) for use in each.configs}),
        "secrets": _files(each.secrets, {use.source: use.source for use in each.secrets}),
        "networks": networks(seats),
        "deploy": policy.deploy(each, stack.on_failure),
    }
    order = [*FIRST, *(key for key in fields if key not in FIRST)]
    return {key: fields[key] for key in order if key in fields and fields[key] not in ([], {})}


def _plain_dependencies(stack: Stack, each: Service) -> Iterator[Any]:
    plain = {service.key for service in stack.services} if each.depends_on else ()
    return (dependency for dependency in each.depends_on if dependency.service in plain)


def volume(mount: Mount) -> dict[str, Any]:
    """A mount in the long form; ``options`` go under the key of its type."""
    read_only = {"read_only": True} if mount.read_only else {}
    options = {str(mount.type): _options(mount)} if mount.options else {}
    return {"type": mount.type, **_source(mount), "target": mount.target, **read_only, **options}


def _source(mount: Mount) -> dict[str, str]:
    if not mount.source:
        return {}
    return {"source": names.shared_key(mount.source) if mount.type == "volume" else mount.source}


def _options(mount: Mount) -> dict[str, Any]:
    """The docker client of Debian takes the size of a tmpfs as a number only."""
    return {key: size(value) if key == "size" else value for key, value in mount.options.items()}


def _files(uses: Iterable[FileMount], keys: Mapping[str, str]) -> list[dict[str, Any]]:
    """Sorted, since the order of files means nothing and a change of it would be a change of the service."""
    return [
        {"source": keys[use.source], "target": use.target, "uid": use.uid, "gid": use.gid, "mode": use.mode}
        for use in sorted(uses, key=lambda use: (keys[use.source], use.target))
    ]


def networks(seats: tuple[Seat, ...]) -> Mapping[str, Any]:
    return {seat.network: {"aliases": sorted(seat.aliases)} if seat.aliases else {} for seat in seats}
