"""What an update over REST makes of a definition: merged, checked, and with no source left that cannot be
read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ailtire_deploy import images, names, sealing
from ailtire_deploy.definition import fill_tree
from ailtire_deploy.errors import InvalidInput, Problem, Refused
from ailtire_deploy.model import Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Resource, State

SOURCE = "update"


def merged(
    body: Mapping[str, Any], request: Mapping[str, Any], path: StackPath
) -> tuple[dict[str, Any], dict[StackPath, Stack]]:
    """The body of the next revision, and the stacks it means.

    Raises InvalidInput with every problem of the whole tree.

    ``request`` may hold ``parameters``, ``environment`` (None removes a key), ``definition``, ``context`` and
    ``replace``.
    """
    whole = bool(request.get("replace"))
    made = {
        **body,
        "parameters": pairs(body["parameters"], request.get("parameters"), whole),
        "environment": pairs(body["environment"], request.get("environment"), whole),
    }
    if "context" in request:
        made["context"] = request["context"]
    if "definition" in request:
        made["definition"] = keep_names(unwrapped(request["definition"]), body["definition"])
    return made, fill_tree(made, path)


def refuse_another(body: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Raises Refused for a definition that is not the one before: what runs is an admin's to say."""
    if body["definition"] != before["definition"]:
        raise Refused("another definition needs the role admin; parameters may be changed by an operator")


def sealed(
    body: dict[str, Any],
    stacks: dict[StackPath, Stack],
    request: Mapping[str, Any],
    path: StackPath,
    observed: State,
) -> tuple[dict[str, Any], dict[StackPath, Stack], tuple[Resource, ...]]:
    """The same with the values that were given as ``secrets`` in their places, and those secrets.

    Raises InvalidInput for values of what is no secret here, and for sources that have none: a controller
    cannot read any. No word of it holds a value.
    """
    salt = observed.get("config", names.salt_config(path.root))
    given = sealing.given(request.get("secrets", {}), stacks, salt.data if salt and salt.data else b"")
    if given:
        named = {at: each.name for at, each in given.items()}
        body = {**body, "definition": sealing.with_names(body["definition"], path, named)}
        stacks = fill_tree(body, path)
    left = sealing.unread(stacks)
    if left:
        raise InvalidInput([Problem(SOURCE, 0, 0, each, *UNREADABLE) for each in left])
    return body, stacks, tuple(given.values())


def with_digests(body: Mapping[str, Any], digests: images.Tree, path: StackPath) -> dict[str, Any]:
    """The body with what its images' tags stand for."""
    bare = {key: value for key, value in body.items() if key not in ("digests", "below")}
    return {**bare, **images.in_body(digests, path)}


def refuse(found: Mapping[str, Sequence[str]]) -> None:
    """Raises InvalidInput for what an update does unasked, by the words that would allow it."""
    problems = [
        Problem(SOURCE, 0, 0, "", each, f"say {word}=true if that is meant")
        for word, sentences in found.items()
        for each in sentences
    ]
    if problems:
        raise InvalidInput(problems)


def refuse_lacking(problems: Sequence[Problem]) -> None:
    """Raises InvalidInput for an update that needs what its controller was not handed."""
    if problems:
        raise InvalidInput(problems)


UNREADABLE = (
    "a controller cannot read the source of this secret",
    "give its value as secrets: {PATH/NAME: value}, or apply the definition where the source is",
)


def pairs(old: Mapping[str, Any], new: Mapping[str, Any] | None, whole: bool) -> dict[str, Any]:
    """Merge by key; None removes. ``whole`` takes the new ones only."""
    if new is None:
        return dict(old)
    both = dict(new) if whole else {**old, **new}
    return {key: value for key, value in both.items() if value is not None}


def unwrapped(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """A bare definition, or the one inside a bundle."""
    inner = definition.get("definition")
    return inner if "format" in definition and isinstance(inner, Mapping) else definition


def keep_names(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The new definition, with the secrets that the old one had already made for the same names, at every
    depth.
    """
    made = dict(new)
    known = mapping(old, "secrets")
    if isinstance(new.get("secrets"), Mapping):
        made["secrets"] = {
            key: known[key] if key in known and is_source(value) else value
            for key, value in new["secrets"].items()
        }
    if isinstance(new.get("services"), Mapping):
        before = mapping(old, "services")
        made["services"] = {key: _child(value, before.get(key)) for key, value in new["services"].items()}
    return made


def is_source(value: Any) -> bool:
    return isinstance(value, Mapping) and "name" not in value


def mapping(holder: Any, key: str) -> Mapping[str, Any]:
    """The mapping under a key, or an empty one: input is not checked yet at this point."""
    found = holder.get(key) if isinstance(holder, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _child(new: Any, old: Any) -> Any:
    if isinstance(new, Mapping) and isinstance(new.get("definition"), Mapping):
        return {**new, "definition": keep_names(new["definition"], mapping(old, "definition"))}
    return new
