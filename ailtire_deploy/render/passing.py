"""What a proxy passes on byte by byte: a port each, and on each face of a port one service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ailtire_deploy import assets
from ailtire_deploy.names import GATEWAY_PORT
from ailtire_deploy.render.dispatch import milliseconds
from ailtire_deploy.render.narrow import narrow
from ailtire_deploy.render.servers import Backend, servers
from ailtire_deploy.templating import artifact
from ailtire_deploy.topology import Face, Listener


@dataclass(frozen=True, slots=True)
class Way:
    """One face of a port, "" where there is only one; ``told``: the caller begins with who it calls for."""

    face: str
    backend: str
    allow: tuple[str, ...]
    told: bool


@dataclass(slots=True)
class Port:
    """A port with its ways, one a face."""

    number: int
    ways: list[Way] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Passing:
    """All ports of a proxy, and what stands behind them."""

    ports: tuple[Port, ...]
    backends: tuple[Backend, ...]


def of_faces(faces: Iterable[Face]) -> Passing:
    """What a gateway passes on. Only the gateway above, on the family face, says who calls."""
    return _passing((face.name, face.name == "family", each) for face in faces for each in face.listeners)


def of_edge(listeners: Iterable[Listener]) -> Passing:
    """What an edge passes on: it has one face, and believes nobody."""
    return _passing(("", False, each) for each in listeners)


def _passing(found: Iterable[tuple[str, bool, Listener]]) -> Passing:
    ports: dict[int, Port] = {}
    rests: dict[str, float] = {}
    targets = {}
    for face, told, each in found:
        name = narrow("label", each.target.label)
        allow = tuple(narrow("subnet", one) for one in each.allow)
        way = Way(narrow("label", face) if face else "", name, allow, told)
        ports.setdefault(each.port, Port(each.port)).ways.append(way)
        rests[name] = max(rests.get(name, 0.0), each.rest)
        targets[name] = each.target
    backends = tuple(servers(target, milliseconds(rests[name])) for name, target in targets.items())
    return Passing(tuple(ports[number] for number in sorted(ports)), backends)


def text(passing: Passing, faces: str = "") -> str:
    """That part of a configuration, "" where nothing is passed on; ``faces`` is the map of faces."""
    if not passing.ports:
        return ""
    return artifact(
        assets.template("tcp.cfg.j2"),
        ports=passing.ports,
        backends=passing.backends,
        faces=narrow("file", faces) if faces else "",
        alive=GATEWAY_PORT,
    )
