"""Credentials of registries on their way down: secrets that controllers mount, and nothing else ever holds.

The command line makes one secret a registry, of what whoever applies logs in with. The root's controller
mounts those of the whole tree; each controller hands a child those of registries that the child's tree
names, by mounting the same secrets there. A name ends in a fingerprint, so that other credentials are another
secret and roll the controllers that mount it. Services keep what they were written with until they are
written again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from ailtire_deploy import handing, identity, images, names
from ailtire_deploy.documents import canonical
from ailtire_deploy.model import Site, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import labels_of
from ailtire_deploy.state import Key, Resource, State

Login = Mapping[str, str]
"""User name and password, or a token, as the engine's API takes them."""


def secret(root: StackPath, host: str, login: Login, salt: bytes) -> Resource:
    """What controllers of a tree log in with at one registry."""
    data = canonical({"host": host, "login": dict(login)}).encode()
    name = names.registry_secret(root, host, identity.fingerprint(salt, data))
    labels = {**labels_of(StackPath(), root), names.LABEL_REGISTRY: host}
    return Resource(Key("secret", name), labels=labels, data=data)


def mounted(services: State, secrets: State, path: StackPath) -> dict[str, str]:
    """The secrets of registries that a stack's controller mounts, by host."""
    controller = services.get("service", names.admin_service(path))
    found = (secrets.get("secret", name) for name in mounts(controller) if controller)
    return {each.labels[names.LABEL_REGISTRY]: each.name for each in found if each and is_one(each)}


def mounts(controller: Resource | None) -> tuple[str, ...]:
    """The names of all registry secrets in a controller's spec, whether they are there or not."""
    return tuple(each for each in handing.handed(controller) if names.is_registry_secret(each))


def is_one(found: Resource) -> bool:
    """Whether a resource holds credentials of a registry."""
    return found.kind == "secret" and names.LABEL_REGISTRY in found.labels


def superseded(observed: State, root: StackPath, kept: Collection[Key]) -> Iterator[Resource]:
    """Credentials that others have taken the place of, or that nothing names any more, on their way out."""
    mine = (each for each in observed.owned_by(StackPath()) if each.path == root and is_one(each))
    return (replace(each, absent=True) for each in mine if each.key not in kept)


def named(used: Iterable[str], site: Site) -> frozenset[str]:
    """The registries of images, and that of our own image if it names one."""
    own = images.host(site.image)
    return images.hosts(used) | (frozenset() if own == images.HUB else {own})


def equipped(stack: Stack, known: Mapping[str, str], site: Site) -> Stack:
    """The stack with children that have the registries their trees name, of those it knows: names by host."""
    maps = images.recorded({"below": stack.below}, stack.path)
    made = []
    for child in stack.children:
        path = stack.path / child.key
        hosts = named((image for at, each in maps.items() if path.covers(at) for image in each), site)
        names_of = tuple(sorted(name for host, name in known.items() if host in hosts))
        made.append(replace(child, registries=names_of))
    return replace(stack, children=tuple(made))
