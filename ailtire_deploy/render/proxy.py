"""Faces and rules as lines of an HAProxy configuration; every value in them is narrowed by a pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from ailtire_deploy import assets
from ailtire_deploy.names import GATEWAY_PORT, tasks_of
from ailtire_deploy.render.narrow import narrow, segments
from ailtire_deploy.templating import artifact
from ailtire_deploy.topology import Rule, Target, Topology

CONFIG_TARGET = "/etc/ailtire/haproxy.cfg"
FACES_TARGET = "/etc/ailtire/faces.map"
DRAIN = "5m"  # how long a replaced configuration may finish what it began


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proxy runs: what it binds, its map of faces (beside its configuration), its runtime socket, and
    where it reads what its servers were before a reload.
    """

    bind: str = f"*:{GATEWAY_PORT}"
    faces: str = "faces.map"
    socket: str = "/tmp/haproxy.sock"
    states: str = "/tmp/ailtire/servers"


@dataclass(frozen=True, slots=True)
class Backend:
    """Servers behind one name, with the rewriting that belongs to it."""

    name: str
    server: str
    address: str
    slots: int
    drains: bool
    pattern: str = ""
    replacement: str = ""
    mount: str = ""


def gateway(topology: Topology, place: Place = Place()) -> bytes:
    """The configuration of a stack's gateway."""
    rules = [(face.name, rule) for face in topology.faces for rule in face.rules]
    backends: dict[tuple[Target, str, str], Backend] = {}
    lines = [
        {"backend": _backend(backends, rule), "conditions": conditions(face, rule)} for face, rule in rules
    ]
    values = {
        "path": str(topology.path),
        "faces": narrow("file", place.faces),
        "trusted": [narrow("label", face.name) for face in topology.faces if face.trusted],
        "lines": lines,
        "backends": list(backends.values()),
    }
    return _configuration("haproxy.cfg.j2", place, values, drains=True)


def edge(topology: Topology, target: Target, admin: bool, place: Place = Place()) -> bytes:
    """The configuration of the published proxy in front of a root's gateway."""
    values = {"path": str(topology.path), "admin": admin, "backends": [_servers("gateway", target)]}
    return _configuration("edge.cfg.j2", place, values, drains=False)


def _configuration(template: str, place: Place, values: Mapping[str, Any], drains: bool) -> bytes:
    base = artifact(
        assets.template("proxy.cfg.j2"),
        socket=narrow("file", place.socket),
        states=narrow("file", place.states),
        drain=DRAIN,
        drains=drains,
    )
    text = artifact(assets.template(template), base=base, bind=narrow("bind", place.bind), **values)
    return text.encode()


def faces_map(topology: Topology, subnets: Mapping[str, tuple[str, ...]]) -> bytes:
    """Which address of the gateway belongs to which face, one subnet a line."""
    lines = [
        {"subnet": narrow("subnet", str(ip_network(subnet))), "face": narrow("label", face.name)}
        for face in topology.faces
        for subnet in subnets.get(face.network, ())
    ]
    return artifact(assets.template("faces.map.j2"), lines=lines).encode()


def unaddressed(topology: Topology, subnets: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Networks of the gateway of which no subnet is known yet."""
    return tuple(face.network for face in topology.faces if not subnets.get(face.network))


def conditions(face: str, rule: Rule) -> list[str]:
    """The conditions of a rule, in HAProxy's words; all have to hold."""
    return [
        f"{{ var(txn.face) -m str {narrow('label', face)} }}",
        *([f"{{ var(txn.host) -m str {narrow('host', rule.host).lower()} }}"] if rule.host else []),
        *([f"{{ method {narrow('method', rule.method)} }}"] if rule.method else []),
        *([f"{{ var(txn.path) -m sub /{narrow('segment', rule.segment)}/ }}"] if rule.segment else []),
        *_prefix(rule),
    ]


def _prefix(rule: Rule) -> list[str]:
    prefix = segments(rule.prefix)
    if rule.exact:
        return [f"{{ path -m str {prefix} }}"]
    return [f"{{ var(txn.path) -m beg {_closed(prefix)} }}"] if prefix != "/" else []


def _closed(prefix: str) -> str:
    """With a slash at the end, so that ``/messages`` never matches ``/messagesX``."""
    return prefix if prefix == "/" else f"{prefix}/"


def _backend(known: dict[tuple[Target, str, str], Backend], rule: Rule) -> str:
    """The name of a rule's backend; one for each target and rewriting, made when it is first asked for."""
    if rule.target is None:
        return "nowhere"
    same = rule.prefix == rule.path
    key = (rule.target, "", "") if same else (rule.target, rule.prefix, rule.path)
    if key not in known:
        count = sum(target == rule.target for target, _, _ in known)
        name = narrow("label", rule.target.label) + (f":{count + 1}" if count else "")
        known[key] = _servers(name, rule.target, {} if same else rewriting(rule))
    return known[key].name


def _servers(name: str, target: Target, rewriting: Mapping[str, str] | None = None) -> Backend:
    address = f"{tasks_of(narrow('name', target.service))}:{target.port:d}"
    return Backend(name, target.label.lstrip("_"), address, target.slots, target.drains, **(rewriting or {}))


def rewriting(rule: Rule) -> dict[str, str]:
    """How a prefix becomes a path: ``/messages/x`` and ``/`` make ``/x``; ``mount`` is what callers add.

    The pattern stands in single quotes, where HAProxy reads everything as it is.
    """
    prefix, path = segments(rule.prefix), segments(rule.path)
    before = "" if prefix == "/" else prefix.replace(".", "[.]")
    if path == "/":
        return {"pattern": f"^{before}/?(.*)$", "replacement": r"/\1", "mount": mount(rule)}
    if prefix == "/":
        return {"pattern": "^/(.*)$", "replacement": rf"{path}/\1"}
    return {"pattern": f"^{before}(/.*)?$", "replacement": rf"{path}\1", "mount": mount(rule)}


def mount(rule: Rule) -> str:
    """What the outside sees before a path that the target knows; a controller builds its own addresses."""
    inner = rule.target is not None and rule.target.label.startswith("_")
    return "" if inner else rule.prefix.removesuffix(rule.path.rstrip("/"))
