"""What a stack publishes: each port once, and TLS only with certificates, which are secrets of the stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ailtire_deploy.definition import forms
from ailtire_deploy.definition.draft import Draft
from ailtire_deploy.definition.findings import Finding, nearest
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.documents import Path
from ailtire_deploy.names import EDGE_PORTS

PRELOADED = 31_536_000  # seconds: the least that the lists of browsers take
TLS: Path = ("gateway", "tls")
TRY = "offer it at another port, as tcp:10443: {port: 443}"
TAKEN = (EDGE_PORTS["https"], EDGE_PORTS["redirect"])
NO_PORT = ("no published port speaks TLS", "publish: [{port: 443, tls: true}]")


def findings(draft: Draft) -> Iterator[Finding]:
    """What is wrong with the gateway's ports and its TLS."""
    gateway = section(draft.data, "gateway")
    ports = list(forms.items(gateway.get("publish")))
    secured = any(_speaks_tls(each) for _, each in ports)
    yield from _ports(ports, secured)
    if "tls" in section(draft.written, "gateway"):
        yield from _certificates(draft, section(gateway, "tls"))
        yield from _hsts(section(section(gateway, "tls"), "hsts"))
        if not secured:
            yield Finding(TLS, *NO_PORT)
    elif secured:
        yield Finding(("gateway",), "a port with TLS needs certificates", "tls: {certificates: [SECRET]}")


def _speaks_tls(value: Any) -> bool:
    return isinstance(value, dict) and value.get("tls") is True


def _ports(ports: list[tuple[int, Any]], secured: bool) -> Iterator[Finding]:
    seen: set[int] = set()
    for index, value in ports:
        port = value if isinstance(value, int) else value.get("port")
        path: Path = ("gateway", "publish", index)
        if port in seen:
            yield Finding(path, f"port {port} is published already")
        seen.add(port)
        if isinstance(value, dict):
            yield from _port(value, path, secured)


def _port(value: dict[str, Any], path: Path, secured: bool) -> Iterator[Finding]:
    if "tcp" in value:
        if value.get("tls") is True or "redirect" in value:
            said = "bytes are passed on as they come, so this port has no TLS of ours"
            yield Finding((*path, "tcp"), said, "leave tls and redirect out")
        elif secured and value["tcp"] in TAKEN:
            yield Finding((*path, "tcp"), f"with TLS the edge listens on {value['tcp']} itself", TRY)
    elif "redirect" in value:
        if _speaks_tls(value):
            yield Finding((*path, "redirect"), "a port either speaks TLS or redirects to one that does")
        elif not secured:
            yield Finding((*path, "redirect"), *NO_PORT)


def _certificates(draft: Draft, tls: dict[str, Any]) -> Iterator[Finding]:
    known, seen = section(draft.data, "secrets"), set[str]()
    for index, key in forms.items(tls.get("certificates")):
        path: Path = (*TLS, "certificates", index)
        if key not in section(draft.written, "secrets"):
            hint = nearest(key, known) if known else "declare it under secrets of the stack"
            yield Finding(path, f"the stack has no secret {key[:40]!r}", hint)
        elif "generate" in section(section(known, key), "from"):
            yield Finding(path, "what is generated is no certificate", "take it from a file")
        if key in seen:
            yield Finding(path, f"{key} is given twice")
        seen.add(key)


def _hsts(given: dict[str, Any]) -> Iterator[Finding]:
    short = given.get("max_age", PRELOADED) < PRELOADED or not given.get("include_subdomains", False)
    if given.get("preload") is True and short:
        said = f"browsers take this only with include_subdomains and a max_age of {PRELOADED} or more"
        yield Finding((*TLS, "hsts", "preload"), said)
