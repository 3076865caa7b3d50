"""The published proxy of a root: what it answers without certificates, and what only with them.

HAProxy reads both as one configuration. Certificates are files beside it, named by the secrets they come
from: such a name ends in a fingerprint of the content, so another certificate is another configuration.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ailtire_deploy import assets, names
from ailtire_deploy.model import Gateway, Stack
from ailtire_deploy.names import GATEWAY_PORT
from ailtire_deploy.render import dispatch, passing
from ailtire_deploy.render.files import CERTIFICATES, EDGE, TLS
from ailtire_deploy.render.narrow import narrow
from ailtire_deploy.render.proxy import Place, configuration
from ailtire_deploy.render.servers import servers
from ailtire_deploy.templating import artifact
from ailtire_deploy.topology import Rule, Target, Topology

HTTPS = 443
H2C = "gateway.h2c"  # the same gateway, for calls that need HTTP/2 on the whole way
ANSWER = 60.0  # seconds a proxy waits for an answer, as templates/proxy.cfg.j2 has it
HERE = Place()
NOBODY = f"127.0.0.1:{GATEWAY_PORT}"  # HAProxy does not start without any listener


def files(stack: Stack, topology: Topology, target: Target, place: Place = HERE) -> dict[str, bytes]:
    """The configuration of a root's edge, which leads to ``target``."""
    found = {EDGE: plain(topology, stack.gateway, target, place)}
    if any(each.serves == "https" for each in stack.gateway.publish):
        found |= {TLS: secure(topology, stack.gateway, place), CERTIFICATES: certificates(stack)}
    return found


def plain(topology: Topology, gateway: Gateway, target: Target, place: Place = HERE) -> bytes:
    """What is served from the start. Without a port for it, plain HTTP is answered to nobody outside."""
    served = {each.serves for each in gateway.publish if each.tcp is None}
    slowest = max((rule.limits.timeout for rule in _rules_of(topology)), default=0.0)
    targets = [target, *([replace(target, label=H2C, speaks="h2c")] if _is_h2c(topology) else [])]
    values = {
        "path": str(topology.path),
        "bind": narrow("bind", NOBODY if served and "http" not in served else place.bind),
        "rules": _rules(topology, gateway, "http"),
        "redirect": _redirect(gateway, place) if "redirect" in served else None,
        "timeout": dispatch.milliseconds(slowest + 1) if slowest > ANSWER else 0,
        "backends": [servers(each) for each in targets],
    }
    passed = passing.text(passing.of_edge(topology.passed))
    return configuration("edge.cfg.j2", topology, place, values, passed)


def secure(topology: Topology, gateway: Gateway, place: Place = HERE) -> bytes:
    """What is served as soon as the certificates are there."""
    tls = gateway.tls
    text = artifact(
        assets.template("tls.cfg.j2"),
        path=str(topology.path),
        bind=narrow("bind", place.tls),
        certificates=narrow("file", CERTIFICATES),
        hsts=None if tls.hsts is None else f"{tls.hsts:d}",
        subdomains=tls.include_subdomains,
        preload=tls.preload,
        rules=_rules(topology, gateway, "https"),
    )
    return text.encode()


def certificates(stack: Stack) -> bytes:
    """The files with certificates and their keys, one a line; HAProxy chooses by the names in them."""
    own = (
        stack.secrets[key].name or names.in_stack(stack.path, key) for key in stack.gateway.tls.certificates
    )
    named = (names.certificate_secret(stack.path, each) for each in own)
    found = [narrow("file", names.certificate_file(each)) for each in named]
    return artifact(assets.template("certificates.list.j2"), files=found).encode()


def _rules(topology: Topology, gateway: Gateway, scheme: str) -> str:
    h2c = H2C if _is_h2c(topology) else ""
    text = artifact(assets.template("edge-rules.cfg.j2"), admin=gateway.admin, scheme=scheme, h2c=h2c)
    return text.rstrip("\n")


def _is_h2c(topology: Topology) -> bool:
    """Whether anything that the edge leads to needs HTTP/2 on the whole way."""
    return any(rule.target and rule.target.speaks == "h2c" for rule in _rules_of(topology))


def _rules_of(topology: Topology) -> list[Rule]:
    return [rule for face in topology.faces if face.trusted for rule in face.rules]


def _redirect(gateway: Gateway, place: Place) -> dict[str, Any]:
    ports = [each.port for each in gateway.publish if each.serves == "https"]
    port = HTTPS if HTTPS in ports else min(ports)
    return {"bind": narrow("bind", place.redirect), "port": "" if port == HTTPS else f":{port:d}"}
