"""Faces and rules as lines of an HAProxy configuration; every value in them is narrowed by a pattern."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from ailtire_deploy import assets, traffic
from ailtire_deploy.names import GATEWAY_PORT, tasks_of
from ailtire_deploy.render import dispatch, words
from ailtire_deploy.render.narrow import narrow, segments
from ailtire_deploy.templating import artifact
from ailtire_deploy.topology import LISTENS, Rule, Split, Target, Topology, Watch

DRAIN = "5m"  # how long a replaced configuration may finish what it began


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proxy runs: what it binds, its maps (beside its configuration), its runtime socket, and where
    it reads what its servers were before a reload.
    """

    bind: str = f"*:{GATEWAY_PORT}"
    faces: str = "faces.map"
    routes: str = "routes.map"
    socket: str = "/tmp/haproxy.sock"
    states: str = "/tmp/ailtire/servers"


@dataclass(frozen=True, slots=True)
class Backend:
    """All tasks of one service, behind one name. Answers that take ``slow`` milliseconds are counted in
    ``table``.
    """

    name: str
    server: str
    address: str
    slots: int
    drains: bool
    watch: Watch = LISTENS
    host: str = ""
    slow: tuple[int, ...] = ()
    table: str = ""


def gateway(topology: Topology, place: Place = Place()) -> bytes:
    """The configuration of a stack's gateway."""
    rules = [rule for face in topology.faces for rule in face.rules]
    targets = dict.fromkeys(rule.target for rule in rules if rule.target)
    values = {
        "path": str(topology.path),
        "faces": narrow("file", place.faces),
        "routes": narrow("file", place.routes),
        "trusted": [narrow("label", face.name) for face in topology.faces if face.trusted],
        "hidden": [
            _hidden(face.name, rule) for face in topology.faces for rule in face.rules if not rule.target
        ],
        "lines": list(_lines(topology)),
        "limits": dispatch.limits_of(topology.faces, topology.errors.get(503)),
        "depths": dispatch.depths(dispatch.entries(topology.faces)),
        "splits": [_split(each) for each in topology.splits],
        "backends": [
            _counting(_servers(target), topology.slow.get(target.label, ()))
            for target in (*targets, *(split.candidate for split in topology.splits))
        ],
    }
    return _configuration("haproxy.cfg.j2", topology, place, values)


def routes_map(topology: Topology) -> bytes:
    """Where each prefix of each face leads, one a line."""
    return artifact(assets.template("routes.map.j2"), entries=dispatch.entries(topology.faces)).encode()


def _hidden(face: str, rule: Rule) -> dict[str, str]:
    return {"face": narrow("label", face), "segment": narrow("segment", rule.segment)}


def _lines(topology: Topology) -> Iterator[dict[str, Any]]:
    for face in topology.faces:
        for rule in face.rules:
            if rule.target and not dispatch.mapped(rule):
                yield {"backend": dispatch.backend(rule.target), "conditions": conditions(face.name, rule)}


def edge(topology: Topology, target: Target, admin: bool, place: Place = Place()) -> bytes:
    """The configuration of the published proxy in front of a root's gateway."""
    values = {"path": str(topology.path), "admin": admin, "backends": [_servers(target)]}
    return _configuration("edge.cfg.j2", topology, place, values)


def _configuration(template: str, topology: Topology, place: Place, values: Mapping[str, Any]) -> bytes:
    base = artifact(
        assets.template("proxy.cfg.j2"),
        socket=narrow("file", place.socket),
        states=narrow("file", place.states),
        drain=DRAIN,
        answers=words.answers(topology.errors),
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
    """The conditions of a rule for one very path, in HAProxy's words; all have to hold."""
    return [
        f"{{ var(txn.face) -m str {narrow('label', face)} }}",
        *([f"{{ method {narrow('method', rule.method)} }}"] if rule.method else []),
        f"{{ path -m str {segments(rule.prefix)} }}",
    ]


def _split(split: Split) -> dict[str, Any]:
    main, candidate = (narrow("label", each.label) for each in (split.target, split.candidate))
    return {"main": main, "candidate": candidate, "weight": int(split.weight)}


def _servers(target: Target) -> Backend:
    address = f"{tasks_of(narrow('name', target.service))}:{target.port:d}"
    name = narrow("label", target.label)
    watch = replace(target.watch, path=segments(target.watch.path) if target.watch.path else "")
    host = narrow("name", target.service)
    return Backend(name, target.label.lstrip("_"), address, target.slots, target.drains, watch, host)


def _counting(backend: Backend, slow: tuple[int, ...]) -> Backend:
    """The table's name says what it counts, so that who reads it needs nothing else."""
    if not slow:
        return backend
    table = f"{traffic.SLOW}{backend.name}.{'-'.join(f'{each:d}' for each in slow)}"
    return replace(backend, slow=slow, table=narrow("label", table))
