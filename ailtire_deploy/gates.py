"""Keys that only newer engines know: an older one drops them without a word, so there they are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.model import Stack

SINCE: Mapping[tuple[str, ...], str] = {
    ("healthcheck", "start_interval"): "1.44",
    ("oom_score_adj",): "1.46",
}
"""The version of the engine's API that knows a key of a service."""


def refuse(stacks: Iterable[Stack], engine: Callable[[], tuple[str, str]]) -> None:
    """Raises InvalidInput that names each key that an engine is too old for.

    ``engine`` tells the versions of its API and of itself; it is asked only where there is such a key.
    """
    found = [(stack, key, way) for stack in stacks for key, way in used(stack)]
    if found:
        api, version = engine()
        problems = [
            _problem(*each, api, version) for each in found if _numbers(SINCE[each[2]]) > _numbers(api)
        ]
        if problems:
            raise InvalidInput(problems)


def used(stack: Stack) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The services of a stack, each with the newer keys that it has."""
    return ((each.key, way) for each in stack.services for way in SINCE if _has(each.options, way))


def _has(options: Any, way: tuple[str, ...]) -> bool:
    for step in way:
        if not isinstance(options, Mapping) or step not in options:
            return False
        options = options[step]
    return True


def _problem(stack: Stack, service: str, way: tuple[str, ...], api: str, version: str) -> Problem:
    place = ".".join(("services", service, *way))
    said = f"needs an engine with API {SINCE[way]}, and this one ({version}) speaks {api}"
    return Problem(str(stack.path), 0, 0, place, said, "it would drop the key without a word: leave it out")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split("."))
