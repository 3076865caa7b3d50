"""At which ports a gateway passes bytes on, depending on the network a caller stands on.

=============  ==========================================  ===================================================
face           port                                        goes to
=============  ==========================================  ===================================================
family         of a ``tcp:`` route of the interface        the service, or the child's gateway
sibling        of a ``tcp:`` route of a child              the child's gateway
..             of what the parent grants                   the parent's gateway
child.CHILD    of what CHILD is granted                    the service, or the gateway of that child
..             the same, where it is handed on             the parent's gateway
=============  ==========================================  ===================================================

A port has one meaning on a face; on any face that does not list it a connection is closed at once. On its way
down the address of the caller goes along (``proxy``), so that ``allow`` means who called at the edge.
"""

from __future__ import annotations

from collections.abc import Iterator

from ailtire_deploy import names
from ailtire_deploy.model import Child, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.passages import TcpRoute
from ailtire_deploy.topology.shape import SLOTS, Listener, Target


def family(stack: Stack) -> Iterator[Listener]:
    """Towards the parent, or the edge."""
    for service in stack.services:
        for route in service.tcp:
            yield Listener(route.listen, _plain(stack.path, service, route), route.allow, route.rest)
    for child in stack.children:
        for route in child.tcp:
            yield Listener(route.listen, _child(stack, route), route.allow, route.rest)


def sibling(stack: Stack) -> Iterator[Listener]:
    """Towards the stack's own plain services, which reach each other without a gateway."""
    for child in stack.children:
        for route in child.tcp:
            yield Listener(route.listen, _child(stack, route), rest=route.rest)
    for use in stack.uses:
        yield from (_parent(stack, port) for port in use.tcp)


def granted(stack: Stack, child: Child) -> Iterator[Listener]:
    """Towards a child."""
    services = {service.key: service for service in stack.services}
    children = {each.key: each for each in stack.children}
    for use in child.uses:
        if use.service in services:
            service = services[use.service]
            yield from (Listener(r.listen, _plain(stack.path, service, r), rest=r.rest) for r in service.tcp)
        elif use.service in children:
            routes = children[use.service].tcp
            yield from (Listener(route.listen, _child(stack, route), rest=route.rest) for route in routes)
        else:
            yield from (_parent(stack, port) for port in use.tcp)


def passed(stack: Stack) -> Iterator[Listener]:
    """What a root's edge hands to the root's gateway."""
    rests = {each.port: each.rest for each in family(stack)}
    for port in sorted({each.tcp for each in stack.gateway.publish if each.tcp is not None}):
        yield Listener(
            port, _gateway(stack.path, names.GATEWAY, port, port, "proxy"), rest=rests.get(port, 0.0)
        )


def _plain(path: StackPath, service: Service, route: TcpRoute) -> Target:
    label = _label(service.key, route.listen)
    return Target(label, names.in_stack(path, service.key), route.port, slots(service))


def _child(stack: Stack, route: TcpRoute) -> Target:
    return _gateway(stack.path / route.service, route.service, route.listen, route.port, "proxy")


def _parent(stack: Stack, port: int) -> Listener:
    return Listener(port, _gateway(stack.path.parent, names.GATEWAY, port, port))


def _gateway(path: StackPath, key: str, listen: int, port: int, speaks: str = "") -> Target:
    return Target(_label(key, listen), names.gateway_service(path), port, drains=True, speaks=speaks)


def _label(key: str, listen: int) -> str:
    """It begins with the key, as every label of a service does; ``gateway`` is no service's."""
    return f"{key}.tcp.{listen}"


def slots(service: Service) -> int:
    """Room for twice the replicas, as an update may start all new first: a power of two from SLOTS up."""
    replicas = int(service.options.get("deploy", {}).get("replicas", 1))
    return max(SLOTS, 1 << (2 * replicas - 1).bit_length()) if replicas else SLOTS
