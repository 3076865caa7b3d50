"""From sources of secrets to names of secrets: after this no definition holds a source, none ever a value.

Each secret becomes an engine object before the revision that names it. Its name ends in a fingerprint of the
value, HMAC(salt, value), so that a changed value is another object and rolls its users, and an equal one
changes nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy import identity, names
from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.model import Secret, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import labels_of
from ailtire_deploy.state import Key, Resource

Read = Callable[[StackPath, str, Secret], bytes]  # the value behind a source


@dataclass(frozen=True, slots=True)
class Sealed:
    """A definition that names its secrets, the secrets that have to be there before it, and their names."""

    definition: Mapping[str, Any]
    secrets: tuple[Resource, ...]
    named: Mapping[tuple[StackPath, str], str]


def seal(
    definition: Mapping[str, Any], stacks: Mapping[StackPath, Stack], root: StackPath, salt: bytes, read: Read
) -> Sealed:
    """Read every source of a whole tree. ``read`` raises InvalidInput for one that cannot be read."""
    made = {
        (path, key): secret_resource(path, key, read(path, key, secret), salt)
        for path, stack in sorted(stacks.items())
        for key, secret in stack.secrets.items()
        if not secret.name
    }
    named = {at: resource.name for at, resource in made.items()}
    return Sealed(with_names(definition, root, named), tuple(made.values()), named)


def secret_resource(path: StackPath, key: str, value: bytes, salt: bytes) -> Resource:
    """The secret of a stack; made by the command line, owned by the stack's controller."""
    name = names.in_stack(path, names.hashed_key(key, identity.fingerprint(salt, value)))
    return Resource(Key("secret", name), labels=labels_of(path, path), data=value)


def values(stacks: Mapping[StackPath, Stack], read: Read) -> dict[str, dict[str, str]]:
    """The values of a tree's secrets by ``PATH/NAME`` as a request carries them.

    Those that are made of the root's seed are left out: only who has the key file makes the same ones.
    """
    found = {
        f"{path}/{key}": read(path, key, secret)
        for path, stack in sorted(stacks.items())
        for key, secret in stack.secrets.items()
        if not secret.name and "generate" not in (secret.source or {})
    }
    return {name: {"base64": base64.b64encode(value).decode()} for name, value in found.items()}


def given(
    values: Mapping[str, bytes], stacks: Mapping[StackPath, Stack], salt: bytes
) -> dict[tuple[StackPath, str], Resource]:
    """The secrets whose values came with a request, by stack and key; ``values`` by ``PATH/NAME``.

    Raises InvalidInput for what is no secret of these stacks.
    """
    known = {f"{path}/{key}": (path, key) for path, stack in stacks.items() for key in stack.secrets}
    strange = sorted(values.keys() - known.keys())
    if strange:
        said = "no stack here has this secret"
        hint = f"there are {', '.join(sorted(known)[:10]) or 'none'}"
        raise InvalidInput(
            [Problem("request", 0, 0, f"secrets.{each[:200]}", said, hint) for each in strange]
        )
    return {known[each]: secret_resource(*known[each], values[each], salt) for each in sorted(values)}


def with_names(
    definition: Mapping[str, Any], path: StackPath, named: Mapping[tuple[StackPath, str], str]
) -> dict[str, Any]:
    """The definition with ``{name: …}`` in place of each source that has a name, at every depth."""
    filled = dict(definition)
    if "secrets" in definition:
        filled["secrets"] = {
            key: {"name": named[path, key]} if (path, key) in named else value
            for key, value in definition["secrets"].items()
        }
    if "services" in definition:
        filled["services"] = {
            key: _service(service, path / key, named) for key, service in definition["services"].items()
        }
    return filled


def _service(service: Any, path: StackPath, named: Mapping[tuple[StackPath, str], str]) -> Any:
    if isinstance(service, Mapping) and isinstance(service.get("definition"), Mapping):
        return {**service, "definition": with_names(service["definition"], path, named)}
    return service


def unread(stacks: Mapping[StackPath, Stack]) -> Iterable[str]:
    """Secrets that still have a source: a controller cannot read it, only the command line can."""
    return sorted(
        f"{path}/{key}"
        for path, stack in stacks.items()
        for key, secret in stack.secrets.items()
        if not secret.name
    )
