"""Who may meet whom: examples first, then what has to hold for every stack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given

from ailtire_deploy.entrances import PublishedPort
from ailtire_deploy.model import Child, Gateway, Route, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.passages import TcpRoute, Use
from ailtire_deploy.topology import Face, Rule, Seat, Topology, decide
from tests.stacks import few, launching, shop, stacks


def face(topology: Topology, name: str) -> Face:
    return next(face for face in topology.faces if face.name == name)


def told(rule: Rule) -> str:
    """A rule in a line: who, where, and who answers."""
    who = f"{rule.method} " if rule.method else ""
    below = f" with {rule.segment}" if rule.segment else ""
    target = f"{rule.target.service}:{rule.target.port}" if rule.target else "nobody"
    rewritten = f" as {rule.path}" if rule.path != rule.prefix else ""
    return f"{who}{rule.host}{rule.prefix}{'' if rule.exact else '*'}{below} -> {target}{rewritten}"


def test_each_member_sits_where_the_table_says() -> None:
    assert decide(shop()).seats == {
        "web": (Seat("sibling", ("web",)),),
        "db": (Seat("sibling", ("db",)),),
        "gateway": (Seat("sibling", ("orders",)), Seat("family"), Seat("orders_family", ("admin",))),
        "edge": (Seat("edge"), Seat("family")),
        "orders_admin": (Seat("orders_family"),),
    }


def test_every_network_but_that_of_the_edge_and_the_ways_out_is_internal() -> None:
    service = Service("web", "web", egress=True)
    found = {each.name: each.internal for each in decide(shop(services=(service,))).networks}
    assert found == {
        "shop_sibling": True,
        "shop_family": True,
        "shop_edge": False,
        "shop_orders_family": True,
        "shop_web_egress": False,
    }


def test_the_family_network_is_made_by_the_launcher() -> None:
    assert [each.key for each in decide(shop()).networks if each.external] == ["family"]


def test_a_stack_below_the_root_has_no_edge_whatever_it_publishes() -> None:
    below = decide(shop(path=StackPath(("mall", "shop"))))
    assert below.edge is None
    assert "edge" not in below.seats


def test_a_root_that_publishes_nothing_has_no_edge() -> None:
    assert decide(shop(gateway=Gateway())).edge is None


def test_the_command_line_has_the_family_network_and_the_controller_of_the_root_and_nothing_else() -> None:
    found = decide(launching())
    assert [(each.key, each.name, each.external) for each in found.networks] == [
        ("shop_family", "shop_family", False)
    ]
    assert found.seats == {"shop_admin": (Seat("shop_family"),)}
    assert found.faces == ()


def test_the_family_face_answers_routes_and_controllers() -> None:
    assert [told(rule) for rule in face(decide(shop()), "family").rules] == [
        "/_admin* -> shop_admin:3000",
        "/_down/orders* -> shop_orders_admin:3000 as /_admin",
        "/* with _down -> nobody",
        "/orders* with _admin -> shop_admin:3000",
        "/orders* -> shop_orders_gateway:80 as /",
        "/* -> shop_web:8080",
    ]


def test_the_sibling_face_answers_children_by_name_and_no_controller() -> None:
    assert [told(rule) for rule in face(decide(shop()), "sibling").rules] == [
        "/* with _admin -> nobody",
        "/* with _down -> nobody",
        "orders/* -> shop_orders_gateway:80",
    ]


def test_the_face_towards_a_child_answers_its_registration_only() -> None:
    assert [told(rule) for rule in face(decide(shop()), "child.orders").rules] == [
        "POST /_admin/register -> shop_admin:3000"
    ]


def test_a_service_reaches_a_child_only_below_what_the_child_offers() -> None:
    child = Child("orders", {}, routes=(Route("orders", "/a", "/api"), Route("orders", "/b", "/api/b")))
    assert [told(rule) for rule in face(decide(shop(children=(child,))), "sibling").rules[2:]] == [
        "orders/api/b* -> shop_orders_gateway:80",
        "orders/api* -> shop_orders_gateway:80",
    ]


def test_a_child_without_an_interface_has_no_name_beside_the_services() -> None:
    found = decide(shop(children=(Child("orders", {}),)))
    assert found.seats["gateway"][0] == Seat("sibling", ())
    assert [told(rule) for rule in face(found, "sibling").rules[2:]] == []


def granting(*uses: Use, **changes: Any) -> Stack:
    """A shop in a mall that grants its child some things; the mall grants it ``auth`` and ``db``."""
    child = Child("orders", {}, routes=(Route("orders", "/orders", "/"),), uses=uses)
    own = (Use("auth", timeout=90.0), Use("db", tcp=(5432,)))
    return shop(path=StackPath(("mall", "shop")), children=(child, Child("quiet", {})), uses=own, **changes)


def test_the_sibling_face_answers_what_the_parent_grants_by_its_name() -> None:
    assert [told(rule) for rule in face(decide(granting()), "sibling").rules[2:]] == [
        "orders/* -> mall_shop_orders_gateway:80",
        "auth/* -> mall_gateway:80",
        "db/* -> mall_gateway:80",
    ]


def test_what_the_parent_grants_has_a_name_beside_the_services() -> None:
    assert decide(granting()).seats["gateway"][0] == Seat("sibling", ("orders", "auth", "db"))


def test_the_face_towards_a_child_answers_what_is_granted_and_no_controller() -> None:
    found = face(
        decide(granting(Use("front", "web"), Use("login", "auth"), Use("raw", "db", 5432))), "child.orders"
    )
    assert [told(rule) for rule in found.rules] == [
        "POST /_admin/register -> mall_shop_admin:3000",
        "/* with _admin -> nobody",
        "/* with _down -> nobody",
        "front/* -> mall_shop_web:8080",
        "login/* -> mall_gateway:80",
        "raw/* -> mall_shop_db:5432",
    ]
    assert [rule.called for rule in found.rules[3:]] == ["", "auth", ""]
    assert found.trusted


def test_a_child_without_a_grant_has_nothing_but_its_registration() -> None:
    found = face(decide(granting(Use("front", "web"))), "child.quiet")
    assert [told(rule) for rule in found.rules] == ["POST /_admin/register -> mall_shop_admin:3000"]
    assert not found.trusted
    assert found.listeners == ()


def ports(face: Face) -> list[str]:
    """What a face passes on, a line a port."""
    return [f"{each.port} -> {each.target.service}:{each.target.port} {each.target.speaks}".strip()
            for each in face.listeners]  # fmt: skip


def test_a_tcp_route_is_a_port_of_the_faces_whose_callers_may_use_it() -> None:
    db = Service("db", "postgres", tcp=(TcpRoute("db", 5432, 5433, ("10.0.0.0/8",), 60.0),))
    queue = Child("queue", {}, tcp=(TcpRoute("queue", 15672, 5672),))
    inner = Child("inner", {}, uses=(Use("db", "db"), Use("bus", "queue"), Use("files", "nfs", tcp=(2049,))))
    gateway = Gateway((PublishedPort(80), PublishedPort(6000, tcp=5432)))
    stack = shop(services=(db,), children=(queue, inner), uses=(Use("nfs", tcp=(2049,)),), gateway=gateway)
    found = decide(stack)
    assert {each.name: ports(each) for each in found.faces} == {
        "family": ["5432 -> shop_db:5433", "15672 -> shop_queue_gateway:5672 proxy"],
        "sibling": ["15672 -> shop_queue_gateway:5672 proxy", "2049 -> gateway:2049"],
        "child.queue": [],
        "child.inner": [
            "5432 -> shop_db:5433",
            "15672 -> shop_queue_gateway:5672 proxy",
            "2049 -> gateway:2049",
        ],
    }
    assert [(each.port, each.target.service, each.target.speaks, each.rest) for each in found.passed] == [
        (5432, "shop_gateway", "proxy", 60.0)
    ]
    allowed = {each.name: each.listeners[0].allow for each in found.faces if each.listeners}
    assert allowed == {"family": ("10.0.0.0/8",), "sibling": (), "child.inner": ()}


def test_what_takes_http_2_is_asked_in_it_at_every_gateway_on_the_way() -> None:
    calls = Route("rpc", "/rpc", "/rpc", port=50051, h2c=True)
    rpc = Service("rpc", "rpc", routes=(calls, Route("rpc", "/", "/", port=80)))
    child = Child(
        "orders", {}, routes=(Route("orders", "/o", "/o", h2c=True),), uses=(Use("rpc", "rpc", h2c=True),)
    )
    found = decide(shop(services=(rpc,), children=(child,), uses=(Use("up", h2c=True), Use("old"))))
    spoken = {told(rule): rule.target.speaks for each in found.faces for rule in each.rules if rule.target}
    assert {line for line, speaks in spoken.items() if speaks == "h2c"} == {
        "/rpc* -> shop_rpc:50051",
        "rpc/rpc* -> shop_rpc:50051",
        "/o* -> shop_orders_gateway:80",
        "orders/o* -> shop_orders_gateway:80",
        "up/* -> gateway:80",
    }


def test_routes_of_a_host_come_first_and_the_longest_prefix_wins() -> None:
    routes = (
        Route("web", "/", "/", port=80),
        Route("web", "/a/b", "/a/b", port=80),
        Route("web", "/a", "/a", port=80),
        Route("web", "/", "/", "shop.example.com", 80),
    )
    found = decide(shop(services=(Service("web", "web", routes=routes),), children=()))
    assert [told(rule) for rule in face(found, "family").rules[2:]] == [
        "shop.example.com/* -> shop_web:80",
        "/a/b* -> shop_web:80",
        "/a* -> shop_web:80",
        "/* -> shop_web:80",
    ]


def test_scaling_by_a_few_changes_nothing_at_the_gateway() -> None:
    def scaled(replicas: int) -> Topology:
        web = replace(shop().services[0], options={"deploy": {"replicas": replicas}})
        return decide(shop(services=(web,)))

    assert scaled(0) == scaled(1) == scaled(2) == scaled(8)
    assert scaled(9).faces[0].rules[-1].target.slots == 32  # type: ignore[union-attr]


@few
@given(stacks())
def test_a_plain_service_is_on_its_sibling_network_and_its_own_way_out(stack: Stack) -> None:
    found = decide(stack)
    for service in stack.services:
        out = {f"{service.key}_egress"} if service.egress else set()
        assert {seat.network for seat in found.seats[service.key]} == {"sibling"} | out


@few
@given(stacks())
def test_a_way_out_has_one_member(stack: Stack) -> None:
    found = decide(stack)
    for network in found.networks:
        members = [key for key, seats in found.seats.items() for seat in seats if seat.network == network.key]
        assert network.internal or len(members) == 1


@few
@given(stacks())
def test_only_proxies_stand_on_several_internal_networks(stack: Stack) -> None:
    found = decide(stack)
    inside = {network.key for network in found.networks if network.internal}
    crossing = {
        key for key, seats in found.seats.items() if sum(seat.network in inside for seat in seats) > 1
    }
    assert crossing <= {"gateway"}


@few
@given(stacks())
def test_no_controller_is_on_a_sibling_network(stack: Stack) -> None:
    found = decide(stack)
    for child in stack.children:
        assert found.seats[f"{child.key}_admin"] == (Seat(f"{child.key}_family"),)


@few
@given(stacks())
def test_every_seat_is_on_a_network_that_exists(stack: Stack) -> None:
    found = decide(stack)
    known = {network.key for network in found.networks}
    assert {seat.network for seats in found.seats.values() for seat in seats} <= known


@few
@given(stacks())
def test_only_the_family_face_reaches_controllers_beyond_a_registration(stack: Stack) -> None:
    for each in decide(stack).faces:
        for rule in each.rules:
            reaches = rule.target is not None and rule.target.port == 3000
            assert each.name == "family" or not reaches or (rule.exact and rule.method == "POST")
