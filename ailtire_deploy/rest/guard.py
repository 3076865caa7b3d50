"""Who calls: deny by default, and tell nobody without a good token whether there is anything to see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ailtire_deploy import identity, revocation
from ailtire_deploy.errors import Denied
from ailtire_deploy.identity import Caller
from ailtire_deploy.names import StackPath
from ailtire_deploy.rest.messages import Request
from ailtire_deploy.rest.places import Place
from ailtire_deploy.rest.protocol import Controller

Found = TypeVar("Found")


def caller(controller: Controller, request: Request, place: Place, now: float) -> Caller:
    """Whoever proved a role that is good for the place, by a token or as our parent. Raises Denied."""
    scheme, _, rest = request.authorization.partition(" ")
    if scheme.lower() == "bearer":
        found = _first(keys(controller, now), lambda key: _bearer(controller, rest, key, now))
        if controller.revoked().covers(revocation.mark(rest)):
            raise Denied(f"the token of {found.sub} was taken back")
    else:
        found = _first(keys(controller, now), lambda key: _parent(controller, request, key, now))
    further = not place.exact and place.target.covers(found.path)  # the child decides, with the same rule
    if not found.path.covers(place.target) and not further:
        raise Denied(f"good for {found.path}, not for {place.target}")
    return found


def keys(controller: Controller, now: float) -> tuple[bytes, ...]:
    """The controller's key, and the one before while that is good."""
    return (controller.key, *controller.former.believed(now))


def child(controller: Controller, request: Request, now: float) -> str:
    """The key of the child whose signature a registration bears. Raises Denied."""
    for key in sorted(controller.children()):
        path = controller.path / key
        for own in keys(controller, now):
            try:
                found = _signed(request, identity.derive(own, key), path, now)
            except Denied:
                continue
            if found.role == identity.CHILD:
                return key
    raise Denied("no child of this stack signed the registration")


def agent(controller: Controller, request: Request, service: str, now: float) -> bytes:
    """The key with which the stack's own proxy ``service`` signed the call. Raises Denied."""
    shared = [identity.agent_key(key, service) for key in keys(controller, now)]
    return _first(shared, lambda key: _agent(controller, request, key, now))


def _first(held: Iterable[bytes], attempt: Callable[[bytes], Found]) -> Found:
    """What the first key gives that is good for something. Raises Denied when none is."""
    denied = Denied("there is no key")
    for key in held:
        try:
            return attempt(key)
        except Denied as error:
            denied = error
    raise denied


def _bearer(controller: Controller, token: str, key: bytes, now: float) -> Caller:
    return identity.authenticate(token, controller.path, key, now)


def _agent(controller: Controller, request: Request, key: bytes, now: float) -> bytes:
    if _signed(request, key, controller.path, now).role != identity.AGENT:
        raise Denied("only an agent asks for a configuration")
    return key


def _parent(controller: Controller, request: Request, key: bytes, now: float) -> Caller:
    found = _signed(request, key, controller.path, now)
    if found.role not in identity.ROLES:
        raise Denied(f"a call as {found.role} allows nothing else")
    return found


def _signed(request: Request, key: bytes, path: StackPath, now: float) -> Caller:
    if not request.authorization.startswith("Ailtire "):
        raise Denied("neither a token nor a signed call")
    body = identity.digest(request.body())
    return identity.verify_call(request.authorization, key, path, request.method, request.target, body, now)
