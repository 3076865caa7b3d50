"""A filled definition as frozen values: what the files mean, before anything is decided about networks.

Only what later steps reason about has a field of its own. The rest of a service (``command``,
``healthcheck``, ``deploy``, …) stays in ``options``, in the long form of the Compose specification and
already checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ailtire_deploy.entrances import NO_TLS, PublishedPort, Tls
from ailtire_deploy.names import StackPath
from ailtire_deploy.passages import TcpRoute, Use

Condition = Literal["started", "healthy", "completed"]
OnFailure = Literal["rollback", "pause", "continue"]
Way = Literal["rolling", "recreate", "blue-green", "canary"]


@dataclass(frozen=True, slots=True)
class Headers:
    """Headers that are set, as pairs of name and value, and names of those that are taken away."""

    set: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


UNCHANGED = Headers()


@dataclass(frozen=True, slots=True)
class Closed:
    """Maintenance: what callers are told ("" for the gateway's own words), and from where some may still
    come in, as ranges of addresses.
    """

    message: str = ""
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a route lets through: methods, ranges of addresses, seconds until an answer, bytes of a body; and
    what it changes in the headers of requests and answers.

    Nothing in a field means that there is no such limit. ``closed`` is for maintenance.
    """

    methods: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    timeout: float = 0.0
    max_body: int | None = None
    request: Headers = UNCHANGED
    response: Headers = UNCHANGED
    closed: Closed | None = None


UNLIMITED = Limits()
WHOLE = "*"  # in place of a service's key: all that a stack offers


@dataclass(frozen=True, slots=True)
class Route:
    """One line of an ``interface``: what arrives under ``host`` and ``prefix`` goes to ``service``.

    ``prefix`` starts with ``/`` and has no slash at its end, except the root ``/`` itself; ``host`` "" means
    any. ``path`` is what the prefix is rewritten to; ``port`` is None for a child (its gateway's port is
    known). ``check`` is the path that says whether a task is well, "" when listening is enough;
    ``slow_start`` the seconds in which a new task comes to its share.
    """

    service: str
    prefix: str
    path: str
    host: str = ""
    port: int | None = None
    limits: Limits = UNLIMITED
    check: str = ""
    slow_start: float = 0.0
    h2c: bool = False  # it takes HTTP/2 without TLS, as gRPC does


@dataclass(frozen=True, slots=True)
class Dependency:
    """Without ``required``, one that has failed is not waited for."""

    service: str
    condition: Condition = "started"
    required: bool = True


@dataclass(frozen=True, slots=True)
class FileMount:
    """A config or secret of the stack as one service sees it; ``source`` is its key in the stack."""

    source: str
    target: str
    uid: str = "0"
    gid: str = "0"
    mode: int = 0o444


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume (``source`` is its key in the stack, "" for an anonymous one), tmpfs or bind mount."""

    type: Literal["volume", "tmpfs", "bind"]
    source: str
    target: str
    read_only: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """What makes a service run once: seconds a run may take, and how often a failed one is tried again."""

    timeout: float = 600.0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Which part of the requests (percent) the candidate of a release gets, and for how many seconds at
    least.
    """

    weight: int
    pause: float


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What ends a release: more errors than ``errors`` percent of the requests, or more that took longer than
    so many milliseconds (``slower``: milliseconds and percent).
    """

    errors: float | None = None
    slower: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Strategy:
    """How a service comes to its next version. ``manual``: it waits for a person before it goes on."""

    way: Way = "rolling"
    steps: tuple[Step, ...] = ()
    manual: bool = False
    abort_if: Tolerance = Tolerance()

    @property
    def staged(self) -> bool:
        """Whether the new version runs beside the old one, and the gateway divides the requests."""
        return bool(self.steps)


ROLLING = Strategy()


@dataclass(frozen=True, slots=True)
class Service:
    """A container workload; with ``job`` one that runs once for each change of what it is made of."""

    key: str
    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    depends_on: tuple[Dependency, ...] = ()
    configs: tuple[FileMount, ...] = ()
    secrets: tuple[FileMount, ...] = ()
    mounts: tuple[Mount, ...] = ()
    egress: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    job: Job | None = None
    strategy: Strategy = ROLLING
    tcp: tuple[TcpRoute, ...] = ()


@dataclass(frozen=True, slots=True)
class Child:
    """A service that is a stack itself.

    ``definition`` is unfilled: only the child's own controller fills it. ``registries`` are the secrets with
    credentials of registries that its controller gets, ``certificates`` those for a root's edge, ``uses``
    what it is granted of this stack.
    """

    key: str
    definition: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    depends_on: tuple[Dependency, ...] = ()
    registries: tuple[str, ...] = ()
    tcp: tuple[TcpRoute, ...] = ()
    uses: tuple[Use, ...] = ()
    certificates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of the stack: in a revision the engine ``name`` of its object, before that its ``source``.

    That is ``{"env": NAME}``, ``{"file": PATH}`` or ``{"generate": {"length": 32, "generation": 1}}``.
    """

    name: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered instead of the gateway's own words."""

    content: bytes
    type: str = "text/html"


@dataclass(frozen=True, slots=True)
class Gateway:
    """``errors`` are pages by status, ``origins`` the other sites whose pages may show the view."""

    publish: tuple[PublishedPort, ...] = ()
    admin: bool = False
    placement: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[int, Page] = field(default_factory=dict)
    origins: tuple[str, ...] = ()
    tls: Tls = NO_TLS


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """What a stack asks of its own network: an IPv4 range, "" for the engine's choice; an MTU, or 0."""

    subnet: str = ""
    mtu: int = 0


ANY_NETWORK = NetworkOptions()


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack, filled: its services, its children, and what they share.

    ``digests`` are those of its images, ``below`` those of the stacks below it by their paths from here.
    ``maintenance`` tells which of its services are closed, by key; ``WHOLE`` stands for all of them. ``uses``
    is what its parent grants it, ``generation`` that of the keys in the tree.
    """

    path: StackPath
    version: str = ""
    context: str = ""
    services: tuple[Service, ...] = ()
    children: tuple[Child, ...] = ()
    configs: Mapping[str, bytes] = field(default_factory=dict)  # key → content
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    volumes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    gateway: Gateway = Gateway()
    network: NetworkOptions = ANY_NETWORK
    on_failure: OnFailure = "rollback"
    deadline: float | None = None  # seconds without progress that count as failure; None derives it
    digests: Mapping[str, str] = field(default_factory=dict)
    below: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    maintenance: Mapping[str, Closed] = field(default_factory=dict)
    uses: tuple[Use, ...] = ()
    generation: int = 1


@dataclass(frozen=True, slots=True)
class Site:
    """What a definition cannot know: the facts a launcher hands down to the controllers it starts.

    ``socket`` is the engine's socket as a path on the node, ``user`` the uid:gid that may open it,
    ``cluster`` the swarm's id; a controller whose engine reports another one writes nothing. ``build`` tells
    one build of the image from another of the same name, "" where nothing does: a new one replaces the
    controllers.
    """

    image: str
    socket: str = "/var/run/docker.sock"
    user: str = "0:0"
    cluster: str = ""
    build: str = ""
