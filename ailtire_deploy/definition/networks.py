"""What a stack's network may be: a private range that overlays can use."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from ailtire_deploy.definition.draft import Draft
from ailtire_deploy.definition.findings import Finding
from ailtire_deploy.definition.parameters import section

WIDEST, NARROWEST = 16, 29
_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))


def findings(draft: Draft) -> Iterator[Finding]:
    """What is wrong with the subnet of a stack's network."""
    text = section(draft.data, "network").get("subnet")
    if text is None:
        return
    found = _wrong(text)
    if found:
        yield Finding(("network", "subnet"), *found)


def _wrong(text: str) -> tuple[str, str] | None:
    try:
        subnet = IPv4Network(text, strict=False)
    except ValueError:
        return "not a range of IPv4 addresses", "a subnet looks like 10.20.0.0/24"
    if str(subnet) != text:
        return f"{text} is an address within {subnet}", f"write {subnet}"
    if not WIDEST <= subnet.prefixlen <= NARROWEST:
        return f"a subnet has /{WIDEST} to /{NARROWEST}", "/24 has room for 253 addresses"
    if not any(subnet.subnet_of(each) for each in _PRIVATE):
        return "these addresses belong to others", "take some of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
    return None
