"""The rendered configurations in a real HAProxy: what each face answers, and what the edge lets through."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from ailtire_deploy import topology
from ailtire_deploy.entrances import PublishedPort
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.gateway import haproxy
from ailtire_deploy.gateway.counting import Counting
from ailtire_deploy.model import Child, Gateway, Limits, Route, Service, Stack
from ailtire_deploy.names import CERTIFICATES_FILE, StackPath
from ailtire_deploy.passages import TcpRoute, Use
from ailtire_deploy.render import edge as edges
from ailtire_deploy.render import proxy, words
from ailtire_deploy.render.narrow import narrow, segments
from tests import pem
from tests.proxies import Proxy, free_port, running, valid
from tests.stacks import CASES, filled, stacks
from tests.swarm import eventually

GATEWAY = topology.Target("gateway", "mall_gateway", 80, drains=True)
FAMILY, SIBLING, ORDERS, QUIET, STRANGER = (f"127.0.0.{number}" for number in range(2, 7))
FACES = {
    "mall_family": FAMILY,
    "mall_sibling": SIBLING,
    "mall_orders_family": ORDERS,
    "mall_quiet_family": QUIET,
}


def mall() -> Stack:
    """A stack with a service at three prefixes, one child at two mounts, and one that offers nothing.

    The first child may use the service, another child, and what the stack itself is granted, each by a name
    of its own; nobody else may.
    """
    front = Service(
        "front",
        "front",
        routes=(
            Route("front", "/", "/", port=80),
            Route("front", "/static/v1.2", "/", port=81),
            Route("front", "/", "/site", host="example.com", port=82),
        ),
    )
    orders = Child(
        "orders",
        {},
        routes=(Route("orders", "/orders", "/"), Route("orders", "/a/orders", "/orders")),
        uses=(Use("shop", "front", 80), Use("pages", "wiki"), Use("lift", "above"), Use("stairs", "stairs")),
    )
    wiki = Child("wiki", {}, routes=(Route("wiki", "/wiki", "/api"),))
    children = (orders, wiki, Child("quiet", {}))
    return Stack(
        StackPath(("mall",)), services=(front,), children=children, uses=(Use("above"), Use("stairs"))
    )


def configuration(folder: Path, port: int) -> bytes:
    shape = topology.decide(mall())
    faces = proxy.faces_map(shape, {network: (f"{address}/32",) for network, address in FACES.items()})
    (folder / "faces.map").write_bytes(faces)
    (folder / "routes.map").write_bytes(proxy.routes_map(shape))
    return proxy.gateway(shape, proxy.Place(f"*:{port}", socket=str(folder / "socket")))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder, port = tmp_path_factory.mktemp("gateway"), free_port()
    with running(configuration(folder, port), port, folder, frozenset({"mall_wiki_gateway"})) as found:
        yield found


@pytest.fixture(scope="module", params=[False, True], ids=["closed", "admin"])
def edge(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Proxy, bool]]:
    folder, port = tmp_path_factory.mktemp("edge"), free_port()
    gateway = Gateway((PublishedPort(80),), request.param)
    config = edges.plain(
        topology.decide(mall()), gateway, GATEWAY, proxy.Place(f"*:{port}", socket=str(folder / "socket"))
    )
    with running(config, port, folder) as found:
        yield found, request.param


ANSWERS = [
    (FAMILY, "GET", "/", "", "mall_front /"),
    (FAMILY, "GET", "/any/thing?x=1", "", "mall_front /any/thing?x=1"),
    (FAMILY, "GET", "/static/v1.2/a.css", "", "mall_front /a.css"),
    (FAMILY, "GET", "/static/v1x2/a.css", "", "mall_front /static/v1x2/a.css"),
    (FAMILY, "GET", "/page", "EXAMPLE.com:8080", "mall_front /site/page"),
    (FAMILY, "GET", "/orders", "", "mall_orders_gateway /"),
    (FAMILY, "GET", "/orders/", "", "mall_orders_gateway /"),
    (FAMILY, "POST", "/orders/1?a=b", "", "mall_orders_gateway /1?a=b"),
    (FAMILY, "GET", "/ordersX", "", "mall_front /ordersX"),
    (FAMILY, "GET", "/a/orders", "", "mall_orders_gateway /orders"),
    (FAMILY, "GET", "/a/orders/7", "", "mall_orders_gateway /orders/7"),
    (FAMILY, "GET", "/_admin", "", "mall_admin /_admin"),
    (FAMILY, "GET", "/_admin/status", "example.com", "mall_admin /_admin/status"),
    (FAMILY, "GET", "/_adminX", "", "mall_front /_adminX"),
    (FAMILY, "GET", "/_admin/children/orders/status", "", "mall_admin /_admin/children/orders/status"),
    (FAMILY, "GET", "/orders/_admin/status", "", "mall_admin /orders/_admin/status"),
    (FAMILY, "GET", "/orders/billing/_admin/status", "", "mall_admin /orders/billing/_admin/status"),
    (FAMILY, "GET", "/_down/orders", "", "mall_orders_admin /_admin"),
    (FAMILY, "GET", "/_down/orders/status", "", "mall_orders_admin /_admin/status"),
    (FAMILY, "GET", "/_down/quiet/status", "", "mall_quiet_admin /_admin/status"),
    (FAMILY, "GET", "/_down/nobody/status", "", 404),
    (FAMILY, "GET", "/_down", "", 404),
    (FAMILY, "GET", "/orders/_down/billing/status", "", 404),
    (FAMILY, "GET", "/wiki/page", "", 503),
    (FAMILY, "GET", "/../x", "", 400),
    (FAMILY, "GET", "/orders/..%2f_admin", "", 400),
    (FAMILY, "GET", "/orders/%2E%2e/_down/orders", "", 400),
    (FAMILY, "GET", "/orders/..", "", 400),
    (FAMILY, "GET", "/a%00b", "", 400),
    (FAMILY, "GET", "/a%5c..%5cb", "", 400),
    (FAMILY, "GET", "host/../x", "", 400),
    (FAMILY, "OPTIONS", "*", "", 400),
    (FAMILY, "CONNECT", "elsewhere:80", "elsewhere:80", 400),
    (SIBLING, "GET", "host/_admin/status", "orders", 400),
    (FAMILY, "GET", "/.well-known/x", "", "mall_front /.well-known/x"),
    (FAMILY, "GET", "/..x", "", "mall_front /..x"),
    (SIBLING, "GET", "/", "", 404),
    (SIBLING, "GET", "/", "front", 404),
    (SIBLING, "GET", "/", "orders", "mall_orders_gateway /"),
    (SIBLING, "GET", "/any/thing", "Orders:80", "mall_orders_gateway /any/thing"),
    (SIBLING, "GET", "/x", "orders.example.com", 404),
    (SIBLING, "GET", "/x", "wiki", 404),
    (SIBLING, "GET", "/api", "wiki", 503),
    (SIBLING, "GET", "/", "quiet", 404),
    (SIBLING, "GET", "/_admin/status", "", 404),
    (SIBLING, "GET", "/_admin/status", "orders", 404),
    (SIBLING, "GET", "/billing/_admin/status", "orders", 404),
    (SIBLING, "GET", "/_down/orders/status", "", 404),
    (SIBLING, "GET", "/_down/orders/status", "orders", 404),
    (SIBLING, "GET", "/orders", "", 404),
    (ORDERS, "POST", "/_admin/register", "admin", "mall_admin /_admin/register"),
    (ORDERS, "GET", "/_admin/register", "admin", 404),
    (ORDERS, "POST", "/_admin/register/x", "admin", 404),
    (ORDERS, "POST", "/_admin/shutdown", "admin", 404),
    (ORDERS, "GET", "/", "", 404),
    (ORDERS, "GET", "/", "orders", 404),
    (ORDERS, "GET", "/_down/quiet/status", "", 404),
    (ORDERS, "GET", "/any?x=1", "shop", "mall_front /any?x=1"),
    (ORDERS, "POST", "/static/v1.2/a", "SHOP:80", "mall_front /static/v1.2/a"),
    (ORDERS, "GET", "/api/1", "pages", 503),
    (ORDERS, "GET", "/other", "pages", 404),
    (ORDERS, "GET", "/wiki", "pages", 404),
    (ORDERS, "GET", "/x", "lift", "gateway /x"),
    (ORDERS, "GET", "/x", "stairs", "gateway /x"),
    (ORDERS, "GET", "/", "front", 404),
    (ORDERS, "GET", "/api", "wiki", 404),
    (ORDERS, "GET", "/", "above", 404),
    (ORDERS, "GET", "/", "-", 404),
    (ORDERS, "GET", "/_admin/register", "shop", 404),
    (ORDERS, "GET", "/_admin/status", "shop", 404),
    (ORDERS, "POST", "/_admin/register/x", "shop", 404),
    (ORDERS, "POST", "/x/_admin/register", "lift", 404),
    (ORDERS, "GET", "/_down/quiet/status", "shop", 404),
    (ORDERS, "GET", "/a/_down/b", "lift", 404),
    (ORDERS, "GET", "/a/../b", "shop", 400),
    (SIBLING, "GET", "/x", "above", "gateway /x"),
    (SIBLING, "GET", "/x", "stairs", "gateway /x"),
    (SIBLING, "GET", "/_admin/status", "above", 404),
    (SIBLING, "GET", "/_down/mall/status", "above", 404),
    (SIBLING, "GET", "/", "shop", 404),
    (SIBLING, "GET", "/", "lift", 404),
    (QUIET, "POST", "/_admin/register", "admin", "mall_admin /_admin/register"),
    (QUIET, "GET", "/", "shop", 404),
    (QUIET, "GET", "/api", "pages", 404),
    (QUIET, "GET", "/x", "lift", 404),
    (QUIET, "GET", "/x", "above", 404),
    (STRANGER, "GET", "/", "shop", 404),
    (STRANGER, "GET", "/", "above", 404),
    (QUIET, "GET", "/", "orders", 404),
    (STRANGER, "GET", "/", "", 404),
    (STRANGER, "GET", "/", "orders", 404),
    (STRANGER, "GET", "/_admin/status", "", 404),
    (STRANGER, "POST", "/_admin/register", "", 404),
]


@pytest.mark.parametrize(("at", "method", "path", "host", "expected"), ANSWERS)
def test_a_face_answers_what_it_lists_and_nothing_else(
    gateway: Proxy, at: str, method: str, path: str, host: str, expected: str | int
) -> None:
    found = gateway.ask(path, at, method=method, host=host)
    assert (f"{found.by} {found.told['path']}" if found.by else found.status) == expected


FORGED = {
    "X-Forwarded-For": "1.2.3.4",
    "X-Forwarded-Prefix": "/evil",
    "X_Forwarded_Host": "evil",
    "X-Real-IP": "1.2.3.4",
    "Forwarded": "for=1.2.3.4",
}


def forwarded(headers: dict[str, str]) -> dict[str, str]:
    names = [name for name in headers if "forwarded" in name or "real" in name]
    return {name: headers[name] for name in sorted(names)}


def test_what_a_service_says_about_its_own_origin_is_replaced(gateway: Proxy) -> None:
    found = gateway.ask("/", SIBLING, host="orders", headers=FORGED)
    assert forwarded(found.told["headers"]) == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "orders",
        "x-forwarded-proto": "http",
    }


def test_what_the_gateway_above_says_is_passed_on_and_the_prefix_grows(gateway: Proxy) -> None:
    above = {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/top"}
    found = gateway.ask("/orders/1", FAMILY, host="example.org", headers=above)
    assert forwarded(found.told["headers"]) == {
        "x-forwarded-for": "9.9.9.9",
        "x-forwarded-proto": "https",
        "x-forwarded-prefix": "/top/orders",
    }
    assert found.told["headers"]["host"] == "example.org"


def test_a_mount_that_is_rewritten_in_part_adds_only_what_was_taken_away(gateway: Proxy) -> None:
    found = gateway.ask("/a/orders/1", FAMILY)
    assert found.told["headers"]["x-forwarded-prefix"] == "/a"


@pytest.mark.parametrize(
    ("at", "asked", "heard"),
    [(ORDERS, "lift", "above"), (ORDERS, "stairs", "stairs"), (ORDERS, "shop", "shop")],
)
def test_what_is_handed_on_is_asked_for_by_the_name_it_has_above(
    gateway: Proxy, at: str, asked: str, heard: str
) -> None:
    assert gateway.ask("/x", at, host=asked).told["headers"]["host"] == heard


def test_a_service_below_is_heard_by_its_own_address(gateway: Proxy) -> None:
    """The gateway of a child that may use something says who asked; one that may not is not believed."""
    told = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Host": "lift"}
    assert forwarded(gateway.ask("/x", ORDERS, host="lift", headers=told).told["headers"]) == {
        "x-forwarded-for": "10.9.8.7",
        "x-forwarded-host": "lift",
    }
    found = gateway.ask("/_admin/register", QUIET, method="POST", headers=told).told["headers"]
    assert forwarded(found)["x-forwarded-for"] == "127.0.0.1"


def attempts(gateway: Proxy, method: str, at: str) -> int:
    upstream = gateway.upstreams["mall_orders_gateway"]
    upstream.seen.clear()
    upstream.rude = True
    try:
        path = "/orders/x" if at == FAMILY else "/x"
        assert gateway.ask(path, at, method=method, host="orders").status in (502, 503)
    finally:
        upstream.rude = False
    return len(upstream.seen)


def test_a_request_that_may_change_something_is_sent_once(gateway: Proxy) -> None:
    assert attempts(gateway, "POST", SIBLING) == 1
    assert attempts(gateway, "PUT", SIBLING) == 1
    assert attempts(gateway, "DELETE", SIBLING) == 1


def test_a_request_that_only_reads_is_sent_again_where_it_came_in(gateway: Proxy) -> None:
    assert attempts(gateway, "GET", SIBLING) == 4
    assert attempts(gateway, "GET", FAMILY) == 1


def test_a_connection_can_be_upgraded(gateway: Proxy) -> None:
    with socket.create_connection((FAMILY, gateway.port), timeout=10) as caller:
        caller.sendall(
            b"GET /orders/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        with caller.makefile("rb") as reader:
            assert reader.readline().startswith(b"HTTP/1.1 101")
            while reader.readline().strip():
                pass
            caller.sendall(b"hello\n")
            assert reader.readline() == b"hello\n"


def test_the_log_tells_each_request_without_its_query(gateway: Proxy) -> None:
    gateway.ask("/orders/told?token=sesame", FAMILY)
    line = eventually(
        lambda: next((line for line in gateway.log.read_text().splitlines() if "/orders/told" in line), ""),
        10,
    )
    assert line.split()[1:6] == ["family", "GET", "/orders/told", "200", "orders/orders1"]
    assert "sesame" not in gateway.log.read_text()


def test_a_child_that_says_it_is_alive_is_no_news(gateway: Proxy) -> None:
    gateway.ask("/_admin/register", ORDERS, method="POST")
    gateway.ask("/_admin/register?from=elsewhere", STRANGER)
    log = gateway.log
    eventually(lambda: "/_admin/register" in log.read_text(), 10)
    told = [line.split()[1:4] for line in log.read_text().splitlines() if "/_admin/register" in line]
    assert ["child.orders", "POST", "/_admin/register"] not in told


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", 200),
        ("/orders/1?next=/_admin/", 200),
        ("/_adminX", 200),
        ("/_down/orders/status", 404),
        ("/orders/_down/x", 404),
        ("/%5fdown/orders/status", 404),
        ("/orders%2f_down%2fx", 404),
        ("/../x", 400),
        ("/a/%2e%2E/x", 400),
        ("/a/..%2fx", 400),
        ("/a\\..\\x", 400),
        ("/a/./x", 400),
        ("/a%00", 400),
        ("host/_down/x", 400),
        ("host/../x", 400),
        ("*", 400),
        ("/a%0d%0aSet-Cookie:x", 400),
    ],
)
def test_the_edge_lets_through_what_means_one_thing_only(
    edge: tuple[Proxy, bool], path: str, expected: int
) -> None:
    assert edge[0].ask(path, "127.0.0.1").status == expected


@pytest.mark.parametrize("path", ["/_admin", "/_admin/status", "/orders/_admin/status", "/%5Fadmin/status"])
def test_the_edge_lets_control_calls_through_only_when_the_definition_says_so(
    edge: tuple[Proxy, bool], path: str
) -> None:
    found, admin = edge
    assert found.ask(path, "127.0.0.1").status == (200 if admin else 404)


def test_the_edge_says_itself_who_called(edge: tuple[Proxy, bool]) -> None:
    forged = {**FORGED, "X-Original-URL": "/_admin", "Proxy": "http://evil"}
    found = edge[0].ask("/x", "127.0.0.1", host="shop.example.com:8080", headers=forged).told["headers"]
    assert forwarded(found) == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "shop.example.com:8080",
        "x-forwarded-proto": "http",
    }
    assert not {"x-original-url", "proxy"} & found.keys()


def test_a_request_with_two_lengths_goes_nowhere(edge: tuple[Proxy, bool]) -> None:
    proxied = edge[0]
    smuggled = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"
    with socket.create_connection(("127.0.0.1", proxied.port), timeout=10) as caller:
        caller.sendall(smuggled)
        assert caller.recv(100).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_haproxy_accepts_the_configurations_of_every_case(case: Path, tmp_path: Path) -> None:
    stack = filled(case)
    shape = topology.decide(stack)
    for name, content in words.files(stack).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "faces.map").touch()
    (tmp_path / "routes.map").write_bytes(proxy.routes_map(shape))
    (tmp_path / "proxy.cfg").write_bytes(proxy.gateway(shape))
    assert valid(tmp_path / "proxy.cfg") == ""
    for file in case.glob("edge.cfg"):
        whole = "".join(each.read_text() for each in (file, *case.glob("tls.cfg")))
        (tmp_path / "edge.cfg").write_text(whole)
        for listed in case.glob(CERTIFICATES_FILE):
            (tmp_path / CERTIFICATES_FILE).write_text(listed.read_text())
            for name in listed.read_text().split():
                (tmp_path / name).write_bytes(pem.pair("shop.example"))
        assert valid(tmp_path / "edge.cfg") == ""


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stacks())
def test_haproxy_accepts_the_configuration_of_any_stack(tmp_path: Path, stack: Stack) -> None:
    shape = topology.decide(stack)
    (tmp_path / "faces.map").touch()
    (tmp_path / "routes.map").write_bytes(proxy.routes_map(shape))
    (tmp_path / "proxy.cfg").write_bytes(proxy.gateway(shape))
    assert valid(tmp_path / "proxy.cfg") == ""


LIMITED = Limits(("GET", "POST"), ("10.0.0.0/8", "2001:db8::/32"), 5.0, 10)


@pytest.fixture(scope="module")
def narrow_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder, port = tmp_path_factory.mktemp("narrow"), free_port()
    routes = (Route("web", "/office", "/", port=80, limits=LIMITED), Route("web", "/", "/", port=80))
    shape = topology.decide(Stack(StackPath(("mall",)), services=(Service("web", "web", routes=routes),)))
    (folder / "faces.map").write_bytes(proxy.faces_map(shape, {"mall_family": (f"{FAMILY}/32",)}))
    (folder / "routes.map").write_bytes(proxy.routes_map(shape))
    config = proxy.gateway(shape, proxy.Place(f"*:{port}", socket=str(folder / "socket")))
    with running(config, port, folder) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "method", "origin", "headers", "expected"),
    [
        ("/office", "GET", "10.1.2.3", {}, 200),
        ("/office", "GET", "2001:db8::7", {}, 200),
        ("/office", "GET", "11.1.2.3", {}, 403),
        ("/office", "GET", "2001:db9::7", {}, 403),
        ("/office", "DELETE", "10.1.2.3", {}, 405),
        ("/office/x", "POST", "10.1.2.3", {"Content-Length": "11"}, 413),
        ("/office/x", "POST", "10.1.2.3", {"Transfer-Encoding": "chunked"}, 411),
        ("/elsewhere", "DELETE", "11.1.2.3", {}, 200),
    ],
)
def test_a_route_lets_through_what_its_limits_allow(
    narrow_gateway: Proxy, path: str, method: str, origin: str, headers: dict[str, str], expected: int
) -> None:
    sent = {"X-Forwarded-For": origin, **headers}
    assert narrow_gateway.ask(path, FAMILY, method=method, headers=sent).status == expected


def test_slow_answers_are_counted_where_thresholds_are_given(tmp_path: Path) -> None:
    port, socket_file = free_port(), tmp_path / "socket"
    routes = (Route("web", "/", "/", port=80), Route("web", "/other", "/", port=81))
    shape = topology.decide(Stack(StackPath(("mall",)), services=(Service("web", "web", routes=routes),)))
    shape = replace(shape, slow={"web.80": (1500, 60_000)})
    (tmp_path / "faces.map").write_bytes(proxy.faces_map(shape, {"mall_family": (f"{FAMILY}/32",)}))
    (tmp_path / "routes.map").write_bytes(proxy.routes_map(shape))
    config = proxy.gateway(shape, proxy.Place(f"*:{port}", socket=str(socket_file)))
    with running(config, port, tmp_path) as found:
        for delay in (0.0, 1.6):
            found.upstreams["mall_web"].delay = delay
            assert found.ask("/", FAMILY).status == 200
        found.upstreams["mall_web"].delay = 0.0
        assert found.ask("/other", FAMILY).status == 200
        counting = Counting(partial(haproxy.ask, socket_file), dict)
        eventually(lambda: counting.read()["web.81"].requests, 10, "the last one is counted")
        counted = counting.read()
    assert (counted["web.80"].requests, counted["web.80"].slow) == (2, {1500: 1, 60_000: 0})
    assert (counted["web.81"].requests, counted["web.81"].slow) == (1, {})
    assert not [label for label in counted if label.startswith("_slow")]


def hears(at: str, port: int, header: bytes) -> bytes:
    """The first line of an answer to HTTP over bare TCP; nothing when the connection was closed."""
    try:
        with socket.create_connection((at, port), 5) as caller, caller.makefile("rb") as reader:
            caller.sendall(header + b"GET / HTTP/1.0\r\n\r\n")
            return bytes(reader.readline().strip())
    except ConnectionError:
        return b""


def test_a_tcp_route_lets_in_who_called_at_the_edge_by_its_own_address(tmp_path: Path) -> None:
    http, port = free_port(), free_port()
    db = Service("db", "db", tcp=(TcpRoute("db", port, 5432, ("10.0.0.0/8", "2001:db8::/32")),))
    user = Child("user", {}, uses=(Use("db", "db"),))
    shape = topology.decide(Stack(StackPath(("mall",)), services=(db,), children=(user,)))
    faces = {"mall_family": (f"{FAMILY}/32",), "mall_user_family": (f"{ORDERS}/32",)}
    (tmp_path / "faces.map").write_bytes(proxy.faces_map(shape, faces))
    (tmp_path / "routes.map").write_bytes(proxy.routes_map(shape))
    config = proxy.gateway(shape, proxy.Place(f"*:{http}", socket=str(tmp_path / "socket")))
    with running(config, http, tmp_path):
        told = b"PROXY TCP4 %b 192.0.2.1 1 2\r\n"
        answers = {
            "inside": hears(FAMILY, port, told % b"10.1.2.3"),
            "outside": hears(FAMILY, port, told % b"11.1.2.3"),
            "inside, by IPv6": hears(FAMILY, port, b"PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n"),
            "says nothing": hears(FAMILY, port, b""),
            "from below": hears(ORDERS, port, b""),
            "from below, saying who": hears(ORDERS, port, told % b"10.1.2.3"),
            "from nowhere": hears(STRANGER, port, b""),
        }
    good = {who for who, answer in answers.items() if answer.startswith(b"HTTP/1.1 200")}
    assert good == {"inside", "inside, by IPv6", "from below"}, answers


def test_haproxy_accepts_any_number_of_users_and_the_longest_of_times(tmp_path: Path) -> None:
    """It reads 64 words a line, and counts 24 days."""
    ranges, ages = tuple(f"10.{number}.0.0/16" for number in range(120)), 1e9
    routes = (Route("rpc", "/r", "/r", port=5, limits=Limits(timeout=ages), h2c=True),)
    rpc = Service("rpc", "rpc", routes=routes, tcp=(TcpRoute("rpc", 7, 7, ranges, ages),))
    children = tuple(Child(f"c{number}", {}, uses=(Use("rpc", "rpc", tcp=(7,)),)) for number in range(120))
    stack = Stack(StackPath(("mall",)), services=(rpc,), children=children)
    shape = topology.decide(stack, {"rpc": 30})
    (tmp_path / "faces.map").touch()
    (tmp_path / "routes.map").write_bytes(proxy.routes_map(shape))
    (tmp_path / "proxy.cfg").write_bytes(proxy.gateway(shape))
    assert valid(tmp_path / "proxy.cfg") == ""


HOSTILE = [
    "/a\nb",
    "/a b",
    "/a'b",
    '/a"b',
    "/a#b",
    "/a{b}",
    "/%[src]",
    "/a\\b",
    "/a/../b",
    "/.",
    "a",
    "/a/",
    "",
    "/a//b",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_could_become_structure_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        segments(path)


@pytest.mark.parametrize("host", ["a b", "a\n", "-a", "a..b", "%[src]", "a#", "a{", "a:80", "*"])
def test_a_host_that_could_become_structure_is_refused(host: str) -> None:
    with pytest.raises(InvalidInput):
        narrow("host", host)


def test_a_hostile_route_never_reaches_the_configuration() -> None:
    web = Service("web", "web", routes=(Route("web", "/a }\n    use_backend _admin", "/", port=80),))
    with pytest.raises(InvalidInput):
        proxy.gateway(topology.decide(Stack(StackPath(("shop",)), services=(web,))))
