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
child.CHILD    ``POST /_admin/register``                      the own controller
=============  =============================================  ================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ailtire_deploy import names
from ailtire_deploy.model import WHOLE, Child, Limits, Route, Service, Stack
from ailtire_deploy.names import ADMIN_PORT, GATEWAY_PORT, StackPath
from ailtire_deploy.topology.seats import sibling_of
from ailtire_deploy.topology.shape import SLOTS, Face, Rule, Split, Target
from ailtire_deploy.topology.watching import watch

ADMIN, DOWN = "_admin", "_down"


def faces(stack: Stack) -> tuple[Face, ...]:
    """The faces of a stack's gateway; the command line's imaginary stack has no gateway."""
    if not stack.path:
        return ()
    return (
        Face("family", names.family_network(stack.path), tuple(family(stack)), trusted=True),
        Face("sibling", sibling_of(stack), tuple(sibling(stack))),
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
    targets = {child.key: gateway(stack.path / child.key, child.key) for child in stack.children}
    services = {service.key: service for service in stack.services}
    for route in ordered(_all_routes(stack)):
        target = targets.get(route.service) or plain(stack.path, services[route.service], route)
        limits = closed(stack, route)
        yield Rule(target, route.prefix, route.path, route.host, limits=limits)


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
        target = gateway(stack.path / child.key, child.key)
        for path in sorted({route.path for route in child.routes}, key=lambda path: (-len(path), path)):
            yield Rule(target, path, path, host=child.key)


def _child_face(stack: Stack, child: Child) -> Face:
    register = f"/{ADMIN}/register"
    rule = Rule(controller(stack.path, ADMIN), register, register, method="POST", exact=True)
    return Face(f"child.{child.key}", names.family_network(stack.path / child.key), (rule,))


def ordered(routes: Iterable[Route]) -> list[Route]:
    """Routes of a host before those of any; the longest prefix first."""
    return sorted(routes, key=lambda each: (not each.host, each.host, -len(each.prefix), each.prefix))


def controller(path: StackPath, label: str) -> Target:
    return Target(label, names.admin_service(path), ADMIN_PORT)


def gateway(path: StackPath, label: str) -> Target:
    return Target(label, names.gateway_service(path), GATEWAY_PORT, drains=True)


def plain(path: StackPath, service: Service, route: Route) -> Target:
    """A service's tasks at the port of a route. Raises ValueError for a route that names no port."""
    if route.port is None:
        raise ValueError(f"the route {route.prefix} of {service.key} has no port")
    label = service.key if len(_ports(service)) == 1 else f"{service.key}.{route.port}"
    name = names.in_stack(path, service.key)
    return Target(label, name, route.port, slots(service), watch=watch(service, route.port))


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


def slots(service: Service) -> int:
    """Room for twice the replicas, as an update may start all new first: a power of two from SLOTS up."""
    replicas = int(service.options.get("deploy", {}).get("replicas", 1))
    return max(SLOTS, 1 << (2 * replicas - 1).bit_length()) if replicas else SLOTS
