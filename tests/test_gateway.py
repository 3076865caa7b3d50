"""The gateway's agent, with the real HAProxy on loopback, and a controller's real REST surface beside it."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from ailtire_deploy import identity, proxies, rest
from ailtire_deploy.controller import offers
from ailtire_deploy.controller.offers import Offers
from ailtire_deploy.errors import Failed
from ailtire_deploy.gateway import haproxy
from ailtire_deploy.names import CERTIFICATES_FILE, TLS_FILE, StackPath, certificate_file, content_id
from ailtire_deploy.rest import server
from ailtire_deploy.rotation import NEVER, Former
from ailtire_deploy.traffic import Counters
from tests import pem
from tests.proof import Proof
from tests.swarm import eventually

START = """
import sys, pathlib
from ailtire_deploy import gateway
bootstrap, folder, stats, key = map(pathlib.Path, sys.argv[1:])
sys.exit(gateway.serve(bootstrap, folder, stats, key))
"""
TABLE = "gateway"
KEY = b"k" * 32


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def configuration(folder: Path, port: int, says: str = "served", extra: str = "") -> dict[str, str]:
    """A proxy that answers by itself; its server's name is known to no DNS, as at a gateway's first start."""
    text = f"""global
  hard-stop-after 5s
  default-path config
  stats socket {folder}/stats.sock mode 600 level admin expose-fd listeners
  server-state-file {folder}/run/servers
defaults
  mode http
  load-server-state-from-file global
  timeout connect 1s
  timeout client 5s
  timeout server 5s
resolvers engine
  nameserver engine 127.0.0.11:53
backend web
  server-template web 1-2 tasks.shop_web:8080 resolvers engine init-addr last,none check
frontend all
  bind 127.0.0.1:{port}
  http-request set-var(txn.face) dst,map_ip(faces.map)
  http-request return status 200 content-type text/plain string "{says}" if {{ path / }}
  default_backend web
{extra}
"""
    return {"haproxy.cfg": text, "faces.map": "127.0.0.1/32 family\n"}


@dataclass
class Place:
    """A gateway's container, as far as its agent sees it."""

    folder: Path
    port: int
    address: str = ""
    errors: Path = field(init=False)

    def __post_init__(self) -> None:
        self.bootstrap = self.folder / "bootstrap"
        self.bootstrap.mkdir()
        self.errors = self.folder / "stderr"
        (self.folder / "key").write_bytes(KEY)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.bootstrap / name).write_text(text)

    @contextmanager
    def started(self) -> Iterator[subprocess.Popen[bytes]]:
        places = [self.bootstrap, self.folder / "run", self.folder / "stats.sock", self.folder / "key"]
        environment = {**os.environ, "AILTIRE_SERVICENAME": "gateway"}
        if self.address:
            environment["AILTIRE_CONTROLLER"] = self.address
        with self.errors.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-c", START, *places],
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=environment,
            )
        try:
            yield process
        finally:
            end(process, signal.SIGTERM)

    def answer(self) -> str:
        return requests.get(f"http://127.0.0.1:{self.port}/", timeout=5).text

    def comes_to_say(self, words: str) -> None:
        def says() -> bool:
            with suppress(requests.ConnectionError):
                return self.answer() == words
            return False

        eventually(says, 15, f"the proxy says {words}", 0.05)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path, free_port())
    found.write(configuration(tmp_path, found.port))
    return found


def end(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(stop)
    process.wait(timeout=15)


@dataclass
class Controlling:
    """As much of a controller as an agent meets, behind the real REST surface."""

    offers: Offers = field(default_factory=Offers)
    path: StackPath = field(default_factory=lambda: StackPath(("shop",)))
    key: bytes = KEY
    former: Former = NEVER
    origins: tuple[str, ...] = ()

    def children(self) -> dict[str, Any]:
        return {}

    def offered(self, service: str, **said: Any) -> Any:
        return self.offers.pull(service, **said)

    def offer(self, files: dict[str, str], **certificates: bytes) -> str:
        self.offers.certificates = {name: pem.decode() for name, pem in certificates.items()}
        wish = SimpleNamespace(service="gateway", facts={proxies.SERVES: files})
        self.offers.put([wish])  # type: ignore[list-item]
        return content_id(files)

    def counted(self, label: str) -> Counters:
        found: Mapping[str, Counters] = self.offers.facts("gateway")["traffic"]  # type: ignore[assignment]
        return found.get(label, Counters())

    def hears(self, name: str) -> None:
        eventually(lambda: self.offers.facts("gateway")["serving"] == (name,), 15, f"{name} is live", 0.05)


@contextmanager
def controller(place: Place, port: int = 0) -> Iterator[Controlling]:
    found = Controlling()
    stop = threading.Event()
    (place.folder / "key").write_bytes(identity.agent_key(KEY, "gateway"))
    made = server.make(rest.app(found, stop=stop), "127.0.0.1", port)  # type: ignore[arg-type]
    place.address = f"127.0.0.1:{made.effective_port}"
    thread = threading.Thread(target=server.run, args=(made, stop))
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("stop", [signal.SIGUSR1, signal.SIGTERM])
def test_the_first_configuration_serves_until_a_signal_comes(place: Place, stop: signal.Signals) -> None:
    with place.started() as process:
        place.comes_to_say("served")
        end(process, stop)
        with pytest.raises(requests.ConnectionError):
            place.answer()


def test_a_newer_configuration_takes_over_and_is_reported(place: Place) -> None:
    with controller(place) as found, place.started():
        place.comes_to_say("served")
        found.hears(content_id(configuration(place.folder, place.port)))
        for number in range(5):
            name = found.offer(configuration(place.folder, place.port, f"number {number}"))
            place.comes_to_say(f"number {number}")
            found.hears(name)
    assert len([each for each in (place.folder / "run" / "versions").iterdir() if not each.is_symlink()]) <= 2


@pytest.mark.parametrize(
    ("extra", "reason"),
    [("  colour blue", "unknown keyword 'colour'"), ("  bind 192.0.2.1:80", "did not come to serve")],
    ids=["refused by the check", "refused by the system"],
)
def test_what_cannot_be_served_changes_nothing_and_is_told(
    place: Place, extra: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = content_id(configuration(place.folder, place.port))
    with controller(place) as found, place.started():
        found.hears(good)
        bad = found.offer(configuration(place.folder, place.port, "never", extra))
        eventually(lambda: bad in found.offers.facts("gateway")["refused"], 30, "the refusal is heard", 0.05)
        assert reason in found.offers.facts("gateway")["refused"][bad]
        assert place.answer() == "served"
        found.hears(good)
        better = found.offer(configuration(place.folder, place.port, "better"))
        place.comes_to_say("better")
        found.hears(better)
        assert found.offers.facts("gateway")["refused"] == {}


def test_without_a_controller_it_serves_on_and_follows_when_one_is_there(place: Place) -> None:
    port = free_port()
    place.address = f"127.0.0.1:{port}"
    (place.folder / "key").write_bytes(identity.agent_key(KEY, "gateway"))
    with place.started():
        place.comes_to_say("served")
        with controller(place, port) as found:
            found.offer(configuration(place.folder, place.port, "newer"))
            place.comes_to_say("newer")
        time.sleep(0.5)
        assert place.answer() == "newer"
        with controller(place, port) as found:
            name = found.offer(configuration(place.folder, place.port, "newest"))
            place.comes_to_say("newest")
            found.hears(name)


def test_an_answer_of_anybody_else_is_not_believed(place: Place) -> None:
    with controller(place) as found:
        (place.folder / "key").write_bytes(identity.agent_key(b"another key", "gateway"))
        with place.started():
            place.comes_to_say("served")
            found.offer(configuration(place.folder, place.port, "newer"))
            eventually(
                lambda: b"no word from the controller" in place.errors.read_bytes(), 15, "it is said", 0.05
            )
            assert place.answer() == "served"
            assert found.offers.facts("gateway")["serving"] == ()


def test_a_bad_first_configuration_starts_nothing(place: Place) -> None:
    place.write(configuration(place.folder, place.port, extra="  colour blue"))
    with place.started() as process:
        assert process.wait(timeout=10) != 0
    assert b"unknown keyword 'colour'" in place.errors.read_bytes()


def test_a_missing_haproxy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match="not installed"):
        haproxy.check(["-f", str(tmp_path / "haproxy.cfg")])


def test_old_workers_end_oldest_first_and_the_newest_stays(place: Place) -> None:
    """A connection that is open keeps each of them."""
    with controller(place) as found, ExitStack() as open_ones:
        process = open_ones.enter_context(place.started())
        place.comes_to_say("served")
        for number in range(5):
            kept = open_ones.enter_context(socket.create_connection(("127.0.0.1", place.port)))
            kept.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            found.hears(found.offer(configuration(place.folder, place.port, f"number {number}")))
        (master,) = haproxy.children(process.pid)
        assert place.answer() == "number 4"
        eventually(lambda: len(haproxy.children(master)) <= 4, 10, "at most three old workers", 0.05)


def test_requests_are_counted_over_reloads_and_heard_as_soon_as_somebody_watches(place: Place) -> None:
    with controller(place) as found, place.started():
        place.comes_to_say("served")
        found.hears(content_id(configuration(place.folder, place.port)))
        for number in range(4):
            ask = [requests.get(f"http://127.0.0.1:{place.port}/x", timeout=10).status_code for _ in range(5)]
            assert ask == [503] * 5  # no server is known to any DNS
            found.hears(found.offer(configuration(place.folder, place.port, f"number {number}")))
        started = time.monotonic()
        found.offers.watch(30)
        eventually(lambda: found.counted("web").requests == 20, 5, "all are counted", 0.05)
        assert time.monotonic() - started < offers.REPORTS / 2
        assert found.counted("web").errors == 20
        assert found.counted("web").servers == 0
        requests.get(f"http://127.0.0.1:{place.port}/x", timeout=10)
        eventually(lambda: found.counted("web").requests == 21, 3, "a second later one more", 0.05)


def with_tls(place: Place, tls: int, secret: str) -> dict[str, str]:
    """A configuration that speaks TLS with the certificate of one secret."""
    secure = f"""frontend secure
  bind 127.0.0.1:{tls} ssl crt-list certificates.list
  http-request return status 200 content-type text/plain string "by tls"
"""
    plain = configuration(place.folder, place.port)
    return {**plain, TLS_FILE: secure, CERTIFICATES_FILE: f"{certificate_file(secret)}\n"}


def shown(port: int) -> bytes | None:
    """The certificate that is shown, None while nobody listens."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError), context.wrap_socket(socket.create_connection(("127.0.0.1", port), 5)) as found:
        return found.getpeercert(binary_form=True)
    return None


def test_without_its_certificates_an_edge_serves_all_but_tls_and_then_that_too(place: Place) -> None:
    port, tls = free_port(), free_port()
    first, second = pem.pair("shop.example"), pem.pair("shop.example")
    place.write(with_tls(place, tls, "first"))
    place.address = f"127.0.0.1:{port}"
    (place.folder / "key").write_bytes(identity.agent_key(KEY, "gateway"))
    with place.started():
        place.comes_to_say("served")
        assert shown(tls) is None
        with controller(place, port) as found:
            found.hears(content_id(configuration(place.folder, place.port)))
            name = found.offer(with_tls(place, tls, "first"), first=first, other=second)
            found.hears(name)
            assert shown(tls) == ssl.PEM_cert_to_DER_cert(first.decode().partition("-----BEGIN PRIV")[0])
            (stored,) = (place.folder / "run" / "versions" / "current").glob("*.pem")
            assert (stored.stat().st_mode & 0o777, stored.read_bytes()) == (0o600, first)
            found.hears(found.offer(with_tls(place, tls, "second"), second=second))
            assert shown(tls) == ssl.PEM_cert_to_DER_cert(second.decode().partition("-----BEGIN PRIV")[0])
        assert place.answer() == "served"
        assert shown(tls) is not None
    assert "PRIVATE" not in place.errors.read_text()


def test_a_certificate_that_cannot_serve_leaves_the_one_before_in_force(place: Place) -> None:
    tls = free_port()
    good, other = pem.pair("shop.example"), pem.pair("shop.example")
    mixed = (
        good.partition(b"-----BEGIN PRIV")[0] + b"-----BEGIN PRIV" + other.partition(b"-----BEGIN PRIV")[2]
    )
    with controller(place) as found, place.started():
        found.hears(found.offer(with_tls(place, tls, "good"), good=good))
        before = shown(tls)
        bad = found.offer(with_tls(place, tls, "mixed"), mixed=mixed)
        eventually(lambda: bad in found.offers.facts("gateway")["refused"], 15, "the refusal is heard", 0.05)
        reason = found.offers.facts("gateway")["refused"][bad]
        assert "inconsistencies between private key and certificate" in reason
        assert "PRIVATE" not in reason
        assert shown(tls) == before


class Sockets:
    """A program that takes connections over from HTTP and sends back each line it gets."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            while lines.readline().strip():
                pass
            connection.sendall(
                b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Accept: s3pPLBMxiTxaK9kYGzzhZRbK+xOo=\r\n\r\n"
            )
            for line in lines:
                connection.sendall(line)


def opened(port: int) -> socket.socket:
    """A WebSocket's connection through the proxy, beyond its handshake."""
    found = socket.create_connection(("127.0.0.1", port), timeout=10)
    found.sendall(
        b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        said += found.recv(1)
    assert b" 101 " in said.partition(b"\r\n")[0]
    return found


def echoes(connection: socket.socket) -> bool:
    with suppress(OSError):
        connection.sendall(b"still there\n")
        return connection.recv(100) == b"still there\n"
    return False


def memory(processes: list[int]) -> int:
    """Kilobytes that belong to these processes alone."""
    found = 0
    for process in processes:
        with suppress(OSError):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            found += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return found


def test_open_websockets_outlive_thirty_reloads_until_the_drain_limit_and_leave_nothing(
    place: Place, prove_report: Proof
) -> None:
    live = Sockets()
    relay = f"""
  use_backend live if {{ path /live }}
backend live
  timeout tunnel 1h
  server one 127.0.0.1:{live.port}
"""

    def relaying(number: int, drain: float = 60) -> dict[str, str]:
        made = configuration(place.folder, place.port, f"number {number}", relay)
        text = made["haproxy.cfg"].replace("hard-stop-after 5s", f"hard-stop-after {drain:.0f}s")
        return {**made, "haproxy.cfg": text}

    place.write(relaying(-4))
    with controller(place) as found, place.started() as process, ExitStack() as open_ones:
        found.hears(content_id(relaying(-4)))
        begun = time.monotonic()
        for number in (-3, -2, -1):
            found.hears(found.offer(relaying(number)))
        drain = max(15.0, 25 * (time.monotonic() - begun))  # more than twice what 30 of them will take here
        found.hears(found.offer(relaying(0, drain)))
        (master,) = haproxy.children(process.pid)
        eventually(lambda: len(haproxy.children(master)) == 1, 20, "one worker", 0.1)
        before = memory([process.pid, master, *haproxy.children(master)])
        sockets = [open_ones.enter_context(opened(place.port)) for _ in range(100)]
        begun, old = time.monotonic(), list[int]()
        for number in range(1, 31):
            found.hears(found.offer(relaying(number, drain)))
            old.append(len(haproxy.children(master)) - 1)
        kept, took = sum(echoes(each) for each in sockets), time.monotonic() - begun
        eventually(lambda: len(haproxy.children(master)) == 1, drain + 20, "the old workers are gone", 0.1)
        lasted = time.monotonic() - begun
        after = memory([process.pid, master, *haproxy.children(master)])
        few = sum(each <= 3 for each in old)
        prove_report(10, kept, 100, f"WebSockets kept over 30 reloads in {took:.0f} s", TABLE)
        prove_report(10, few, 30, f"reloads with at most 3 old workers; {max(old)} at most", TABLE)
        said = f"memory {before} KB before, {after} KB when the drain limit had ended them all"
        prove_report(10, int(after <= 1.2 * before), 1, said, TABLE)
        assert (kept, few) == (100, 30)
        assert lasted >= drain - 1, "kept until the drain limit"
        assert sum(echoes(each) for each in sockets) == 0
        assert after <= 1.2 * before
