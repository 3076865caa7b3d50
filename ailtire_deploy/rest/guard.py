"""Who calls: deny by default, and tell nobody without a good token whether there is anything to see."""

from __future__ import annotations

from ailtire_deploy import identity, revocation
from ailtire_deploy.errors import Denied
from ailtire_deploy.identity import Caller
from ailtire_deploy.names import StackPath
from ailtire_deploy.rest.messages import Request
from ailtire_deploy.rest.places import Place
from ailtire_deploy.rest.protocol import Controller


def caller(controller: Controller, request: Request, place: Place, now: float) -> Caller:
    """Whoever proved a role that is good for the place, by a token or as our parent. Raises Denied."""
    scheme, _, rest = request.authorization.partition(" ")
    if scheme.lower() == "bearer":
        found = identity.authenticate(rest, controller.path, controller.key, now)
        if controller.revoked().covers(revocation.mark(rest)):
            raise Denied(f"the token of {found.sub} was taken back")
    else:
        found = _parent(controller, request, now)
    further = not place.exact and place.target.covers(found.path)  # the child decides, with the same rule
    if not found.path.covers(place.target) and not further:
        raise Denied(f"good for {found.path}, not for {place.target}")
    return found


def child(controller: Controller, request: Request, now: float) -> str:
    """The key of the child whose signature a registration bears. Raises Denied."""
    for key in sorted(controller.children()):
        path = controller.path / key
        try:
            found = _signed(request, identity.derive(controller.key, key), path, now)
        except Denied:
            continue
        if found.role == identity.CHILD:
            return key
    raise Denied("no child of this stack signed the registration")


def agent(controller: Controller, request: Request, service: str, now: float) -> None:
    """Raises Denied unless the stack's own proxy ``service`` signed the call."""
    found = _signed(request, identity.agent_key(controller.key, service), controller.path, now)
    if found.role != identity.AGENT:
        raise Denied("only an agent asks for a configuration")


def _parent(controller: Controller, request: Request, now: float) -> Caller:
    found = _signed(request, controller.key, controller.path, now)
    if found.role not in identity.ROLES:
        raise Denied(f"a call as {found.role} allows nothing else")
    return found


def _signed(request: Request, key: bytes, path: StackPath, now: float) -> Caller:
    if not request.authorization.startswith("Ailtire "):
        raise Denied("neither a token nor a signed call")
    body = identity.digest(request.body())
    return identity.verify_call(request.authorization, key, path, request.method, request.target, body, now)
