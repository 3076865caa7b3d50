"""From files to the filled model: playbooks, definitions and bundles. (Signatures first; see ``load``.)"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ailtire_deploy.model import Stack
from ailtire_deploy.names import StackPath


@dataclass(frozen=True, slots=True)
class EngineTarget:
    """Which engine a play is for: one of these is set. No target at all: as the docker CLI decides."""

    context: str = ""  # a docker context
    host: str = ""  # ssh://…, tcp://…, unix://…
    url: str = ""  # the REST interface of a root, behind its edge


@dataclass(frozen=True, slots=True)
class Folder:
    """A definition's folder, from which the files it names are read; nothing outside ``project`` is."""

    path: Path
    project: Path

    def read(self, name: str, limit: int) -> bytes:
        """Raises Unreadable (a ValueError) with the reason, never with content."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a parameter of a root got its value: ``vars --show-origin``."""

    value: Any
    source: str  # parameter default | context dev | vars_files | vars | parameters | -e
    place: str = ""  # FILE:LINE


@dataclass(frozen=True, slots=True)
class Entry:
    """One root stack a play is about.

    ``body`` is the bundle ``{format, name, context, parameters, environment, definition}``; ``stacks`` the whole
    tree, filled and checked (both empty for ``absent``); ``folders`` serve ``secrets_source``.
    """

    path: StackPath
    state: Literal["present", "absent"] = "present"
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


def load(
    target: Path,
    *,
    context: str | None = None,
    extra: Mapping[str, str] | None = None,
    extra_files: Sequence[Path] = (),
    tags: Collection[str] = (),
) -> Playbook:
    """Read a playbook, a definition or a bundle with all they name, fill the trees and check all of it.

    ``context`` goes before the play's; ``extra`` is ``-e NAME=VALUE`` (read by the declared type),
    ``extra_files`` ``-e @FILE``; ``tags`` keeps only entries that bear one of them.
    Raises InvalidInput with every problem at once.
    """
    raise NotImplementedError


def bundle(target: Path, **options: Any) -> dict[str, Any]:
    """The body of the only root in ``target``; options as for ``load``. Raises InvalidInput."""
    raise NotImplementedError
