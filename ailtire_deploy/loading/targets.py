"""What a target means once it is read: plays, and in each the root stacks it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ailtire_deploy.loading.files import Folder
from ailtire_deploy.model import Stack
from ailtire_deploy.names import StackPath

State = Literal["present", "absent"]


@dataclass(frozen=True, slots=True)
class EngineTarget:
    """Which engine a play is for: one of these is set. No target at all: as the docker CLI decides."""

    context: str = ""  # a docker context
    host: str = ""  # ssh://…, tcp://…, unix://…
    url: str = ""  # the REST interface of a root, behind its edge


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a parameter of a root got its value: ``vars --show-origin``."""

    value: Any
    source: str  # parameter default | context NAME | vars_files | vars | parameters | -e
    place: str = ""  # FILE:LINE


@dataclass(frozen=True, slots=True)
class Entry:
    """One root stack a play is about.

    ``body`` is the bundle ``{format, name, context, parameters, environment, definition}``; ``stacks`` the
    whole tree, filled and checked (both empty for ``absent``); ``folders`` serve ``secrets_source``: a
    stack that is not in them has the folder of its parent.
    """

    path: StackPath
    state: State = "present"
    body: Mapping[str, Any] = field(default_factory=dict)
    stacks: Mapping[StackPath, Stack] = field(default_factory=dict)
    folders: Mapping[StackPath, Folder] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    origins: Mapping[str, Origin] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Play:
    """One play of a playbook: what to do on one engine."""

    name: str
    engine: EngineTarget | None
    context: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Playbook:
    """What a target means. A bare definition or a bundle is a playbook of one play with one entry."""

    file: str
    plays: tuple[Play, ...]
