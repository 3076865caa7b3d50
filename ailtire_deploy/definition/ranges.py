"""The ranges of addresses that a route lets in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from ailtire_deploy.definition.findings import Finding, quoted
from ailtire_deploy.documents import Path


def known(given: Any) -> tuple[str, ...]:
    """The ranges of a route's ``allow`` in their normal form; of what is none ``unreadable`` tells."""
    return tuple(str(each) for text in given or () for each in _network(text))


def unreadable(path: Path, route: Any) -> Iterator[Finding]:
    """Ranges that are none: a route that seemed narrow would be open, or closed to all."""
    ranges = route.get("allow") if isinstance(route, Mapping) else None
    for number, text in enumerate(ranges if isinstance(ranges, list) else ()):
        if not _network(text):
            hint = "write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32; no bit may stand behind the prefix"
            yield Finding((*path, "allow", number), f"{quoted(str(text))} is no range of addresses", hint)


def _network(text: Any) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(text)]
    except ValueError:
        return []
