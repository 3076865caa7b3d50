"""Resources and states: desired and observed have one shape, so that a plan is their difference.

A resource's ``spec`` is a plain dict in the *engine's* form (that of its HTTP API), with names where the
engine puts ids, and normalised: see ``specs``. Rendering makes one ``State``, the engine makes the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from ailtire_deploy.names import (
    LABEL_DONE,
    LABEL_HASH,
    LABEL_JOB,
    LABEL_OUTCOME,
    LABEL_OWNER,
    LABEL_PATH,
    LABEL_PROBE,
    LABEL_SERVICE,
    StackPath,
)

Kind = Literal["network", "config", "secret", "service"]
KINDS: tuple[Kind, ...] = ("network", "secret", "config", "service")  # the order in which things are made
LIVE = frozenset(
    {"new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running", "allocated"}
)

ENDED_BADLY = frozenset({"failed", "rejected", "orphaned"})

AGAIN = "again"
"""Among the facts of a wish: its tasks are to be replaced although nothing in its spec says so."""

HELD = "held"
"""Among the facts of a wish: what it has to wait for, in words, although all it needs is there."""

CAUSE = "cause"
"""Among the facts of a wish: why it is made, or goes."""

GIVEN_UP = "given up"
"""Among the facts of a wish: why it will not be, and with it the whole revision."""

LAST = "last"
"""Among the facts of a wish: it is made after everything else."""


class Key(NamedTuple):
    """The identity of a resource on the swarm."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Need:
    """What has to be true before an operation may happen; until then it is held back and says so.

    ==============  =====================================  ==========================================
    subject         name                                   conditions
    ==============  =====================================  ==========================================
    ``service``     engine name                            started, healthy, completed, gone
    ``network``     engine name                            addressed, gone
    ``config``      engine name of a revision              converged, gone
    ``owner``       a stack's path                         gone (nothing owned by it or below is left)
    ==============  =====================================  ==========================================

    Without ``required`` it is not waited for once it has failed.
    """

    subject: Literal["service", "network", "config", "owner"]
    name: str
    condition: Literal["started", "healthy", "completed", "converged", "addressed", "gone"]
    required: bool = True

    def __str__(self) -> str:
        return f"{self.subject} {self.name} to be {self.condition}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One network, config, secret or service, wished for or found.

    ``data`` is the content of a config or secret; a found secret has none, and no representation shows it.
    ``absent`` makes it a wish for removal, held back by ``needs`` like any other. ``adopt_only``: it has to
    be there already (only its source knows a secret's value). ``version`` and ``created`` (seconds since
    1970) are set on what was found only. ``facts`` are findings beside the spec: ``subnets`` of a network; of
    a service ``update``, ``message``, ``wanted`` (tasks), ``force`` (the engine's count), ``previous`` files.
    """

    key: Key
    spec: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    data: bytes | None = field(default=None, repr=False)
    needs: tuple[Need, ...] = ()
    absent: bool = False
    adopt_only: bool = False
    version: int = 0
    created: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def kind(self) -> Kind:
        return self.key.kind

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def owner(self) -> StackPath:
        """The stack whose controller writes it."""
        return StackPath.parse(self.labels[LABEL_OWNER])

    @property
    def path(self) -> StackPath:
        """The stack it is about."""
        return StackPath.parse(self.labels[LABEL_PATH])

    @property
    def service(self) -> str:
        """Of a service: its key in the stack it is about."""
        return self.labels.get(LABEL_SERVICE, "")

    @property
    def hash(self) -> str:
        return self.labels.get(LABEL_HASH, "")

    @property
    def ends(self) -> bool:
        """Whether a task of it that ended well is done.

        What has a health check is meant to run on: a task that was told to end for failing it may well say 0.
        """
        template = self.spec.get("TaskTemplate", {})
        checked = template.get("ContainerSpec", {}).get("Healthcheck", {}).get("Test", ["NONE"]) != ["NONE"]
        once = template.get("RestartPolicy", {}).get("Condition", "any") in ("none", "on-failure")
        return self.is_job or bool(once and not checked)

    @property
    def is_job(self) -> bool:
        """Whether it is a service that runs once and ends."""
        return LABEL_JOB in self.labels

    def with_labels(self, **labels: str) -> Resource:
        return replace(self, labels={**self.labels, **labels})


@dataclass(frozen=True, slots=True)
class Task:
    """One task as the swarm sees it. ``current`` says whether it runs the service's spec of now."""

    id: str
    service: str  # engine name; "" when the service is gone already
    slot: str
    node: str
    state: str
    desired: str
    current: bool = True
    message: str = ""
    error: str = ""
    exit_code: int | None = None
    networks: tuple[str, ...] = ()
    image: str = ""
    timestamp: float = 0.0
    files: tuple[Key, ...] = ()  # the configs and secrets it mounts

    @property
    def live(self) -> bool:
        """Whether its container may still exist: a network it stands on must not be removed."""
        return self.state in LIVE


@dataclass(frozen=True, slots=True)
class State:
    """Resources by key; of an observed state also its tasks, and the names that strangers hold.

    ``taken`` are subnets of strangers by network; ``nodes`` is how many nodes the swarm has; ``probes`` look
    at a network for a moment and are no resources of a stack, so nobody misses or shows them.
    """

    resources: Mapping[Key, Resource] = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()
    foreign: frozenset[Key] = frozenset()
    taken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nodes: int = 1
    probes: tuple[Resource, ...] = ()
    _tasks: Mapping[str, tuple[Task, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_service: dict[str, list[Task]] = {}
        for task in self.tasks:
            by_service.setdefault(task.service, []).append(task)
        object.__setattr__(self, "_tasks", {name: tuple(tasks) for name, tasks in by_service.items()})

    @classmethod
    def of(cls, resources: Iterable[Resource], **rest: Any) -> State:
        found = {each.key: each for each in sorted(resources, key=lambda each: each.key)}
        probes = tuple(found.pop(key) for key in [*found] if LABEL_PROBE in found[key].labels)
        return cls(found, probes=probes, **rest)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())

    def get(self, kind: Kind, name: str) -> Resource | None:
        return self.resources.get(Key(kind, name))

    def owned_by(self, path: StackPath) -> State:
        """What the controller of ``path`` writes, and nothing else."""
        return replace(self, resources={k: r for k, r in self.resources.items() if r.owner == path})

    def anything_below(self, path: StackPath) -> bool:
        """Whether anything is left that the stack at ``path``, or one below it, owns."""
        return any(path.covers(each.owner) for each in self if each.owner)

    def subnets(self) -> Mapping[str, tuple[str, ...]]:
        """The address ranges of all networks, strangers' included."""
        own = {each.name: tuple(each.facts.get("subnets", ())) for each in self if each.kind == "network"}
        return {**self.taken, **own}

    def tasks_of(self, service: str) -> tuple[Task, ...]:
        return self._tasks.get(service, ())

    def tasks_on(self, network: str) -> tuple[Task, ...]:
        """Tasks whose containers may still stand on a network, those of removed services included."""
        return tuple(task for task in self.tasks if task.live and network in task.networks)

    def running(self, service: str) -> int:
        """How many tasks run the current spec and are healthy (the engine says running only then)."""
        return sum(
            t.state == "running" and t.desired == "running" and t.current for t in self.tasks_of(service)
        )

    def finished(self, found: Resource) -> bool:
        """Whether a service that need not run on has done its work, or need not do it."""
        return LABEL_DONE in found.labels or self.ended_well(found)

    def ended_well(self, found: Resource) -> bool:
        """Whether a service that need not run on has ended with 0 in every slot, with its current spec."""
        if not found.ends:
            return False
        done = {t.slot for t in self.tasks_of(found.name) if t.state == "complete" and t.current}
        return 0 < int(found.facts.get("wanted", 1)) <= len(done)

    def failed_run(self, found: Resource) -> Task | None:
        """The last task of a job that will not complete by itself any more; None for any other service."""
        tasks = [t for t in self.tasks_of(found.name) if t.current] if found.is_job else []
        if not tasks or self.ended_well(found) or any(t.live for t in tasks):
            return None
        policy = found.spec.get("TaskTemplate", {}).get("RestartPolicy", {})
        retries = policy.get("MaxAttempts", 0) if policy.get("Condition") == "on-failure" else 0
        return max(tasks, key=lambda task: task.timestamp) if len(tasks) > retries else None

    def settled(self, service: str) -> bool:
        """Whether a service has all its tasks, all of the current spec, and no update under way.

        One that may end is settled as well when it has; a job only then.
        """
        found = self.get("service", service)
        if found is None:
            return False
        if found.is_job or self.finished(found):
            return self.finished(found)
        moving = found.facts.get("update", "") not in ("", "completed")
        old = any(t.state == "running" and not t.current for t in self.tasks_of(service))
        return not moving and not old and self.running(service) >= found.facts.get("wanted", 1)

    def failed(self, need: Need) -> bool:
        """Whether what is needed was tried and did not work, as far as can be seen now."""
        found = self.get(need.subject, need.name) if need.subject in ("service", "config") else None
        if found is None:
            return False
        lost = any(t.current and t.state in ENDED_BADLY for t in self.tasks_of(need.name))
        return found.labels.get(LABEL_OUTCOME) == "failed" or lost

    def meets(self, need: Need) -> bool:
        """Whether a need is met now."""
        if need.subject == "owner":
            return not self.anything_below(StackPath.parse(need.name))
        found = self.get(need.subject, need.name)
        if need.condition == "gone":
            left = any(t.live for t in self.tasks_of(need.name)) if need.subject == "service" else False
            return found is None and not left
        if found is None:
            return False
        match need.condition:
            case "converged":
                return found.labels.get(LABEL_OUTCOME) == "converged"
            case "addressed":
                return bool(found.facts.get("subnets"))
            case "completed":
                return self.finished(found)
            case "started":
                return self.running(need.name) > 0 or self.finished(found)
            case _:
                return self.settled(need.name)
