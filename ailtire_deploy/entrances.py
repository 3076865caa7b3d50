"""How the world comes in: what a root publishes on the nodes, and the TLS that its edge speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """What answers on a port of the nodes: the stack (for ``https`` behind TLS), or a redirect to that.

    ``tcp`` is the root's TCP route that it leads to, None for HTTP.
    """

    port: int
    mode: Literal["host", "ingress"] = "host"
    tcp: int | None = None
    serves: Literal["http", "https", "redirect"] = "http"


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS at the edge. ``certificates`` are keys of secrets; the first answers who names no other's host.

    ``hsts`` is for how many seconds browsers are to use nothing but TLS (RFC 6797), None for nothing said.
    """

    certificates: tuple[str, ...] = ()
    hsts: int | None = None
    include_subdomains: bool = False
    preload: bool = False


NO_TLS = Tls()
