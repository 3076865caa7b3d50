"""Every engine name, label name and length limit passes through here.

Engine names join the parts of a path with ``_``. A part is of a-z, 0-9 and - and so never holds a
``_``: ``a_b`` + ``c`` and ``a`` + ``b_c`` cannot meet. Services and networks take 63 characters, configs and
secrets 64 (measured on engine 20.10); a longer name is cut and ends in a hash of the whole, always the same
way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

PART = r"[a-z](?:[a-z0-9-]*[a-z0-9])?"  # the engine refuses a service whose name ends in a -
LIMIT = 63

ADMIN = "admin"  # the controller; these are the keys of what is not the user's
GATEWAY = "gateway"
EDGE = "edge"
SWEEP = "sweep"  # removes a root's controller, and at last itself
SIBLING = "sibling"  # networks
FAMILY = "family"
PROBE = "probe"  # the end of the name of what looks at a network from inside
NEXT = "next"  # the end of a candidate's name
RESERVED = frozenset({ADMIN, GATEWAY, EDGE, SWEEP, SIBLING, FAMILY})

LABEL_OWNER = "ailtire.owner"  # path of the stack whose controller writes it; LAUNCHER for the command line
LABEL_PATH = "ailtire.path"  # the stack it is about
LABEL_SERVICE = "ailtire.service"  # of a service: its key in that stack (admin, gateway and edge included)
LABEL_ROOT = "ailtire.root"  # the outermost stack: one filter finds the whole tree
LABEL_HASH = "ailtire.hash"  # digest of what was wished for, to see what was taken out of a definition
LABEL_NAMESPACE = "com.docker.stack.namespace"
LABEL_OUTCOME = "ailtire.outcome"
LABEL_REPORT = "ailtire.report"
LABEL_CAUSE = "ailtire.cause"  # parent | local | command line | rollback
LABEL_JOB = "ailtire.job"  # of a service that is a job: how many seconds one run of it may take
LABEL_RUN = "ailtire.run"  # of a job: the revision that asked for the run its spec stands for
LABEL_DONE = "ailtire.done"  # of a job: the hash of inputs that it need not run for
LABEL_ORIGIN = "ailtire.origin"  # name of the root revision a child's revision comes from
LABEL_AUTHOR = "ailtire.author"
LABEL_RESTORES = "ailtire.restores"  # of a rollback: the revision whose body it bears
LABEL_UNDOES = "ailtire.undoes"  # of one that a controller made by itself: the revision that failed
LABEL_ONCE = "ailtire.once"  # of a revision made with an idempotency key: that, and what was answered
LABEL_RELEASE = "ailtire.release"  # of a revision: how far the releases of its services have come
LABEL_CANDIDATE = "ailtire.candidate"  # of a service that stands in for the next version of another: its key
LABEL_CARRIES = "ailtire.carries"  # of one that only changes maintenance: the revision that it stands for
LABEL_MAINTENANCE = "ailtire.maintenance"  # of the same: what it turns on or off
LABEL_REVOKED = "ailtire.revoked"  # of one config of a root: the tokens that were taken back
LABEL_PROBE = "ailtire.probe"  # of a service that looks at a network: for how many seconds it may be there
LABEL_LOOK = "ailtire.look"  # of the same: which look it belongs to
LABEL_SURVEY = "ailtire.survey"  # of a revision: what the last look at the living networks found
LABEL_REGISTRY = "ailtire.registry"  # of a secret with credentials: the host they are for
OUR_LABELS = "ailtire."
COMMAND_LINE = "-"

ADMIN_PORT = 3000
GATEWAY_PORT = 80
EDGE_PORTS = {
    "http": GATEWAY_PORT,
    "redirect": 81,
    "https": 443,
}  # where an edge listens for what it publishes
AGENTS = "/_agents"  # where a controller answers the agents of its stack's proxies
TLS_FILE = "tls.cfg"  # of an edge's configuration: what is served only when all its certificates are there
CERTIFICATES_FILE = "certificates.list"  # beside it: their file names, one a line
UP_ALIAS = "admin"  # the parent's gateway, as a child's controller calls it on the family network


@dataclass(frozen=True, slots=True, order=True)
class StackPath:
    """Where a stack stands in the tree: ``shop/orders``. No parts: the command line, the root's parent."""

    parts: tuple[str, ...] = ()

    @classmethod
    @lru_cache(maxsize=4096)  # every label of every resource passes here in every round
    def parse(cls, text: str) -> StackPath:
        """Read ``shop/orders``; ``-`` is the command line. Raises ValueError for anything else."""
        if text == COMMAND_LINE:
            return cls()
        parts = tuple(text.split("/"))
        if not all(re.fullmatch(PART, part) for part in parts):
            raise ValueError(f"{text!r} is not a path: parts of a-z, 0-9 and -, joined by /")
        return cls(parts)

    def __str__(self) -> str:
        return "/".join(self.parts) or COMMAND_LINE

    def __truediv__(self, key: str) -> StackPath:
        return StackPath((*self.parts, key))

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def key(self) -> str:
        """The last part: what the parent calls it."""
        return self.parts[-1]

    @property
    def parent(self) -> StackPath:
        return StackPath(self.parts[:-1])

    @property
    def root(self) -> StackPath:
        return StackPath(self.parts[:1])

    @property
    def engine(self) -> str:
        """The engine name of the stack; also Docker's own stack namespace."""
        return engine_name(*self.parts)

    def covers(self, other: StackPath) -> bool:
        """Whether ``other`` is this stack or stands somewhere below it."""
        return other.parts[: len(self.parts)] == self.parts


def engine_name(*parts: str, limit: int = LIMIT) -> str:
    """Join parts into a name the engine accepts, shortened with a hash over ``limit`` characters."""
    name = "_".join(parts)
    if len(name) <= limit:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: limit - 9]}-{mark}"


def in_stack(path: StackPath, key: str) -> str:
    """The engine name of service, network or volume ``key`` of a stack."""
    return engine_name(*path.parts, key)


def sibling_network(path: StackPath, mark: str = "") -> str:
    """A stack's own network. ``mark`` tells its options: other ones make another network."""
    name = engine_name(*path.parts, SIBLING, limit=LIMIT - 9 if mark else LIMIT)
    return f"{name}-{mark[:8]}" if mark else name


def family_network(path: StackPath) -> str:
    return in_stack(path, FAMILY)


def probe_service(network: str) -> str:
    """What looks at a network from inside. No part of a name is empty: nothing else has a ``__``."""
    return engine_name(network, "", PROBE)


def candidate_service(path: StackPath, key: str) -> str:
    """The next version of a service, while both are there; like a probe it has a ``__``, and another end."""
    return engine_name(*path.parts, key, "", NEXT)


def candidate_key(key: str) -> str:
    """What the next version of a service is called in its stack, and in the gateway: no key has a dot."""
    return f"{key}.{NEXT}"


def admin_service(path: StackPath) -> str:
    """The controller of a stack."""
    return in_stack(path, ADMIN)


def gateway_service(path: StackPath) -> str:
    return in_stack(path, GATEWAY)


def tasks_of(service: str) -> str:
    """The name under which the engine's DNS answers with the addresses of all tasks of a service."""
    return f"tasks.{service}"


def admin_url(path: StackPath) -> str:
    """Where a stack's controller is: what it registers with, and what its parent compares that with."""
    return f"http://{admin_service(path)}:{ADMIN_PORT}"


def dotted(path: StackPath, suffix: str) -> str:
    """A config or secret about a stack itself: ``shop_orders.key``."""
    room = LIMIT - len(suffix) - 1
    return f"{engine_name(*path.parts, limit=room)}.{suffix}"


def revision_name(path: StackPath, number: int) -> str:
    return dotted(path, f"r{number}")


def revision_number(path: StackPath, name: str) -> int | None:
    """The number in a revision's name, or None if the name is not that of a revision of this stack."""
    found = re.fullmatch(r".*\.r([1-9][0-9]{0,8})", name)
    if found and revision_name(path, int(found[1])) == name:
        return int(found[1])
    return None


def key_secret(path: StackPath, generation: int = 1) -> str:
    """The key of a stack's controller; each rotation is another generation."""
    return dotted(path, _generation("key", generation))


def _generation(name: str, generation: int) -> str:
    return name if generation == 1 else f"{name}.{generation}"


def key_generation(path: StackPath, name: str) -> int | None:
    """The generation in the name of a stack's key, or None if it is not one."""
    return _numbered(name, lambda generation: key_secret(path, generation))


def key_of(path: StackPath, name: str) -> tuple[str, int] | None:
    """Who has the key that a secret of a stack holds (controller, gateway or edge), and its generation."""
    makers = {ADMIN: lambda n: key_secret(path, n)} | {each: _agents(path, each) for each in (GATEWAY, EDGE)}
    return next(((who, found) for who, make in makers.items() if (found := _numbered(name, make))), None)


def _agents(path: StackPath, service: str) -> Callable[[int], str]:
    return lambda generation: agent_secret(path, service, generation)


def _numbered(name: str, make: Callable[[int], str]) -> int | None:
    last = name.rpartition(".")[2]
    number = int(last) if re.fullmatch(r"[1-9][0-9]{0,5}", last, re.A) else 1
    return number if make(number) == name else None


def seed_secret(path: StackPath) -> str:
    return dotted(path, "seed")


def agent_secret(path: StackPath, service: str, generation: int = 1) -> str:
    """The key that a stack's gateway or edge shares with its controller."""
    return dotted(path, _generation(f"{service}-key", generation))


def salt_config(path: StackPath) -> str:
    return dotted(path, "salt")


def revoked_config(root: StackPath) -> str:
    """What bears the list of tokens that were taken back."""
    return dotted(root, "revoked")


def registry_secret(root: StackPath, host: str, digest: str) -> str:
    """Credentials of one registry: ``shop.registry.example.org-5000-0123456789ab``."""
    plain = engine_name(re.sub(r"[^A-Za-z0-9.-]", "-", host), limit=30)
    return dotted(root, f"registry.{plain}-{digest[:12]}")


def certificate_secret(root: StackPath, own: str) -> str:
    """What a root's controller is handed of the certificate in the stack's secret ``own``.

    ``shop.tls.shop.cert-0123456789ab`` of ``shop_shop.cert-0123456789ab``.
    """
    return dotted(root, f"tls.{engine_name(own.removeprefix(f'{root.engine}_'), limit=40)}")


def is_registry_secret(name: str) -> bool:
    """Whether a secret that a controller mounts holds credentials of a registry."""
    return name.split(".")[1:2] == ["registry"]


def is_certificate_secret(name: str) -> bool:
    """Whether a secret that a controller mounts holds a certificate of its edge."""
    return name.split(".")[1:2] == ["tls"]


def certificate_file(secret: str) -> str:
    """The file of a certificate and its key beside an edge's configuration, by the name of their secret."""
    return f"{secret}.pem"


def certificates_of(files: Mapping[str, str]) -> tuple[str, ...]:
    """The secrets with the certificates that a proxy's configuration names."""
    lines = files.get(CERTIFICATES_FILE, "").split()
    return tuple(each.removesuffix(".pem") for each in lines)


def shared_key(key: str) -> str:
    """A key of a volume, config or secret as part of an engine name.

    Such a key may hold a ``_``, which joins parts: volume ``a_b`` of ``shop`` must not be volume ``b`` of
    ``shop/a``. No key holds a dot.
    """
    return key.replace("_", ".")


def content_id(files: Mapping[str, str]) -> str:
    """What a proxy's configuration is called: a digest over its files."""
    parts = (hashlib.sha256(part.encode()).digest() for each in sorted(files.items()) for part in each)
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def hashed_key(key: str, digest: str) -> str:
    """The key, within a stack, of an object whose name must change with its content."""
    return f"{shared_key(key)}-{digest[:12]}"
