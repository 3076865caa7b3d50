"""One small model of the engine: what a swarm does as far as we rely on it, without containers or time.

It moves one step a look: addresses are handed out, tasks start, updates replace one task, removed tasks end,
and so do those of a service that may be tried a number of times only.
The contract tests run on this model and on a real swarm alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ailtire_deploy import images, specs
from ailtire_deploy.engine.reading import is_ours
from ailtire_deploy.errors import Busy, Conflict, OutOfSequence, Overtaken, Refused
from ailtire_deploy.names import LABEL_ROOT, StackPath
from ailtire_deploy.plan.holding import references
from ailtire_deploy.ports import Attachment, Calls, EngineInfo, LogLine, Tagged
from ailtire_deploy.state import AGAIN, LIVE, Key, Resource, State, Task

Spec = Mapping[str, Any]
ENDED = ("complete", "failed")


class Crash(BaseException):
    """Whoever called is dead. Not an Exception: nothing may catch it on the way."""


@dataclass
class Running:
    """A task of the model; ``age`` is how many looks it has lived."""

    id: str
    service: str
    slot: str
    template: Spec
    networks: tuple[str, ...]
    desired: str = "running"
    state: str = "new"
    age: int = 0
    root: str = ""  # the label of the service it was started for; outlives the service
    force: int = 0
    exit_code: int | None = None
    ended: float = 0.0

    @property
    def files(self) -> tuple[Key, ...]:
        return tuple(key for key in references({"TaskTemplate": self.template}) if key.kind != "network")


@dataclass
class FakeEngine:
    """A swarm in memory.

    ``before`` and ``after`` are called around each write with its number, counted from 1, and may raise: that
    is how crashes, lost answers and failing engines are made. ``stuck`` names services, or images, whose
    tasks never start; ``lag`` is the number of looks a task takes to start and to end. ``exits`` are the exit
    codes of one-shot services, 0 by default, ``lasting`` services that are none; ``output`` what tasks wrote,
    by id or service; ``started`` counts the tasks each service ever had. ``registry`` has the digests of tags
    that a registry knows, ``denied`` those it tells nobody, ``asked`` the images that it was asked for.
    Tasks with an image of a registry of ``private`` start only if whoever wrote the service could log in
    there, which ``caller`` says of whoever calls now.
    """

    lag: int = 1
    now: Callable[[], float] = lambda: 0.0
    before: Callable[[int], None] = lambda number: None
    after: Callable[[int], None] = lambda number: None
    stuck: set[str] = field(default_factory=set)
    lasting: set[str] = field(default_factory=set)
    exits: dict[str, int] = field(default_factory=dict)
    started: Counter[str] = field(default_factory=Counter)
    objects: dict[Key, Resource] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    output: dict[str, list[str]] = field(default_factory=dict)
    registry: dict[str, str] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    private: set[str] = field(default_factory=set)
    caller: set[str] = field(default_factory=set)
    logins: dict[str, set[str]] = field(default_factory=dict)
    attempts: int = 0
    index: int = 10
    closed: bool = False
    api: str = "1.41"
    version: str = "20.10.24"

    def info(self) -> EngineInfo:
        return EngineInfo("fake://", "fakecluster", self.version, self.api, 1, 1)

    def observe(self, root: StackPath) -> State:
        self.step()
        found = [self._seen(each) for each in self.objects.values()]
        strangers = {each.key for each in found if not is_ours(each, root) and each.kind != "config"}
        tasks = tuple(self._task(each) for each in self.running if not root or each.root == str(root))
        ours = (each for each in found if is_ours(each, root))
        networks = (each for each in found if each.key in strangers and each.kind == "network")
        taken = {each.name: each.facts.get("subnets", ()) for each in networks}
        return State.of(ours, tasks=tasks, foreign=frozenset(strangers), taken=taken)

    def usage(self) -> Mapping[tuple[str, str], Calls]:
        return {("POST", "services"): Calls(len(self.writes), self.attempts - len(self.writes))}

    def create(self, resource: Resource) -> None:
        self._write(f"create {resource.key}", lambda: self._create(resource))

    def update(self, resource: Resource, found: Resource) -> None:
        self._write(f"update {resource.key}", lambda: self._update(resource, found))

    def remove(self, found: Resource) -> None:
        self._write(f"remove {found.key}", lambda: self._remove(found))

    def logs(self, task_id: str, source: str, *, tail: int, since: float = 0.0) -> Iterator[LogLine]:
        services = {each.id: each.service for each in self.running}
        lines = self.output.get(task_id, self.output.get(services.get(task_id, ""), []))
        return (
            LogLine(source, "stdout", "2026-01-01T00:00:00Z", text) for text in lines[len(lines) - tail :]
        )

    def attachments(self) -> tuple[Attachment, ...]:
        known = {each.key.name: each.facts.get("subnets", ("",))[0] for each in self.objects.values()}
        live = [each for each in self.running if each.state in LIVE]
        return tuple(
            Attachment(network, each.service, known[network].replace("0/24", str(number)), each.id)
            for number, each in enumerate(live, 2)
            for network in each.networks
            if network in known
        )

    def containers(self, services: Collection[str]) -> int:
        return sum(each.service in services and each.state in LIVE for each in self.running)

    def digests(self, images: Collection[str]) -> dict[str, Tagged]:
        self.asked += images
        told = {each: "" if each in self.denied else self.registry.get(each, "") for each in images}
        return {
            each: Tagged(digest, "" if digest else "no registry", each in self.denied)
            for each, digest in told.items()
        }

    def wait(self, seconds: float) -> None:
        return

    def close(self) -> None:
        self.closed = True

    @property
    def moving(self) -> bool:
        """Whether the swarm is still at work by itself."""
        unsettled = (each.state not in ("running", "shutdown", *ENDED) for each in self.running)
        updating = (each.facts.get("update") == "updating" for each in self.objects.values())
        return any(unsettled) or any(updating)

    def put(self, resource: Resource) -> None:
        """Place an object as if somebody else had made it, whatever its labels."""
        self.index += 1
        spec = specs.normalise(resource.kind, resource.spec)
        facts = {"force": 0, "update": "", "previous": frozenset()} if resource.kind == "service" else {}
        if resource.kind == "network" and "subnets" in resource.facts:
            facts = {"subnets": resource.facts["subnets"]}
        made = replace(resource, spec=spec, version=self.index, created=self.now(), facts=facts, needs=())
        self.objects[resource.key] = made
        if resource.kind == "service" and "TaskTemplate" in spec:
            self._scale(made)

    def step(self) -> None:
        """Let the swarm work for a moment."""
        for each in list(self.running):
            self._age(each)
        self.running = [each for each in self.running if each.state != "gone"]
        for key, each in list(self.objects.items()):
            if each.kind == "network" and "subnets" not in each.facts:
                facts = {"subnets": (f"10.{each.version // 256}.{each.version % 256}.0/24",)}
                self.objects[key] = replace(each, facts=facts)
            if each.kind == "service":
                self._roll(each)

    def _write(self, what: str, do: Callable[[], None]) -> None:
        self.attempts += 1
        number = self.attempts
        self.before(number)
        do()
        self.writes.append(what)
        self.after(number)

    def _create(self, resource: Resource) -> None:
        self._insist(resource)
        taken = [each for each in self.objects.values() if each.kind == resource.kind]
        for each in taken:
            if each.name.lower() == resource.name.lower():
                ours = is_ours(each, resource.path.root)
                raise (Overtaken if ours else Conflict)(f"{resource.key} exists")
        self._resolve(resource)
        self.logins.pop(resource.name, None)
        self._log_in(resource)
        self.put(resource)

    def _update(self, resource: Resource, found: Resource) -> None:
        self._insist(found)
        self._insist(resource)
        there = self._exactly(found)
        if resource.kind == "network":
            raise Refused("a network cannot change")
        self.index += 1
        if resource.kind != "service":
            self.objects[found.key] = replace(there, labels=resource.labels, version=self.index)
            return
        self._resolve(resource)
        self._log_in(resource)
        spec = specs.normalise("service", resource.spec)
        if set(spec.get("Mode", {})) != set(there.spec.get("Mode", {})):
            raise Refused("service mode change is not allowed")
        again = bool(resource.facts.get(AGAIN))
        moving = again or spec.get("TaskTemplate") != there.spec.get("TaskTemplate")
        before = frozenset(key for key in references(there.spec) if key.kind != "network")
        facts = {**there.facts, "update": "updating" if moving else "", "previous": before}
        facts["force"] = there.facts.get("force", 0) + again
        changed = replace(there, spec=spec, labels=resource.labels, version=self.index, facts=facts)
        self.objects[found.key] = changed
        self._scale(changed)

    def _remove(self, found: Resource) -> None:
        self._insist(found)
        if found.key not in self.objects:
            return
        self._exactly(found)
        users = [each.name for each in self.objects.values() if found.key in references(each.spec)]
        if users:
            raise Busy(f"{found.key} is in use by {users}")
        del self.objects[found.key]
        for each in self.running:
            if found.kind == "service" and each.service == found.name:
                each.desired, each.age = "remove", 0

    def _exactly(self, found: Resource) -> Resource:
        there = self.objects.get(found.key)
        if there is None or (there.version, there.created) != (found.version, found.created):
            raise OutOfSequence(f"{found.key} changed since it was read")
        return there

    def _resolve(self, resource: Resource) -> None:
        for key in references(resource.spec) if resource.kind == "service" else ():
            if key not in self.objects:
                raise Refused(f"{key} is not there")

    def _log_in(self, service: Resource) -> None:
        """A service keeps what it was written with until it is written with something else."""
        host = images.host(_image(service.spec.get("TaskTemplate", {})))
        if service.kind == "service" and host in self.caller:
            self.logins[service.name] = {host}

    def _may_fetch(self, task: Running) -> bool:
        host = images.host(_image(task.template))
        return host not in self.private or host in self.logins.get(task.service, ())

    @staticmethod
    def _insist(resource: Resource) -> None:
        if not is_ours(resource, StackPath()):
            raise Conflict(f"{resource.key} bears no labels of ours")

    def _seen(self, each: Resource) -> Resource:
        data = None if each.kind == "secret" else each.data
        if each.kind != "service":
            return replace(each, data=data)
        return replace(each, facts={"wanted": _wanted(each), "message": "", **each.facts})

    def _scale(self, service: Resource) -> None:
        live = self._slots(service)
        wanted = _wanted(service)
        for each in live[wanted:]:
            each.desired, each.age = "shutdown", 0
        for number in range(len(live), wanted):
            self._start(service, str(number + 1))

    def _start(self, service: Resource, slot: str) -> None:
        self.index += 1
        template = service.spec.get("TaskTemplate", {})
        networks = tuple(each["Target"] for each in template.get("Networks", ()))
        force = service.facts.get("force", 0)
        made = Running(f"task{self.index}", service.name, slot, template, networks, force=force)
        self.started[service.name] += 1
        self.running.append(replace(made, root=service.labels.get(LABEL_ROOT, "")))

    def _age(self, task: Running) -> None:
        task.age += 1
        if (
            task.desired == "running"
            and task.state == "running"
            and _attempts(task.template)
            and task.service not in self.lasting
        ):
            self._end(task)
        elif task.state in ENDED and task.desired != "remove":
            return
        elif task.desired == "running":
            stuck = self.stuck & {task.service, _image(task.template)} or not self._may_fetch(task)
            ready = task.age >= self.lag and not stuck
            if ready and task.state != "running":
                task.ended = self.now()
            task.state = "running" if ready else "starting"
        elif task.age >= self.lag:
            task.state = "gone" if task.desired == "remove" else "shutdown"

    def _end(self, task: Running) -> None:
        """A one-shot task ends; one that failed is tried again as often as its service says."""
        task.exit_code, task.ended = self.exits.get(task.service, _exit(task.template)), self.now()
        task.state, task.desired = ("failed" if task.exit_code else "complete"), "shutdown"
        tries = sum(self._is_current(each) for each in self.running if each.service == task.service)
        service = self.objects[Key("service", task.service)]
        if task.exit_code and self._is_current(task) and tries <= _attempts(task.template, "on-failure"):
            self._start(service, task.slot)

    def _slots(self, service: Resource) -> list[Running]:
        """A task a slot: one that runs or will, or else one that is not started again."""
        own = [each for each in self.running if each.service == service.name]
        ended = [each for each in own if each.state in ENDED and each.desired != "remove"]
        return [each for each in own if each.desired == "running"] or ended[-1:]

    def _is_current(self, task: Running) -> bool:
        service = self.objects.get(Key("service", task.service))
        if service is None:
            return False
        template, force = service.spec.get("TaskTemplate", {}), service.facts.get("force", 0)
        return (task.template, task.force) == (template, force)

    def _roll(self, service: Resource) -> None:
        """Replace one outdated task, once the ones before it run."""
        if service.facts.get("update") != "updating":
            return
        own = self._slots(service)
        old = [each for each in own if not self._is_current(each)]
        if any(each.state not in ("running", *ENDED) for each in own if self._is_current(each)):
            return
        if old:
            if old[0].state not in ENDED:
                old[0].desired, old[0].age = "shutdown", 0
            self._start(service, old[0].slot)
        else:
            self.objects[service.key] = replace(service, facts={**service.facts, "update": "completed"})

    def _task(self, each: Running) -> Task:
        return Task(
            id=each.id,
            service=each.service,
            slot=each.slot,
            node="node1",
            state=each.state,
            desired=each.desired,
            current=self._is_current(each),
            exit_code=each.exit_code,
            timestamp=each.ended,
            networks=each.networks,
            files=each.files,
        )


def _image(template: Spec) -> str:
    return str(template.get("ContainerSpec", {}).get("Image", ""))


def _exit(template: Spec) -> int:
    """What a task that was told to ``exit N`` ends with."""
    last = (template.get("ContainerSpec", {}).get("Command") or [""])[-1]
    return int(last.removeprefix("exit ")) if last.startswith("exit ") else 0


def _attempts(template: Spec, condition: str = "") -> int:
    """How often a task may be tried again at most: what says so ends by itself here."""
    policy = template.get("RestartPolicy", {})
    return int(policy.get("MaxAttempts", 0)) if condition in ("", policy.get("Condition")) else 0


def _wanted(service: Resource) -> int:
    mode = service.spec.get("Mode", {})
    return int(mode.get("Replicated", {}).get("Replicas", 1)) if "Global" not in mode else 1
