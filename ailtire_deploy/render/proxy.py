"""Faces and rules as lines of an HAProxy configuration; every value in them is narrowed by a pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from ailtire_deploy import assets
from ailtire_deploy.names import GATEWAY_PORT
from ailtire_deploy.render import dispatch, passing, words
from ailtire_deploy.render.narrow import narrow
from ailtire_deploy.render.servers import servers
from ailtire_deploy.templating import artifact
from ailtire_deploy.topology import Rule, Split, Target, Topology

DRAIN = "5m"  # how long a replaced configuration may finish what it began
DRAIN_TCP = "24h"  # the same where bytes are passed on: who holds such a connection expects it to last
H2C = "gateway.h2c"  # the same gateway, for calls that need HTTP/2 on the whole way
ANSWER = 60.0  # seconds a proxy waits for an answer, as templates/proxy.cfg.j2 has it


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


def gateway(topology: Topology, place: Place = Place()) -> bytes:
    """The configuration of a stack's gateway."""
    rules = [rule for face in topology.faces for rule in face.rules]
    targets = dict.fromkeys(rule.target for rule in rules if rule.target)
    entries = dispatch.entries(topology.faces)
    asked = dispatch.asked(entries)
    values = {
        "path": str(topology.path),
        "faces": narrow("file", place.faces),
        "routes": narrow("file", place.routes),
        "trusted": [narrow("label", face.name) for face in topology.faces if face.trusted],
        "hidden": [
            _hidden(face.name, rule) for face in topology.faces for rule in face.rules if not rule.target
        ],
        "exact": any(rule.exact for rule in rules),
        "limits": dispatch.limits_of(topology.faces, topology.errors.get(503)),
        "asked": asked,
        "hosts": any(host for _, host in asked),
        "depths": dispatch.depths(entries),
        "renames": any(rule.called for rule in rules),
        "splits": [_split(each) for each in topology.splits],
        "backends": [
            servers(target, slow=topology.slow.get(target.label, ()))
            for target in (*targets, *(split.candidate for split in topology.splits))
        ],
    }
    ports = passing.of_faces(topology.faces)
    return _configuration("haproxy.cfg.j2", topology, place, values, passing.text(ports, place.faces))


def routes_map(topology: Topology) -> bytes:
    """Where each prefix of each face leads, one a line."""
    return artifact(assets.template("routes.map.j2"), entries=dispatch.entries(topology.faces)).encode()


def _hidden(face: str, rule: Rule) -> dict[str, str]:
    return {"face": narrow("label", face), "segment": narrow("segment", rule.segment)}


def edge(topology: Topology, target: Target, admin: bool, place: Place = Place()) -> bytes:
    """The configuration of the published proxy in front of a root's gateway."""
    rules = [rule for face in topology.faces if face.trusted for rule in face.rules]
    h2c = any(rule.target and rule.target.speaks == "h2c" for rule in rules)
    slowest = max((rule.limits.timeout for rule in rules), default=0.0)
    targets = [target, *([replace(target, label=H2C, speaks="h2c")] if h2c else [])]
    values = {
        "path": str(topology.path),
        "admin": admin,
        "h2c": H2C if h2c else "",
        "timeout": dispatch.milliseconds(slowest + 1) if slowest > ANSWER else 0,
        "backends": [servers(each) for each in targets],
    }
    passed = passing.text(passing.of_edge(topology.passed))
    return _configuration("edge.cfg.j2", topology, place, values, passed)


def _configuration(
    template: str, topology: Topology, place: Place, values: Mapping[str, Any], passed: str
) -> bytes:
    base = artifact(
        assets.template("proxy.cfg.j2"),
        socket=narrow("file", place.socket),
        states=narrow("file", place.states),
        drain=DRAIN_TCP if passed else DRAIN,
        answers=words.answers(topology.errors),
    )
    text = artifact(
        assets.template(template), base=base, bind=narrow("bind", place.bind), passed=passed, **values
    )
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


def _split(split: Split) -> dict[str, Any]:
    main, candidate = (narrow("label", each.label) for each in (split.target, split.candidate))
    return {"main": main, "candidate": candidate, "weight": int(split.weight)}
