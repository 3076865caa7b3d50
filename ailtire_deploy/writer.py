"""Who wishes for something: a controller, or the command line above the root's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ailtire_deploy.model import Site
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import COMMAND_LINE, PARENT
from ailtire_deploy.rotation import NEVER, Former


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wishes: what a controller knows beside the definition.

    ``key`` is the stack's own (the root's for the command line), ``origin`` the root revision its wishes come
    from, ``revision`` the name of the stack's own, ``back`` whether that is a way back, ``lost`` the children
    whose controllers will not come up any more, ``wished`` when the revision was written (an update that the
    engine gave up before that is tried again), ``registries`` the secrets it logs in with, by host, ``now``
    what time it is for what is under way, ``former`` the key before.
    """

    site: Site
    key: bytes
    origin: str = ""
    author: str = ""
    lost: frozenset[StackPath] = frozenset()
    wished: float = 0.0
    revision: str = ""
    back: bool = False
    registries: Mapping[str, str] = field(default_factory=dict)
    now: float = 0.0
    former: Former = NEVER


def cause_of(writer: StackPath) -> str:
    """What a revision says about who wrote it, when the launcher did."""
    return PARENT if writer else COMMAND_LINE
