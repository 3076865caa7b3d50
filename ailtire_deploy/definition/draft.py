"""A definition that is filled but not yet trusted: what passed the schema, for the rules to look at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ailtire_deploy.definition.parameters import section
from ailtire_deploy.documents import Path
from ailtire_deploy.names import StackPath
from ailtire_deploy.passages import Use
from ailtire_deploy.templating import UNKNOWN


@dataclass(frozen=True)
class Draft:
    """``written`` is the filled definition, ``UNKNOWN`` where it is wrong; ``data`` is it without that.

    ``uses`` is what the parent grants.
    """

    path: StackPath
    data: Mapping[str, Any]
    written: Mapping[str, Any]
    uses: Mapping[str, Use] = field(default_factory=dict)

    @cached_property
    def keys(self) -> frozenset[str]:
        """All services and jobs the author wrote, the wrong ones included."""
        return frozenset(section(self.written, "services")) | frozenset(section(self.written, "jobs"))

    @cached_property
    def services(self) -> dict[str, dict[str, Any]]:
        """Plain services, jobs and children."""
        services = section(self.data, "services").items()
        return {**self.jobs, **{k: each for k, each in services if isinstance(each, dict)}}

    @cached_property
    def jobs(self) -> dict[str, dict[str, Any]]:
        return {k: each for k, each in section(self.data, "jobs").items() if isinstance(each, dict)}

    @cached_property
    def plain(self) -> dict[str, dict[str, Any]]:
        """All that runs an image: plain services and jobs."""
        return {key: each for key, each in self.services.items() if each.get("type") != "stack"}

    @cached_property
    def children(self) -> dict[str, dict[str, Any]]:
        return {key: each for key, each in self.services.items() if each.get("type") == "stack"}


def ends(service: Mapping[str, Any]) -> bool:
    """Whether a service need not run on for ever; one with a health check has to."""
    once = section(section(service, "deploy"), "restart_policy").get("condition") in ("none", "on-failure")
    return once and not ("healthcheck" in service and not is_unchecked(service))


def is_unchecked(service: Mapping[str, Any]) -> bool:
    """Whether a service's health check is switched off, whatever its image says."""
    check = section(service, "healthcheck")
    return check.get("disable") is True or check.get("test") in (["NONE"], "NONE")


def masked(data: Any, wrong: Collection[Path], path: Path = ()) -> Any:
    """A copy with ``UNKNOWN`` for the values at the paths in ``wrong``."""
    if path in wrong:
        return UNKNOWN
    if isinstance(data, dict):
        return {key: masked(value, wrong, (*path, key)) for key, value in data.items()}
    if isinstance(data, list):
        return [masked(value, wrong, (*path, index)) for index, value in enumerate(data)]
    return data


def known(data: Any) -> Any:
    """A copy without what is ``UNKNOWN``, except in lists, where it keeps the places of the others."""
    if isinstance(data, dict):
        return {key: known(value) for key, value in data.items() if value is not UNKNOWN}
    if isinstance(data, list):
        return [known(value) for value in data]
    return data


def is_unknown(data: Any, path: Path) -> bool:
    """Whether a path leads to, or through, something ``UNKNOWN``."""
    for step in path:
        try:
            data = data[step]
        except (TypeError, LookupError):
            break
    return data is UNKNOWN


def texts(data: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text in a value, keys included, with its path."""
    match data:
        case dict():
            for key, each in data.items():
                yield (*path, key), key
                yield from texts(each, (*path, key))
        case list():
            for index, each in enumerate(data):
                yield from texts(each, (*path, index))
        case str():
            yield path, data
