"""From a request to an answer: find the place, ask who calls, and only then say anything.

The order is that of what may be learned: 401 before everything, so that absent and forbidden look alike; then
404, 405, 403, 400, and what the call itself finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ailtire_deploy.errors import AiltireError, NotFound
from ailtire_deploy.identity import CHILD, Caller
from ailtire_deploy.rest import endpoints, guard, parameters, places, view
from ailtire_deploy.rest.agents import Agents
from ailtire_deploy.rest.calls import Call
from ailtire_deploy.rest.endpoints import PUBLIC, Endpoint
from ailtire_deploy.rest.forwarding import forward
from ailtire_deploy.rest.messages import Again, Answer, Request
from ailtire_deploy.rest.places import Place
from ailtire_deploy.rest.problems import HttpError, answer_for
from ailtire_deploy.rest.protocol import Controller, Stop
from ailtire_deploy.rest.streams import Slots

NOBODY = "nobody"
LEAST = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Surface:
    """All that can be asked of one controller."""

    controller: Controller
    stop: Stop
    now: Callable[[], float]
    slots: Slots = field(default_factory=Slots)
    again: Again = field(default_factory=Again)
    agents: Agents = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "agents", Agents(self.controller, self.stop))

    def answer(self, request: Request) -> Answer:
        """An answer, whatever happens; errors are ``application/problem+json``."""
        try:
            origins = self.controller.origins
            found = view.preflight(request, origins) or self._answer(request)
            return view.shared(found, request, origins)
        except Exception as error:  # the last place where one can be turned into an answer
            return view.shared(answer_for(error), request, self.controller.origins)

    def _answer(self, request: Request) -> Answer:
        now = self.now()
        if self.agents.asks(request):
            return self.agents.answer(request, now)
        place, failure = self._place(request)
        public = _public(request, place)
        caller = Caller(NOBODY, PUBLIC, place.target) if public else self._caller(request, place, now)
        if failure:
            raise failure
        endpoint = public or _endpoint(request, place, caller)
        found = _parameters(request, endpoint, now)
        budget = _budget(endpoint, found.pop("budget", None))
        call = Call(
            *(self.controller, request, place, caller, found, self.slots, self.stop, budget),
            again=self.again,
        )
        return forward(call, endpoint) if place.child and not public else endpoint.answer(call)

    def _place(self, request: Request) -> tuple[Place, AiltireError | None]:
        """A controller that does not know its children just now says so, but to none without a token.

        What belongs to the page is the same at every address, so nobody is asked about that one.
        """
        own = self.controller.path
        if shown := view.name(request.path):
            return Place(own, shown), None
        try:
            return places.find(request.path, request.host, own, self.controller.children), None
        except AiltireError as error:
            return Place(own), error

    def _caller(self, request: Request, place: Place, now: float) -> Caller:
        """A registration is signed with a child's key, every other call with ours or by a token."""
        if place == Place(self.controller.path, "register") and request.authorization.startswith("Ailtire "):
            key = guard.child(self.controller, request, now)
            return Caller(key, CHILD, self.controller.path / key)
        return guard.caller(self.controller, request, place, now)


def _public(request: Request, place: Place) -> Endpoint | None:
    """What anybody may have."""
    name = "" if place.child else place.name
    found = [each for each in endpoints.named(name) if each.role == PUBLIC]
    return _of_method(found, request.method) if found else None


def _endpoint(request: Request, place: Place, caller: Caller) -> Endpoint:
    found = [each for each in endpoints.named(place.name) if each.below or not place.child]
    if not found:
        raise NotFound("there is nothing at this address")
    endpoint = _of_method(found, request.method)
    if not caller.may(endpoint.role):
        raise HttpError(403, f"this needs the role {endpoint.role}; the token has {caller.role}")
    return endpoint


def _of_method(found: Sequence[Endpoint], method: str) -> Endpoint:
    for each in found:
        if each.method == ("GET" if method == "HEAD" else method):
            return each
    allowed = ", ".join("GET, HEAD" if each.method == "GET" else each.method for each in found)
    raise HttpError(405, f"{method[:20]} is not possible here", Allow=allowed)


def _parameters(request: Request, endpoint: Endpoint, now: float) -> dict[str, Any]:
    found = parameters.read(request.query, endpoint.parameters, now, request.handed)
    if "format" in endpoint.parameters and "format" not in found:
        lines = any(kind in request.accept for kind in ("application/x-ndjson", "application/json"))
        found["format"] = "json" if lines else "text"
    return found


def _budget(endpoint: Endpoint, asked: float | None) -> float:
    """The seconds a caller further up has left for this, and never more than the call's own."""
    return endpoint.budget if asked is None else min(max(asked, LEAST), endpoint.budget)
