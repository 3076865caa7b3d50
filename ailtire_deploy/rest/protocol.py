"""What the REST surface asks of a controller. ``problems`` says which error has which HTTP status."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Protocol

from ailtire_deploy.controller.journal import Event
from ailtire_deploy.idempotency import Once
from ailtire_deploy.log_lines import Asked
from ailtire_deploy.maintenance import Wish
from ailtire_deploy.metrics import Family
from ailtire_deploy.model import Route
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Accepted, LogLine, Reply, Stop
from ailtire_deploy.proxies import Offer
from ailtire_deploy.revocation import Revoked
from ailtire_deploy.rotation import Former
from ailtire_deploy.traffic import Traffic


class Controller(Protocol):
    """One stack's controller, called from many threads at once: readers never wait for the loop."""

    @property
    def path(self) -> StackPath: ...

    @property
    def key(self) -> bytes: ...

    @property
    def former(self) -> Former:
        """The key before, which is believed for a while."""
        ...

    def revoked(self) -> Revoked:
        """The tokens that were taken back. Raises Unreachable while that is not known."""
        ...

    def take_back(self, id: str | None) -> Mapping[str, Any]:
        """Take a token of the tree back, or without an id all of them; all that are, as JSON.

        Raises NotFound but at the root, InvalidInput for what is no id, Refused when it is too many, Busy.
        """
        ...

    def taken_back(self) -> Mapping[str, Any]:
        """Which tokens of the tree are taken back, as JSON (``views.withdrawn``)."""
        ...

    def children(self) -> Mapping[str, tuple[Route, ...]]:
        """The children by key, each with the routes on which it is mounted (``Child.routes``)."""
        ...

    def origins(self) -> Collection[str]:
        """The sites whose pages may show the view; asked for by anybody, so it asks nobody."""
        ...

    def topology(self) -> Mapping[str, Any]:
        """The stacks, networks and nodes as JSON (``views.topologies``)."""
        ...

    def matrix(self) -> Mapping[str, Any]:
        """Who can reach whom, as JSON (``views.matrices``)."""
        ...

    def verify(self, patience: float, *, keep: bool) -> Mapping[str, Any]:
        """Begin a look at the living networks, ``patience`` seconds long at most (``controller.looks``).

        Raises NotFound, and Busy while one is under way or the stack is shutting down.
        """
        ...

    def verified(self) -> Mapping[str, Any]:
        """How far the last look is, or what came of it."""
        ...

    def status(self, budget: float) -> Mapping[str, Any]:
        """The tree as JSON, within ``budget`` seconds: who runs out of them answers with what there is."""
        ...

    def metrics(self) -> Iterable[Family]:
        """Numbers about this one stack and its controller."""
        ...

    def log(self, asked: Asked, stop: Stop) -> Iterator[LogLine | None]:
        """Lines, oldest first. Raises NotFound for an unknown service.

        While following, None means that nothing came for a while; it has to come every other second,
        since only the heartbeat made from it notices a reader that has gone.
        """
        ...

    def plan(self) -> Mapping[str, Any]:
        """What is still to do for the newest revision, here and below. Raises NotFound and InvalidInput."""
        ...

    def events(self, last: str, stop: Stop) -> Iterator[Event | None]:
        """What happens from now on, or from after the event ``last``.

        None means that nothing came for a while, as in a log. Raises Unreachable.
        """
        ...

    def update(
        self, request: Mapping[str, Any], author: str, check: bool, once: Once | None = None
    ) -> Accepted:
        """Validate, plan, and unless ``check`` store a revision and wake the loop.

        ``request`` holds any of ``parameters``, ``environment`` (mappings; None removes a key),
        ``definition`` (a mapping), ``secrets`` (bytes by ``PATH/NAME``) and always ``replace`` (whether the
        two mappings replace instead of merging); with ``same_definition`` another one is refused. Raises
        InvalidInput, Refused, and Busy while the stack is shutting
        down. With ``once``, which holds for all three changes, the same request is done once and answered
        the same way again; InvalidInput when another came with its key.
        """
        ...

    def rollback(
        self,
        number: int | None,
        author: str,
        check: bool = False,
        once: Once | None = None,
        allowed: Collection[str] = (),
    ) -> Accepted:
        """Store a revision with the body of an older one and wake the loop.

        Without a number it is the last that converged. ``allowed`` has the words for what is not done
        unasked. Raises NotFound, InvalidInput, and Busy while the stack is shutting down.
        """
        ...

    def maintenance(self, wish: Wish, author: str, check: bool = False, once: Once | None = None) -> Accepted:
        """Close a service, or the whole stack, or open it again, and wake the loop.

        Raises InvalidInput for what offers nothing, and Busy while the stack is shutting down.
        """
        ...

    def offered(
        self,
        service: str,
        agent: str,
        live: str,
        refused: Mapping[str, str],
        counted: Traffic,
        wait: float,
        stop: Stop,
    ) -> Offer | None:
        """What the proxy ``service`` shall serve instead of ``live``: its configuration and certificates.


        Comes as soon as there is one, and is None when there was none for ``wait`` seconds, or word of what
        was ``counted`` is wanted earlier.
        """
        ...

    def shutdown(self, author: str, check: bool = False, once: Once | None = None) -> Accepted:
        """Persist the intent and wake the loop; asking again is no error."""
        ...

    def release(self, service: str, what: str, author: str) -> Mapping[str, Any]:
        """Ask something (``releases.stages.PROMOTE`` and its like) of one service's release, or of all ("").

        Raises NotFound when none is on, Busy when it is too late.
        """
        ...

    def register(self, child: str, url: str) -> Mapping[str, Any]:
        """The child called ``child`` is alive. Raises Refused when ``url`` is not its address."""
        ...

    def history(self) -> list[dict[str, Any]]:
        """The revisions, newest first, each with its ``number``."""
        ...

    def revision(self, number: int) -> dict[str, Any]:
        """One of them, with the ``progress`` it has made. Raises NotFound."""
        ...

    def difference(self, number: int, against: int | None) -> dict[str, Any]:
        """What differs in a revision from another, or from the one before. Raises NotFound."""
        ...

    def deadlines(self) -> Mapping[str, str]:
        """By when what is on its way has to have come further, as sentences by path."""
        ...

    def forward(
        self, child: str, method: str, subpath: str, query: str, body: bytes, role: str, budget: float
    ) -> Reply:
        """Make a signed call to a child, with ``ports.Children.forward``. Raises Unreachable.

        ``role`` is a grant (``identity.Caller.grant_for``), passed on as it is.
        """
        ...


__all__ = ["Accepted", "Controller", "Stop"]
