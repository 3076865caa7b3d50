"""An edge with TLS in a real HAProxy: who is shown which certificate, and what reaches the gateway."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import topology
from ailtire_deploy.entrances import PublishedPort, Tls
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.model import Gateway, Secret, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import edge
from ailtire_deploy.render.files import CERTIFICATES, EDGE, TLS
from ailtire_deploy.render.proxy import Place
from tests import pem
from tests.proxies import HAPROXY, Proxy, free_port, running

TARGET = topology.Target("gateway", "mall_gateway", 80, drains=True)
HOSTS = {"shop": "shop.example", "wiki": "wiki.example"}
PUBLISHED = (PublishedPort(8443, serves="https"), PublishedPort(80), PublishedPort(81, serves="redirect"))


def mall(**changes: Any) -> Stack:
    tls = Tls(("shop", "wiki"), 600, include_subdomains=True)
    fields: dict[str, Any] = {"publish": PUBLISHED, "tls": tls}
    secrets = {key: Secret(f"mall_{key}-0123456789ab") for key in HOSTS}
    return Stack(StackPath(("mall",)), secrets=secrets, gateway=Gateway(**{**fields, **changes}))


SHAPE = topology.decide(mall())


def der(content: bytes) -> bytes:
    """The certificate of a PEM file that begins with it."""
    return ssl.PEM_cert_to_DER_cert(content.decode().partition("-----BEGIN PRIVATE")[0])


@dataclass(frozen=True)
class Edge:
    """One that runs, the port on which it speaks TLS, and its certificates by key."""

    proxy: Proxy
    tls: int
    redirect: int
    certificates: dict[str, bytes]

    def handshake(self, host: str | None, *, ciphers: str = "", alpn: tuple[str, ...] = ()) -> ssl.SSLSocket:
        """A connection for that host; the certificate is looked at, not verified."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if ciphers:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(ciphers)
        line = socket.create_connection(("127.0.0.1", self.tls), 10)
        return context.wrap_socket(line, server_hostname=host)

    def shown(self, host: str | None) -> str:
        """The key of the certificate that a caller for that host is shown."""
        with self.handshake(host) as found:
            got = found.getpeercert(binary_form=True)
        known = {der(content): key for key, content in self.certificates.items()}
        return known[got or b""]

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self.tls, timeout=10)
        connection.sock = self.handshake("shop.example")
        try:
            connection.request("GET", path, headers={"Host": "shop.example:8443", **headers})
            reply = connection.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    port, tls, redirect = free_port(), free_port(), free_port()
    place = Place(f"*:{port}", socket=str(folder / "socket"), redirect=f"*:{redirect}", tls=f"*:{tls}")
    files = edge.files(mall(), SHAPE, TARGET, place)
    certificates = {key: pem.pair(host, f"www.{host}") for key, host in HOSTS.items()}
    for key, content in certificates.items():
        (folder / f"mall.tls.{key}-0123456789ab.pem").write_bytes(content)
    (folder / CERTIFICATES).write_bytes(files[CERTIFICATES])
    with running(files[EDGE] + b"\n" + files[TLS], port, folder) as found:
        yield Edge(found, tls, redirect, certificates)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("shop.example", "shop"),
        ("www.shop.example", "shop"),
        ("wiki.example", "wiki"),
        ("WWW.wiki.example", "wiki"),
        ("else.example", "shop"),
        (None, "shop"),
    ],
)
def test_the_certificate_fits_the_name_that_is_asked_for_else_it_is_the_first(
    served: Edge, host: str | None, expected: str
) -> None:
    assert served.shown(host) == expected


@pytest.mark.parametrize(
    ("offered", "chosen"), [(("h2", "http/1.1"), "h2"), (("http/1.1",), "http/1.1"), ((), None)]
)
def test_clients_choose_between_http_2_and_http_1(
    served: Edge, offered: tuple[str, ...], chosen: str | None
) -> None:
    with served.handshake("shop.example", alpn=offered) as found:
        assert found.selected_alpn_protocol() == chosen
        assert found.version() == "TLSv1.3"


def test_http_2_reaches_the_gateway(served: Edge) -> None:
    url = f"https://shop.example:{served.tls}/some/where?x=1"
    resolved = f"shop.example:{served.tls}:127.0.0.1"
    done = subprocess.run(
        ["curl", "-sk", "--http2", "--noproxy", "*", "--resolve", resolved, "-w", "|%{http_version}", url],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert re.search(r'"path": "/some/where\?x=1".*\|2$', done.stdout), done
    assert '"x-forwarded-proto": "https"' in done.stdout


@pytest.mark.parametrize(
    ("ciphers", "works"),
    [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", True),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", True),
        ("ECDHE-ECDSA-AES128-SHA256", False),
        ("ECDHE-ECDSA-AES256-SHA", False),
        ("AES128-GCM-SHA256", False),
    ],
)
def test_with_tls_1_2_only_modern_ciphers_are_spoken(served: Edge, ciphers: str, works: bool) -> None:
    if works:
        with served.handshake("shop.example", ciphers=ciphers) as found:
            assert found.version() == "TLSv1.2"
    else:
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            served.handshake("shop.example", ciphers=f"{ciphers}:@SECLEVEL=0")


def test_older_versions_are_not_spoken(served: Edge) -> None:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{served.tls}", "-tls1_1", "-cipher"]
    done = subprocess.run(
        [*command, "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20
    )
    assert "alert protocol version" in done.stderr + done.stdout


def test_what_came_by_tls_is_told_to_the_gateway_and_forged_words_are_not(served: Edge) -> None:
    status, headers, body = served.get("/x", **{"X-Forwarded-Proto": "http", "X-Forwarded-For": "9.9.9.9"})
    assert status == 200
    assert headers["x-service"] == "mall_gateway"
    told = body.decode()
    assert '"x-forwarded-proto": "https"' in told
    assert '"x-forwarded-host": "shop.example:8443"' in told
    assert '"x-forwarded-for": "127.0.0.1"' in told


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/_admin/status", 404), ("/a/../b", 400)])
def test_browsers_are_told_to_come_back_by_tls_whatever_the_answer(
    served: Edge, path: str, status: int
) -> None:
    found, headers, _ = served.get(path)
    assert (found, headers["strict-transport-security"]) == (status, "max-age=600; includeSubDomains")


def test_a_port_without_tls_says_nothing_of_that(served: Edge) -> None:
    found = served.proxy.ask("/", "127.0.0.1")
    assert (found.status, found.by) == (200, "mall_gateway")
    assert "strict-transport-security" not in found.headers
    assert found.told["headers"]["x-forwarded-proto"] == "http"


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("shop.example", "https://shop.example:8443/a?b=c"),
        ("Shop.Example:81", "https://shop.example:8443/a?b=c"),
        ("127.0.0.1:81", "https://127.0.0.1:8443/a?b=c"),
        ("[::1]:81", "https://[::1]:8443/a?b=c"),
    ],
)
def test_a_redirect_leads_to_the_port_that_speaks_tls(served: Edge, host: str, location: str) -> None:
    found = replace(served.proxy, port=served.redirect).ask("/a?b=c", "127.0.0.1", method="POST", host=host)
    assert (found.status, found.headers["location"]) == (308, location)


@pytest.mark.parametrize("host", ["evil@else.example", "shop.example/x", "a b", '"', "?x", "%0a"])
def test_a_host_that_is_none_leads_nowhere(served: Edge, host: str) -> None:
    found = replace(served.proxy, port=served.redirect).ask("/", "127.0.0.1", host=host)
    assert found.status == 400


def test_a_redirect_names_no_port_where_tls_has_its_own() -> None:
    both = (PublishedPort(8443, serves="https"), PublishedPort(443, serves="https"), PUBLISHED[2])
    assert b"https://%[var(txn.host)]\n" in edge.plain(SHAPE, mall(publish=both).gateway, TARGET)


def test_without_a_port_for_it_plain_http_is_answered_to_nobody_outside() -> None:
    only = mall(publish=(PublishedPort(443, serves="https"),))
    assert re.findall(rb"bind (\S+)", edge.plain(SHAPE, only.gateway, TARGET)) == [b"127.0.0.1:80"]
    assert re.findall(rb"bind (\S+)", edge.plain(SHAPE, mall().gateway, TARGET)) == [b"*:80", b"*:81"]


def test_without_hsts_nothing_is_said_of_it() -> None:
    assert b"Strict" not in edge.secure(SHAPE, Gateway(tls=Tls(("shop",))))
    assert b'max-age=0"' in edge.secure(SHAPE, Gateway(tls=Tls(("shop",), 0)))
    assert b'; preload"' in edge.secure(SHAPE, Gateway(tls=Tls(("shop",), 9, preload=True)))


def test_a_name_of_a_secret_that_could_become_structure_is_refused() -> None:
    hostile = replace(mall(), secrets={key: Secret("a b\n[ssl]") for key in HOSTS})
    with pytest.raises(InvalidInput):
        edge.certificates(hostile)


def test_haproxy_accepts_what_is_served_before_the_certificates_are_there(tmp_path: Path) -> None:
    (tmp_path / EDGE).write_bytes(edge.plain(SHAPE, mall().gateway, TARGET))
    done = subprocess.run([HAPROXY, "-c", "-f", tmp_path / EDGE], capture_output=True, timeout=20)
    assert done.returncode == 0, done.stderr
