"""What a gateway answers, depending on the network a caller stands on; what is not listed is 404.

=============  =============================================  ================================================
face           request                                        goes to
=============  =============================================  ================================================
family         ``/_admin/…``                                  the own controller
..             ``/_down/CHILD/…``                             the child's controller, as ``/_admin/…``
..             ``_down`` anywhere else                        nobody
..             ``_admin`` anywhere below a child's mount      the own controller: it asks the child for the
                                                              caller, so no token of this stack goes there
..             a route of the interface, longest first        the service, or the child's gateway
sibling        ``_admin`` or ``_down`` anywhere               nobody
..             ``http://CHILD/…`` below a path of its routes  the child's gateway, unchanged
..             ``http://NAME/…``, where the parent grants     the parent's gateway, unchanged
               NAME
child.CHILD    ``POST /_admin/register``                      the own controller
..             ``_admin`` or ``_down`` anywhere else          nobody
..             ``http://NAME/…`` below a path of the routes   the service, or the gateway of that child,
               of what CHILD is granted as NAME               unchanged
..             the same, where it is handed on                the parent's gateway, by the name it has there
=============  =============================================  ================================================

The ports of TCP routes are in ``listeners``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from ailtire_deploy import names
from ailtire_deploy.model import UNLIMITED, WHOLE, Child, Limits, Route, Service, Stack
from ailtire_deploy.names import ADMIN_PORT, GATEWAY_PORT, StackPath
from ailtire_deploy.passages import Use
from ailtire_deploy.topology import listeners
from ailtire_deploy.topology.seats import sibling_of
from ailtire_deploy.topology.shape import Face, Rule, Split, Target
from ailtire_deploy.topology.watching import watch

ADMIN, DOWN = "_admin", "_down"


def faces(stack: Stack) -> tuple[Face, ...]:
    """The faces of a stack's gateway; the command line's imaginary stack has no gateway."""
    if not stack.path:
        return ()
    above = names.family_network(stack.path)
    return (
        Face("family", above, tuple(family(stack)), True, tuple(listeners.family(stack))),
        Face("sibling", sibling_of(stack), tuple(sibling(stack)), False, tuple(listeners.sibling(stack))),
        *(_child_face(stack, child) for child in stack.children),
    )


def family(stack: Stack) -> Iterator[Rule]:
    """Towards the parent, or the edge."""
    own = controller(stack.path, ADMIN)
    yield Rule(own, f"/{ADMIN}", f"/{ADMIN}")
    for child in stack.children:
        yield Rule(
            controller(stack.path / child.key, f"{DOWN}.{child.key}"), f"/{DOWN}/{child.key}", f"/{ADMIN}"
        )
    yield Rule(None, segment=DOWN)
    for route in ordered(route for child in stack.children for route in child.routes):
        yield Rule(own, route.prefix, route.prefix, route.host, segment=ADMIN)
    yield from _routes(stack)


def _routes(stack: Stack) -> Iterator[Rule]:
    services = {service.key: service for service in stack.services}
    for route in ordered(_all_routes(stack)):
        if route.service in services:
            target = plain(stack.path, services[route.service], route)
        else:
            target = _to_child(stack, route)
        yield Rule(target, route.prefix, route.path, route.host, limits=closed(stack, route))


def closed(stack: Stack, route: Route) -> Limits:
    """A route's limits, with the maintenance of its service or else of the whole stack."""
    found = stack.maintenance.get(route.service) or stack.maintenance.get(WHOLE)
    return replace(route.limits, closed=found) if found else route.limits


def _all_routes(stack: Stack) -> Iterator[Route]:
    for service in stack.services:
        yield from service.routes
    for child in stack.children:
        yield from child.routes


def sibling(stack: Stack) -> Iterator[Rule]:
    """Towards the stack's own plain services."""
    yield Rule(None, segment=ADMIN)
    yield Rule(None, segment=DOWN)
    for child in stack.children:
        yield from _below(child.routes, partial(_to_child, stack), child.key)
    for use in stack.uses:
        yield Rule(parent(stack, use), host=use.name, limits=_patience(use.timeout))


def _to_child(stack: Stack, route: Route) -> Target:
    return gateway(stack.path / route.service, route.service, route.h2c)


def _below(routes: Iterable[Route], target: Callable[[Route], Target], host: str) -> Iterator[Rule]:
    """What stands below the paths that a service sees, unchanged; of the limits only the time counts."""
    found: dict[str, Route] = {}
    for route in routes:
        known = found.setdefault(route.path, route)
        if route.limits.timeout > known.limits.timeout:
            found[route.path] = replace(known, limits=route.limits)
    for path, route in sorted(found.items(), key=lambda each: (-len(each[0]), each[0])):
        yield Rule(target(route), path, path, host, limits=_patience(route.limits.timeout))


def _patience(timeout: float) -> Limits:
    return Limits(timeout=timeout) if timeout else UNLIMITED


def _child_face(stack: Stack, child: Child) -> Face:
    """Without a grant nobody but the child's controller has to call here, and nobody's word counts."""
    network = names.family_network(stack.path / child.key)
    rules = (_register(stack), *(_upward(stack, child) if child.uses else ()))
    return Face(
        f"child.{child.key}", network, rules, bool(child.uses), tuple(listeners.granted(stack, child))
    )


def _register(stack: Stack) -> Rule:
    register = f"/{ADMIN}/register"
    return Rule(controller(stack.path, ADMIN), register, register, method="POST", exact=True)


def _upward(stack: Stack, child: Child) -> Iterator[Rule]:
    yield Rule(None, segment=ADMIN)
    yield Rule(None, segment=DOWN)
    for use in child.uses:
        yield from _granted(stack, use)


def _granted(stack: Stack, use: Use) -> Iterator[Rule]:
    service = next((each for each in stack.services if each.key == use.service), None)
    child = next((each for each in stack.children if each.key == use.service), None)
    if service and use.port is not None:
        whole = Route(service.key, "/", "/", port=use.port, h2c=use.h2c)
        yield Rule(plain(stack.path, service, whole), host=use.name, limits=_patience(use.timeout))
    elif service:
        yield from _below(service.routes, partial(plain, stack.path, service), use.name)
    elif child:
        yield from _below(child.routes, partial(_to_child, stack), use.name)
    else:
        called = use.service if use.service != use.name else ""
        yield Rule(parent(stack, use), host=use.name, limits=_patience(use.timeout), called=called)


def ordered(routes: Iterable[Route]) -> list[Route]:
    """Routes of a host before those of any; the longest prefix first."""
    return sorted(routes, key=lambda each: (not each.host, each.host, -len(each.prefix), each.prefix))


def controller(path: StackPath, label: str) -> Target:
    return Target(label, names.admin_service(path), ADMIN_PORT)


def gateway(path: StackPath, label: str, h2c: bool = False) -> Target:
    return _speaking(Target(label, names.gateway_service(path), GATEWAY_PORT, drains=True), h2c)


def parent(stack: Stack, use: Use) -> Target:
    """The way up. No service has the label: ``gateway`` is no service's key."""
    return gateway(stack.path.parent, f"{names.GATEWAY}.parent", use.h2c)


def _speaking(target: Target, h2c: bool) -> Target:
    return replace(target, label=f"{target.label}.h2c", speaks="h2c") if h2c else target


def plain(path: StackPath, service: Service, route: Route) -> Target:
    """A service's tasks at the port of a route. Raises ValueError for a route that names no port."""
    if route.port is None:
        raise ValueError(f"the route {route.prefix} of {service.key} has no port")
    label = service.key if _ports(service) == {route.port} else f"{service.key}.{route.port}"
    name, room = names.in_stack(path, service.key), listeners.slots(service)
    return _speaking(Target(label, name, route.port, room, watch=watch(service, route.port)), route.h2c)


def splits(path: StackPath, faces: Iterable[Face], weights: Mapping[str, int]) -> Iterator[Split]:
    """Where the next version of a service gets some of its requests: one for each of its ports."""
    services = {names.in_stack(path, key): key for key in weights}
    targets = dict.fromkeys(rule.target for face in faces for rule in face.rules if rule.target)
    for target in targets:
        key = services.get(target.service)
        if key is not None:
            label, service = names.candidate_key(target.label), names.candidate_service(path, key)
            yield Split(target, replace(target, label=label, service=service), weights[key])


def slow(stack: Stack, splits: Iterable[Split]) -> dict[str, tuple[int, ...]]:
    """From how many milliseconds on answers are counted as slow: of next versions that are judged by it."""
    services = {
        names.in_stack(stack.path, each.key): each.strategy.abort_if.slower for each in stack.services
    }
    found = {each.candidate.label: services[each.target.service] for each in splits}
    return {label: tuple(time for time, _ in limits) for label, limits in found.items() if limits}


def _ports(service: Service) -> set[int | None]:
    return {route.port for route in service.routes}
