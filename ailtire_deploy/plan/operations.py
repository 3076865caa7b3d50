"""The words of a plan: one operation is one engine call with one cause."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ailtire_deploy.diff import Change
from ailtire_deploy.names import LABEL_PATH, StackPath
from ailtire_deploy.state import Key, Resource

HASH = re.compile(r"-[0-9a-f]{12}$")
Verb = Literal["create", "update", "remove"]
INTERRUPTS = "interrupts published ports"
"""The impact of whatever ends an edge's tasks before others serve: its ports take no two at once."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One write to the engine.

    ``resource`` is the wish, or for a removal what was found; ``found`` is None for a creation only.
    ``impact`` is one of ``none``, ``labels``, ``rolling (N task restarts)``, ``recreate``, ``replace
    network``, ``data at risk (…)``, ``interrupts published ports``. ``waiting`` says what has to become true
    before it may happen; ``error`` why it can never happen. With either, nothing is written. ``hopeless``:
    with this error nothing of the tree is to be begun. ``provisional``: the hash in its name is drawn anew
    when it is made.
    """

    verb: Verb
    resource: Resource
    found: Resource | None = None
    cause: str = ""
    changes: tuple[Change, ...] = ()
    impact: str = "none"
    waiting: str = ""
    error: str = ""
    hopeless: bool = False
    provisional: bool = False

    @property
    def shown(self) -> str:
        """Its resource's name as a person sees it: no hash that will be another one when it is made."""
        return HASH.sub("-(new)", self.key.name) if self.provisional else self.key.name

    @property
    def key(self) -> Key:
        return self.resource.key

    @property
    def stack(self) -> str:
        """The path of the stack it is about."""
        return self.resource.labels[LABEL_PATH]

    @property
    def ready(self) -> bool:
        """Whether it may happen now."""
        return not (self.waiting or self.error)

    def __str__(self) -> str:
        notes = [self.cause]
        notes += [f"impact {self.impact}"] if self.impact != "none" else []
        notes += [f"waits for {self.waiting}"] if self.waiting else []
        notes += [f"cannot be done: {self.error}"] if self.error else []
        return f"{self.verb} {self.key}: {'; '.join(notes)}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All operations of one writer in order, what is as wished already, and what a person should know."""

    owner: StackPath
    operations: tuple[Operation, ...] = ()
    unchanged: tuple[Resource, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do, nothing that waits and nothing that cannot be done."""
        return not self.operations

    @property
    def ready(self) -> tuple[Operation, ...]:
        """What would be written now."""
        return tuple(each for each in self.operations if each.ready)

    def unchanged_by_stack(self) -> Mapping[str, int]:
        """How many resources of each stack are as wished."""
        return dict(
            sorted(Counter(each.labels.get(LABEL_PATH, str(self.owner)) for each in self.unchanged).items())
        )

    def __str__(self) -> str:
        return "\n".join(str(each) for each in self.operations)
