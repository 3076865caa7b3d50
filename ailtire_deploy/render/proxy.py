"""Faces and rules as lines of an HAProxy configuration; every value in them is narrowed by a pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from ailtire_deploy import assets
from ailtire_deploy.names import EDGE_PORTS, GATEWAY_PORT
from ailtire_deploy.render import dispatch, passing, words
from ailtire_deploy.render.narrow import narrow
from ailtire_deploy.render.servers import servers
from ailtire_deploy.templating import artifact
from ailtire_deploy.topology import Face, Split, Topology

DRAIN = "5m"  # how long a replaced configuration may finish what it began
DRAIN_TCP = "24h"  # the same where bytes are passed on: who holds such a connection expects it to last


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proxy runs: what it binds (an edge up to three addresses), its maps (beside its configuration),
    its runtime socket, and where it reads what its servers were before a reload.
    """

    bind: str = f"*:{GATEWAY_PORT}"
    faces: str = "faces.map"
    routes: str = "routes.map"
    socket: str = "/tmp/haproxy.sock"
    states: str = "/tmp/ailtire/servers"
    redirect: str = f"*:{EDGE_PORTS['redirect']}"
    tls: str = f"*:{EDGE_PORTS['https']}"


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
        "hidden": {narrow("label", face.name): found for face in topology.faces if (found := _hidden(face))},
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
    return configuration("haproxy.cfg.j2", topology, place, values, passing.text(ports, place.faces))


def routes_map(topology: Topology) -> bytes:
    """Where each prefix of each face leads, one a line."""
    return artifact(assets.template("routes.map.j2"), entries=dispatch.entries(topology.faces)).encode()


def _hidden(face: Face) -> list[str]:
    """The segments that nobody on a face may have in a path, but where something else was decided before."""
    return [narrow("segment", rule.segment) for rule in face.rules if not rule.target]


def configuration(
    template: str, topology: Topology, place: Place, values: Mapping[str, Any], passed: str
) -> bytes:
    """A whole configuration: what all proxies have in common, and the template's own part."""
    base = artifact(
        assets.template("proxy.cfg.j2"),
        socket=narrow("file", place.socket),
        states=narrow("file", place.states),
        drain=DRAIN_TCP if passed else DRAIN,
        answers=words.answers(topology.errors),
    )
    bind = narrow("bind", place.bind)
    text = artifact(assets.template(template), **{"base": base, "bind": bind, "passed": passed, **values})
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
