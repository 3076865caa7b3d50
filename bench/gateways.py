"""What a generated gateway costs beside a proxy configured by hand: requests a second, and time per request.

Real HAProxy processes on the loopback, in turn, under ``wrk``. The generated configurations are the rendered
ones with their servers' addresses put in, since there is no engine's DNS here. All of them log each request,
and the program behind them is the same.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rig.requests_in_time import half_of
from rig.sockets import awaited, free_port

from ailtire_deploy import topology
from ailtire_deploy.model import Child, Route, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import proxy

ROUNDS, SECONDS, CALLERS = 31, 1, 8
DNS = " init-addr last,none resolvers engine resolve-prefer ipv4"
SERVERS = re.compile(r"(server-template \S+) 1-\d+ tasks\.[A-Za-z0-9_-]+:\d+")
SITE = """global
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend site
    bind 127.0.0.1:{port}
    http-request return status 200 content-type text/plain string "good"
"""
BY_HAND = """global
    log stdout format raw local0 info
    maxconn 2000
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend all
    bind 127.0.0.1:{port}
    http-request set-header X-Forwarded-For %[src]
    default_backend web
backend web
    server web 127.0.0.1:{behind} check
"""

Hop = Callable[[int, int, Path], str]  # its port, the port behind it, its folder: its configuration


def by_hand(port: int, behind: int, folder: Path) -> str:
    return BY_HAND.format(port=port, behind=behind)


def generated(routes: int = 1, child: bool = False) -> Hop:
    """A gateway that leads to a service at so many routes, or to a child."""

    def configured(port: int, behind: int, folder: Path) -> str:
        listed = tuple(Route("web", f"/route{number}", "/", port=8080) for number in range(1, routes))
        here = Route("web", "/", "/", port=None if child else 8080)
        service = () if child else (Service("web", "web", routes=(here, *listed)),)
        below = (Child("web", {}, routes=(here,)),) if child else ()
        shape = topology.decide(Stack(StackPath(("shop",)), services=service, children=below))
        (folder / "faces.map").write_bytes(proxy.faces_map(shape, {"shop_family": ("127.0.0.1/32",)}))
        (folder / "routes.map").write_bytes(proxy.routes_map(shape))
        place = proxy.Place(f"127.0.0.1:{port}", socket=str(folder / "stats"), states=str(folder / "states"))
        text = SERVERS.sub(rf"\1 1-1 127.0.0.1:{behind}", proxy.gateway(shape, place).decode())
        return text.replace(DNS, "").replace(" resolvers gateways rise 2", "")

    return configured


@contextmanager
def haproxy(folder: Path, text: str, port: int) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    (folder / "haproxy.cfg").write_text(text)
    with (folder / "log").open("wb") as log:
        command = ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            awaited(port)
            yield
        finally:
            process.terminate()
            process.wait()


@contextmanager
def chain(root: Path, name: str, hops: list[Hop]) -> Iterator[int]:
    """The hops one behind the other, and a program behind the last; yields the port of the first."""
    with ExitStack() as stack:
        behind = free_port()
        stack.enter_context(haproxy(root / f"{name}-site", SITE.format(port=behind), behind))
        for number, hop in enumerate(reversed(hops)):
            port, folder = free_port(), root / f"{name}-{number}"
            folder.mkdir()
            stack.enter_context(haproxy(folder, hop(port, behind, folder), port))
            behind = port
        time.sleep(1)  # until checks have found the servers
        yield behind


def rate(port: int) -> float:
    """Requests a second under ``wrk``; fails on any bad answer."""
    command = ["wrk", "-t1", f"-c{CALLERS}", f"-d{SECONDS}", f"http://127.0.0.1:{port}/"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    found = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    assert found, said
    return float(found[1])


def compared(title: str, candidates: Mapping[str, list[Hop]], least: float) -> None:
    """The first candidate beside the second, in turn."""
    with TemporaryDirectory() as root, ExitStack() as stack:
        ports = {
            name: stack.enter_context(chain(Path(root), str(number), hops))
            for number, (name, hops) in enumerate(candidates.items())
        }
        rates: dict[str, list[float]] = {name: [] for name in ports}
        for number in range(ROUNDS):
            for name in sorted(ports, reverse=number % 2 == 1):
                rates[name].append(rate(ports[name]))
    mine, theirs = rates.values()
    shares = sorted(one / other for one, other in zip(mine, theirs, strict=True))
    print(title)
    for name, found in rates.items():
        print(
            f"  {name}: {statistics.median(found):,.0f} requests/s ({min(found):,.0f} to {max(found):,.0f})"
        )
    share = statistics.median(shares)
    verdict = "met" if share >= least else "NOT MET"
    print(f"  {share:.3f} ({shares[0]:.3f} to {shares[-1]:.3f}), at least {least}: {verdict}")


def delay(hop: Hop) -> None:
    """At 1,000 requests a second, whatever the answers take, a hop adds at most 0.5 ms to the median."""
    with (
        TemporaryDirectory() as root,
        chain(Path(root), "delay", [hop]) as port,
        chain(Path(root), "bare", []) as bare,
    ):
        through, direct = half_of(port), half_of(bare)
    more = (through - direct) * 1000
    verdict = "met" if more <= 0.5 else "NOT MET"
    print(
        f"half of 1,000 requests/s, through one hop: {through * 1000:.2f} ms, direct {direct * 1000:.2f} ms"
    )
    print(f"  {more:+.2f} ms for the hop, at most 0.5: {verdict}")


if __name__ == "__main__":
    one = generated()
    compared("one hop", {"generated": [one], "by hand": [by_hand]}, 0.95)
    compared("500 routes", {"500 routes": [generated(500)], "one route": [one]}, 0.95)
    levels = [generated(child=True), generated(child=True), one]
    compared("three levels", {"generated": levels, "by hand": [by_hand] * 3}, 0.9)
    delay(one)
