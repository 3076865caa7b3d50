"""A whole tree of gateways on the loopback: the rendered configurations of every level, each in a HAProxy of
its own, with the edge in front and one program behind them.

Level ``i`` has the addresses 127.0.1i.1 (family), .2 (sibling), .3 and on (its children, as its faces are
listed), and a port of its own for HTTP; ports of TCP routes are as they are defined, on these addresses only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ailtire_deploy import loading, names, topology
from ailtire_deploy.definition import fill_tree
from ailtire_deploy.model import Gateway, Stack
from ailtire_deploy.names import GATEWAY_PORT, StackPath
from ailtire_deploy.render import edge as edges
from ailtire_deploy.render import proxy
from ailtire_deploy.topology import Topology
from tests.proxies import HAPROXY, free_port, listens
from tests.swarm import eventually

BAY = Path(__file__).parent / "system" / "bay"
_SERVERS = re.compile(r"(server-template \S+) 1-\d+ tasks\.([A-Za-z0-9_-]+):(\d+)( .*)?$", re.M)
_DNS = " init-addr last,none resolvers engine resolve-prefer ipv4"


@dataclass(frozen=True)
class Level:
    """One gateway: where its faces are, by name, and at which port it speaks HTTP."""

    shape: Topology
    faces: Mapping[str, str]
    port: int


@dataclass(frozen=True)
class Chain:
    """A running tree. ``edge`` is the port of the edge, ``levels`` the gateways by path."""

    edge: int
    levels: Mapping[str, Level]
    folder: Path

    def at(self, path: str, face: str) -> tuple[str, int]:
        """Where HTTP is spoken on a face of the gateway of a stack."""
        return self.levels[path].faces[face], self.levels[path].port


def stacks(file: Path = BAY / "bay.yml") -> dict[StackPath, Stack]:
    """Every stack of a definition, by path."""
    body = loading.bundle(file)
    return fill_tree(body, StackPath((body["name"],)))


@contextmanager
def running(folder: Path, changes: Mapping[str, str] | None = None) -> Iterator[Chain]:
    """The tree of ``system/bay`` on the loopback; ``changes`` are made in the text of each configuration."""
    found = stacks()
    levels = {path: _level(number, stack) for number, (path, stack) in enumerate(sorted(found.items()), 10)}
    served = {port: free_port() for port in (8080, 7000, 50051)}
    with ExitStack() as running:
        program = [sys.executable, BAY / "speaking.py", *(str(port) for port in served.values())]
        running.callback(running.enter_context(subprocess.Popen(program)).terminate)
        root = next(iter(levels))
        edge = free_port()
        place = proxy.Place(f"127.0.0.1:{edge}", socket=str(folder / "edge.sock"))
        target = levels[root].shape.edge
        assert target
        texts = {"edge": edges.plain(levels[root].shape, Gateway(), target, place).decode()}
        for path, level in levels.items():
            _write_maps(folder, path, level)
            place = proxy.Place(
                f"*:{level.port}", f"{path.key}.faces", f"{path.key}.routes", str(folder / f"{path.key}.sock")
            )
            texts[path.key] = proxy.gateway(level.shape, place).decode()
        for name, text in texts.items():
            own = next((path for path in levels if path.key == name), StackPath())
            text = _placed(text, own, levels, served)
            for old, new in (changes or {}).items():
                assert old in text
                text = text.replace(old, new)
            (folder / f"{name}.cfg").write_text(text)
            command = [HAPROXY, "-db", "-f", folder / f"{name}.cfg"]
            log = running.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            running.callback(running.enter_context(process).terminate)
        ports = [edge, *served.values(), *(level.port for level in levels.values())]
        eventually(lambda: all(listens(port) for port in ports), 20, "the tree listens", 0.05)
        yield Chain(edge, {str(path): level for path, level in levels.items()}, folder)


def _level(number: int, stack: Stack) -> Level:
    shape = topology.decide(stack)
    faces = {face.name: f"127.0.{number}.{index}" for index, face in enumerate(shape.faces, 1)}
    return Level(shape, faces, free_port())


def _write_maps(folder: Path, path: StackPath, level: Level) -> None:
    subnets = {face.network: (f"{level.faces[face.name]}/32",) for face in level.shape.faces}
    (folder / f"{path.key}.faces").write_bytes(proxy.faces_map(level.shape, subnets))
    (folder / f"{path.key}.routes").write_bytes(proxy.routes_map(level.shape))


def _placed(text: str, own: StackPath, levels: Mapping[StackPath, Level], served: Mapping[int, int]) -> str:
    """A configuration with addresses of the loopback in place of names; the edge's ``own`` is nothing."""
    gateways = {names.gateway_service(path): path for path in levels}
    addresses = list(levels[own].faces.values()) if own else ["127.0.0.1"]

    def server(found: re.Match[str]) -> str:
        start, name, port, options = found[1], found[2], int(found[3]), found[4] or ""
        if name not in gateways:
            return f"{start} 1-1 127.0.0.1:{served.get(port, 1)}{options}"
        other = gateways[name]
        level = levels[other]
        face = "family" if other.parent == own else f"child.{own.key}"
        there = level.port if port == GATEWAY_PORT else port
        options = options.replace(" resolvers gateways rise 2", "").replace("port 80", f"port {level.port}")
        return f"{start} 1-1 {level.faces[face]}:{there}{options}"

    text = _SERVERS.sub(server, text.replace(_DNS, "").replace("server-state-file", "# "))
    binds = re.compile(r"bind \*:(\d+)$", re.M)
    return binds.sub(lambda found: _bind(found, addresses, {level.port for level in levels.values()}), text)


def _bind(found: re.Match[str], addresses: list[str], http: set[int]) -> str:
    """HTTP everywhere, a TCP route at the level's own addresses: other levels have one at the same port."""
    if int(found[1]) in http:
        return found[0]
    return "bind " + ",".join(f"{address}:{found[1]}" for address in addresses)
