"""TLS at an edge on a real engine: names, rotation under load, keys that show nowhere, ports that end."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests import pem
from tests.proof import Proof
from tests.swarm import Swarm, eventually
from tests.system.looking import everything_said
from tests.system.pressure import load, site, sites
from tests.system.small import PORT, cleaned, service, write
from tests.system.trees import Deployed, Tree

TABLE = "gateway"
TLS, REDIRECT = 8443, 8096
PUBLISHED = [{"port": PORT}, {"port": TLS, "tls": True}, {"port": REDIRECT, "redirect": "https"}]
HOSTS = {"one": "one.example", "two": "two.example"}
SECRETS = {key: {"from": {"file": f"{key}.pem"}} for key in HOSTS}
TREE = Tree("", "lock", PORT, {"lock": ("door", "echo")}, "", "", {"/": 200}, "", "", {}, (), "")


@pytest.fixture(scope="module")
def folder(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the definition is, with two certificates beside it."""
    with cleaned(swarm, "lock"):
        found = tmp_path_factory.mktemp("lock")
        for key in HOSTS:
            fresh(found, key)
        yield found


def fresh(folder: Path, key: str, **how: Any) -> bytes:
    """A new certificate in a secret's file."""
    made = pem.pair(HOSTS[key], **how)
    (folder / f"{key}.pem").write_bytes(made)
    return made


def defined(folder: Path, publish: Any = PUBLISHED) -> Path:
    tls = {"certificates": list(HOSTS), "hsts": {"max_age": 600}}
    gateway = {"publish": publish, "admin": True, "tls": tls}
    services = {"door": site(), "echo": service("/echo")}
    return write(folder, "lock", services, configs=sites(), secrets=SECRETS, gateway=gateway)


def connected(swarm: Swarm, host: str) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection((swarm.address, TLS), 5), server_hostname=host)


def shown(swarm: Swarm, host: str) -> bytes:
    """The certificate that a caller for that host is shown; nothing while nobody answers."""
    with suppress(OSError), connected(swarm, host) as found:
        return found.getpeercert(binary_form=True) or b""
    return b""


def der(content: bytes) -> bytes:
    return ssl.PEM_cert_to_DER_cert(content.decode().partition("-----BEGIN PRIVATE")[0])


def comes_to_show(swarm: Swarm, folder: Path) -> None:
    for key, host in HOSTS.items():
        wanted = der((folder / f"{key}.pem").read_bytes())
        eventually(lambda host=host, wanted=wanted: shown(swarm, host) == wanted, 20, f"{host}'s own", 0.1)  # type: ignore[misc]


def asked(swarm: Swarm, path: str, host: str = "one.example") -> tuple[int, dict[str, str], bytes]:
    """An answer by TLS."""
    connection = HTTPConnection(swarm.address, TLS, timeout=10)
    connection.sock = connected(swarm, host)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{TLS}"})
        reply = connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
    finally:
        connection.close()


def edge(swarm: Swarm) -> int:
    version: int = swarm.objects("service")["lock_edge"]["Version"]["Index"]
    return version


def lines_of_keys(folder: Path) -> set[str]:
    """What would show a key: each full line of each file."""
    texts = (each.read_text().partition("-----BEGIN PRIVATE")[2] for each in folder.glob("*.pem"))
    return {line for text in texts for line in text.splitlines() if len(line) > 40}


def rotate(swarm: Swarm, folder: Path, prove_report: Proof, rounds: int, least: int) -> None:
    """Certificates change under load, on kept and on new connections; the edge stays the same."""
    file, door = defined(folder), f"https://{{}}:{TLS}"
    swarm.cli("apply", file, code=0)
    comes_to_show(swarm, folder)
    before = edge(swarm)
    with ExitStack() as stack:
        kept = stack.enter_context(load(swarm, callers=4, door=door))
        new = stack.enter_context(load(swarm, callers=2, keep=False, door=door))
        for number in range(rounds):
            fresh(folder, ("one", "two")[number % 2])
            swarm.cli("apply", file, code=0)
            comes_to_show(swarm, folder)
    print(f"kept connections: {kept}\nnew connections: {new}")
    for kind, found in (("kept", kept), ("new", new)):
        what = f"requests by TLS on {kind} connections, {rounds} certificates rotated"
        prove_report(1, found.requests - found.failed, found.requests, what, TABLE)
    assert kept.failed + new.failed == 0
    assert kept.requests + new.requests >= least
    assert edge(swarm) == before


def test_an_edge_speaks_tls_for_each_name_and_rotates_under_load(
    swarm: Swarm, folder: Path, prove_report: Proof
) -> None:
    rotate(swarm, folder, prove_report, 1, 2_000)
    status, headers, body = asked(swarm, "/echo/x", "two.example")
    told = {name.lower(): value for name, value in json.loads(body)["headers"].items()}
    assert (status, headers["strict-transport-security"]) == (200, "max-age=600")
    assert (told["x-forwarded-proto"], told["x-forwarded-host"]) == ("https", f"two.example:{TLS}")
    found = swarm.http("GET", "/echo?a=b", port=REDIRECT, headers={"Host": "one.example"})
    assert (found.status_code, found.headers["Location"]) == (308, f"https://one.example:{TLS}/echo?a=b")


def test_keys_of_certificates_are_found_nowhere(swarm: Swarm, folder: Path) -> None:
    """And a second apply writes nothing."""
    file = defined(folder)
    said = {"apply": str(swarm.cli("apply", file, "-v", code=0))}
    fresh(folder, "two")
    said |= {"plan": str(swarm.cli("plan", file, "--diff", "-v", code=2))}
    said |= {"rotation": str(swarm.cli("apply", file, "--diff", "-v", code=0))}
    before = swarm.dump()
    said |= everything_said(Deployed(swarm, replace(TREE, playbook=str(file)), {}))
    assert swarm.dump() == before
    swarm.cli("render", file, "-o", folder / "out", code=0)
    said |= {str(each): each.read_text() for each in (folder / "out").rglob("*") if each.is_file()}
    planted = lines_of_keys(folder)
    assert len(planted) >= 2
    assert not [where for where, text in said.items() if any(line in text for line in planted)]


def test_what_cannot_serve_is_refused_and_changes_nothing(swarm: Swarm, folder: Path) -> None:
    file = defined(folder)
    swarm.cli("apply", file, code=0)
    before, good = swarm.dump(), (folder / "one.pem").read_bytes()
    other = pem.pair("one.example")
    (folder / "one.pem").write_bytes(good.partition(b"-----BEGIN PRIV")[0] + other.partition(b"E-----\n")[2])
    said = swarm.cli("apply", file, code=3).err
    assert "secrets.one: " in said
    (folder / "one.pem").write_bytes(good)
    assert swarm.dump() == before
    comes_to_show(swarm, folder)


def test_ports_end_only_when_somebody_says_so(swarm: Swarm, folder: Path) -> None:
    swarm.cli("apply", defined(folder), code=0)
    before = swarm.dump()
    fewer = defined(folder, PUBLISHED[:2])
    assert "interrupts published ports" in swarm.cli("plan", fewer, code=2).out
    refused = swarm.cli("apply", fewer, "--yes", code=4)
    assert "--allow-interruption" in refused.err
    assert swarm.dump() == before
    swarm.cli("apply", fewer, "--yes", "--allow-interruption", code=0)
    comes_to_show(swarm, folder)
    swarm.cli("apply", defined(folder), "--yes", "--allow-interruption", code=0)


@pytest.mark.prove
def test_rotated_certificates_cost_no_request(swarm: Swarm, folder: Path, prove_report: Proof) -> None:
    rotate(swarm, folder, prove_report, 10, 20_000)
