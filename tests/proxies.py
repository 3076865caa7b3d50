"""A real HAProxy on the loopback, with programs behind it that tell what reached them."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.swarm import eventually

HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"
_ADDRESS = re.compile(r"(server-template \S+) 1-\d+ tasks\.([A-Za-z0-9_-]+):\d+")
DNS = " init-addr last,none resolvers engine resolve-prefer ipv4"


@dataclass(frozen=True)
class Answer:
    """What a caller got; ``by`` is the service that answered, "" for the proxy itself."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.body)

    @property
    def by(self) -> str:
        return self.headers.get("x-service", "")


@dataclass
class Upstream:
    """One service: answers any request with what it got, ``delay`` seconds later, or hangs up when it is told
    to.
    """

    name: str
    port: int
    seen: list[str] = field(default_factory=list)
    rude: bool = False
    delay: float = 0.0


@dataclass(frozen=True)
class Proxy:
    """A running HAProxy and what stands behind it, by engine name."""

    port: int
    upstreams: Mapping[str, Upstream]
    log: Path

    def ask(
        self,
        path: str,
        at: str,
        *,
        method: str = "GET",
        host: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request to the proxy's address ``at``, its path sent as it is."""
        connection = HTTPConnection(at, self.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_host=True)
            for name, value in {"Host": host or at, **(headers or {})}.items():
                connection.putheader(name, value)
            connection.endheaders()
            reply = connection.getresponse()
            found = {name.lower(): value for name, value in reply.getheaders()}
            return Answer(reply.status, found, reply.read())
        finally:
            connection.close()


def valid(config: Path) -> str:
    """What HAProxy has against a configuration; "" is nothing."""
    done = subprocess.run([HAPROXY, "-c", "-f", config], capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr if done.returncode else ""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("0.0.0.0", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running(config: bytes, port: int, folder: Path, missing: frozenset[str] = frozenset()) -> Iterator[Proxy]:
    """HAProxy with a rendered configuration, its servers on the loopback; ``missing`` ones are not there."""
    names = {name for _, name in _ADDRESS.findall(config.decode())}
    with ExitStack() as stack:
        upstreams = {name: stack.enter_context(upstream(name)) for name in sorted(names - missing)}
        ports = {name: each.port for name, each in upstreams.items()}
        text = _ADDRESS.sub(
            lambda found: f"{found[1]} 1-1 127.0.0.1:{ports.get(found[2], 1)}", config.decode()
        )
        assert DNS in text
        (folder / "proxy.cfg").write_text(text.replace(DNS, "").replace(" resolvers gateways rise 2", ""))
        log = folder / "proxy.log"
        process = stack.enter_context(
            subprocess.Popen(
                [HAPROXY, "-db", "-f", folder / "proxy.cfg"],
                stdout=stack.enter_context(log.open("wb")),
                stderr=subprocess.STDOUT,
            )
        )
        stack.callback(process.terminate)
        eventually(lambda: listens(port), 20, "HAProxy listens")
        yield Proxy(port, upstreams, log)


def listens(port: int) -> bool:
    """Whether something answers at a port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def upstream(name: str) -> Iterator[Upstream]:
    """A service on a port of its own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        told = Upstream(name, server.server_port)
        server.told = told  # type: ignore[attr-defined]
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield told
        server.shutdown()
        thread.join()


class _Echo(BaseHTTPRequestHandler):
    """Answers any method on any path; an upgrade becomes a line that is sent back as it came."""

    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        told: Upstream = self.server.told  # type: ignore[attr-defined]
        told.seen.append(f"{self.command} {self.path}")
        time.sleep(told.delay)
        if told.rude:
            self.close_connection = True
        elif self.headers.get("Upgrade"):
            self._upgrade()
        else:
            self._echo(told)

    def _upgrade(self) -> None:
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", self.headers["Upgrade"])
        self.send_header("Sec-WebSocket-Accept", "s3pPLBMxiTxaK9kYGzzhZRbK+xOo=")
        self.end_headers()
        self.wfile.write(self.rfile.readline())
        self.close_connection = True

    def _echo(self, told: Upstream) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps({"method": self.command, "path": self.path, "headers": headers}).encode()
        self.send_response(200)
        self.send_header("X-Service", told.name)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""
