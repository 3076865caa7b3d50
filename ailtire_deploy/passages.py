"""What gateways carry beside routes: bytes at a port, and what a stack uses of the one above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TcpRoute:
    """What arrives at the port ``listen`` goes to ``port`` of ``service``, byte by byte.

    ``allow`` are ranges of addresses, none for any; ``rest`` is how many seconds a connection may be silent,
    0 for the default.
    """

    service: str
    listen: int
    port: int
    allow: tuple[str, ...] = ()
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class Use:
    """A service of the parent that a stack reaches through the gateways, under ``name``.

    ``tcp`` are the ports it has there, ``h2c`` and ``timeout`` (seconds, 0 for the default) what its slowest
    and newest route asks for. Where it is granted, ``service`` is what it is called there, and ``port`` opens
    all of that port instead of the paths of its routes.
    """

    name: str
    service: str = ""
    port: int | None = None
    tcp: tuple[int, ...] = ()
    h2c: bool = False
    timeout: float = 0.0
