"""What the inside asks of the outside: engine, children, clock. The real things stand at the rim."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ailtire_deploy.names import StackPath
from ailtire_deploy.state import Key, Resource, State


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Which swarm this is: ``address`` as the user would name the engine, ``cluster`` the swarm's id."""

    address: str
    cluster: str
    version: str
    api: str
    nodes: int
    managers: int


NOTE = "note"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a task's output. ``source`` is ``path/service.slot``; ``stream`` stdout or stderr.

    One whose stream is NOTE was written by no program: it says of its source that lines are missing, and why.
    ``beyond`` is how many bytes of a very long line its text does not hold.
    """

    source: str
    stream: str
    time: str  # RFC 3339, as the engine wrote it
    text: str
    beyond: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Attachment:
    """An address on a network, and the service whose task has it; ``container`` where it is no service's.

    ``task`` is "" for the address that a service shares among its tasks.
    """

    network: str
    service: str
    address: str
    task: str = ""
    container: str = ""


@dataclass(frozen=True, slots=True)
class Tagged:
    """What a registry said about a tag: its digest, or "" and why; ``denied`` when it wants a login."""

    digest: str
    problem: str = ""
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Calls:
    """How often an engine was called, and how often in vain."""

    calls: int = 0
    errors: int = 0


class Engine(Protocol):
    """One swarm. Names go in, ids never come out; errors are those of ``errors``.

    Nothing is made, changed or removed that bears no label of ours: ``Conflict`` is raised instead.
    """

    def info(self) -> EngineInfo:
        """Which swarm answers. Raises Unreachable when it cannot be seen (no engine, no swarm, no leader)."""
        ...

    def observe(self, root: StackPath) -> State:
        """All that bears our labels in the tree of ``root``, its tasks, and the names that strangers hold.

        Raises Unreachable instead of answering with less than everything.
        """
        ...

    def create(self, resource: Resource) -> None:
        """Raises Conflict when the name is taken, Refused when the engine does not want it."""
        ...

    def update(self, resource: Resource, found: Resource) -> None:
        """Write ``resource`` over ``found``, as it was read. Raises OutOfSequence when it has moved since."""
        ...

    def remove(self, found: Resource) -> None:
        """Remove what was found; what is gone already is no error."""
        ...

    def logs(self, task_id: str, source: str, *, tail: int, since: float = 0.0) -> Iterator[LogLine]:
        """The newest ``tail`` lines of a task, read as they are taken; whoever ends early closes it.

        A task whose container is gone has none. Raises Unreachable when they cannot be read to their end.
        """
        ...

    def attachments(self) -> Sequence[Attachment]:
        """Who stands on which network of the swarm, strangers included."""
        ...

    def containers(self, services: Collection[str]) -> int:
        """How many containers of these services are left on the node that answers.

        A node clears them away a moment after the swarm has forgotten their tasks.
        """
        ...

    def digests(self, images: Collection[str]) -> Mapping[str, Tagged]:
        """What the tags of images stand for now, as far as registries answer; it takes seconds at most."""
        ...

    def wait(self, seconds: float) -> None:
        """Return when an event says that something of ours changed, at the latest after ``seconds``."""
        ...

    def usage(self) -> Mapping[tuple[str, str], Calls]:
        """How it was used since it was made, by HTTP method and kind of thing."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What a controller answered: its HTTP status and JSON body.

    Of another content type the body is an iterator of bytes, to be closed by whoever ends reading it early.
    ``location`` is the header of that name, "" without one.
    """

    status: int
    body: Any
    content_type: str = "application/json"
    location: str = ""


class Children(Protocol):
    """Signed calls to the controllers below (through the own gateway) and to the parent."""

    def call(
        self,
        child: StackPath,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        role: str,
        budget: float,
    ) -> Reply:
        """One call to a child's controller. Raises Unreachable when ``budget`` seconds bring no answer."""
        ...

    def forward(
        self, child: StackPath, method: str, path: str, query: str, body: bytes, role: str, budget: float
    ) -> Reply:
        """The same for somebody else's request: bytes go in, and a log comes back as a stream."""
        ...

    def register(self, budget: float) -> Reply:
        """Tell the parent that this stack is alive."""
        ...


class Stop(Protocol):
    """A ``threading.Event``, or anything that says whether it is time to end."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of an update: the revision's name ("" when it was only checked) and the plan as JSON.

    ``again``: it was asked for before, with the same key, and not done twice.
    """

    revision: str
    plan: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False


__all__ = [
    "NOTE",
    "Accepted",
    "Attachment",
    "Calls",
    "Children",
    "Engine",
    "EngineInfo",
    "Key",
    "LogLine",
    "Reply",
    "Resource",
    "State",
    "Stop",
    "Tagged",
]
