"""What the REST surface asks of a controller. Errors are those of ``errors``; ``problems`` gives each its status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ailtire_deploy.model import Route
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import LogLine, Reply


class Stop(Protocol):
    """A ``threading.Event``, or anything that says whether it is time to end."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of an update: the revision's name ("" when it was only checked) and the plan as JSON."""

    revision: str
    plan: Mapping[str, Any] = field(default_factory=dict)


class Controller(Protocol):
    """One stack's controller, called from many threads at once: readers never wait for the loop."""

    @property
    def path(self) -> StackPath: ...

    @property
    def key(self) -> bytes: ...

    def children(self) -> Mapping[str, tuple[Route, ...]]:
        """The children by key, each with the routes on which it is mounted (``Child.routes``)."""
        ...

    def status(self, budget: float) -> Mapping[str, Any]:
        """The tree as JSON (design §12), within ``budget`` seconds: whoever runs out answers with what there is."""
        ...

    def log(
        self, service: str | None, tail: int, since: float, follow: bool, recursive: bool, stop: Stop
    ) -> Iterator[LogLine | None]:
        """Lines, oldest first; ``since`` in seconds since 1970. Raises NotFound for an unknown service.

        While following, None means that nothing came for a while; it has to come at least every 10 seconds, since
        only the heartbeat made from it notices a reader that has gone.
        """
        ...

    def update(self, request: Mapping[str, Any], author: str, check: bool) -> Accepted:
        """Validate, plan, and unless ``check`` store a revision and wake the loop.

        ``request`` holds any of ``parameters``, ``environment`` (mappings; None removes a key), ``definition``
        (a mapping) and always ``replace`` (whether the two mappings replace instead of merging).
        Raises InvalidInput, and Busy while the stack is shutting down.
        """
        ...

    def shutdown(self, author: str) -> Mapping[str, Any]:
        """Persist the intent and wake the loop; asking again is no error."""
        ...

    def register(self, child: str, url: str) -> Mapping[str, Any]:
        """The child called ``child`` is alive. Raises Refused when ``url`` is not what the definition implies."""
        ...

    def history(self) -> list[dict[str, Any]]:
        """The revisions, newest first, each with its ``number``."""
        ...

    def forward(
        self, child: str, method: str, subpath: str, query: str, body: bytes, role: str, budget: float
    ) -> Reply:
        """Make a signed call to a child: ``ports.Children.forward`` with the child's path. Raises Unreachable.

        ``role`` is a grant (``identity.Caller.grant_for``), passed on as it is.
        """
        ...
