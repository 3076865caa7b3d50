"""What ``topology`` decides, as values: networks, seats on them, and what a gateway answers on each.

Services, networks and their members go by the key they have in the rendered compose file; ``names`` makes the
engine's names of those keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ailtire_deploy.model import ANY_NETWORK, UNLIMITED, Limits, NetworkOptions, Page
from ailtire_deploy.names import EDGE, GATEWAY, StackPath

SLOTS = (
    16  # tasks a gateway is ready for without a change of its configuration; more, where replicas ask for it
)


@dataclass(frozen=True, slots=True)
class Network:
    """One overlay network. ``external``: its launcher made it, this stack only uses it."""

    key: str
    name: str
    internal: bool = True
    external: bool = False
    options: NetworkOptions = ANY_NETWORK


@dataclass(frozen=True, slots=True)
class Seat:
    """A place on a network, and the short names it is known by there (beside ``tasks.<engine name>``)."""

    network: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """How tasks are looked after; times in milliseconds.

    ``path`` "" is a look whether something listens. ``fall`` bad answers make a task one that is not asked
    any more; in ``slow_start`` a new one comes to its share.
    """

    path: str = ""
    interval: int = 500
    timeout: int = 2000
    fall: int = 1
    slow_start: int = 0


LISTENS = Watch()


@dataclass(frozen=True, slots=True)
class Target:
    """All tasks of one engine service. ``label`` names it in the proxy's configuration and log.

    ``drains``: a task that was told to stop serves on for a while, as a gateway's does. ``speaks``: ``h2c``
    for HTTP/2 without TLS, ``proxy`` for TCP to a gateway that is told who calls, "" for neither.
    """

    label: str
    service: str
    port: int
    slots: int = SLOTS
    drains: bool = False
    watch: Watch = LISTENS
    speaks: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """Requests for ``target`` of which so many percent go to ``candidate`` instead."""

    target: Target
    candidate: Target
    weight: int


@dataclass(frozen=True, slots=True)
class Listener:
    """What arrives at ``port`` of a face goes to ``target``, byte by byte.

    ``allow`` are the ranges that callers may come from, none for any; ``rest`` the seconds that a connection
    may be silent, 0 for the default.
    """

    port: int
    target: Target
    allow: tuple[str, ...] = ()
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """What arrives under ``host`` and ``prefix`` goes to ``target``, its prefix rewritten to ``path``.

    ``target`` None is a 404. ``host`` "" and ``method`` "" mean any; ``exact`` leaves out what is below the
    prefix; ``segment`` is one that has to stand somewhere in the path; ``limits`` hold for what
    fits; ``called`` is the host the target hears, "" for the one that was asked for.
    """

    target: Target | None
    prefix: str = "/"
    path: str = "/"
    host: str = ""
    method: str = ""
    segment: str = ""
    exact: bool = False
    limits: Limits = UNLIMITED
    called: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """What a gateway answers to callers on one network: the first rule that fits, and 404 if none does.

    ``network`` is its engine name. ``trusted``: callers are gateways, whose forwarded headers are believed.
    At ports without a listener nobody answers.
    """

    name: str
    network: str
    rules: tuple[Rule, ...]
    trusted: bool = False
    listeners: tuple[Listener, ...] = ()


@dataclass(frozen=True, slots=True)
class Topology:
    """Who sits where in one stack. ``seats`` lists every service by its compose key.

    ``edge`` is where the edge leads, in a root that publishes, ``passed`` what it passes on byte by byte.
    ``slow``: by label of a target of the gateway, from how many milliseconds on its answers are counted as
    slow, some numbers of them; where there are none, nothing is counted and nothing paid.
    """

    path: StackPath
    networks: tuple[Network, ...]
    seats: Mapping[str, tuple[Seat, ...]]
    faces: tuple[Face, ...] = ()
    edge: Target | None = None
    slow: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    errors: Mapping[int, Page] = field(default_factory=dict)  # what its proxies answer instead of our words
    splits: tuple[Split, ...] = ()
    passed: tuple[Listener, ...] = ()

    @property
    def proxies(self) -> tuple[str, ...]:
        """The services of the stack that are proxies."""
        return (*((GATEWAY,) if self.faces else ()), *((EDGE,) if self.edge else ()))
