"""The swarm over Docker's HTTP API. Names go in, ids never come out."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, suppress
from typing import Any

from ailtire_deploy.engine import adopting, attaching, bodies, distribution, logs
from ailtire_deploy.engine.connect import find
from ailtire_deploy.engine.events import WRITES, Events
from ailtire_deploy.engine.observe import Sight, look
from ailtire_deploy.engine.reading import Found, exactly, is_ours, read
from ailtire_deploy.engine.transport import TIMEOUT
from ailtire_deploy.engine.wire import Wire
from ailtire_deploy.errors import Conflict, NotFound, OutOfSequence, Overtaken, Refused, Unreachable
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Attachment, Calls, EngineInfo, LogLine, Tagged
from ailtire_deploy.state import AGAIN, Key, Resource, State

PATHS = {"network": "/networks", "config": "/configs", "secret": "/secrets", "service": "/services"}
SERVICE_OF = "com.docker.swarm.service.name"  # the engine's own label on the containers of a service
SILENCE = 4.0  # seconds without a byte of a log: its node is away, and a reader who left meanwhile is held


class SwarmEngine:
    """One swarm. Several threads may use it; they observe one after the other."""

    def __init__(
        self,
        target: str | None = None,
        credentials: distribution.Credentials = distribution.nobody,
        wakes: Collection[str] = WRITES,
    ) -> None:
        """``target`` is an address or a docker context; None means what the docker command would use.

        ``credentials`` of registries go along with services and questions about images, ``wakes`` are the
        kinds of things whose changes end a wait.
        Raises InvalidInput for a context that does not exist. Nothing is contacted yet.
        """
        self._credentials = credentials
        self._wire = Wire(find(target, os.environ))
        self._sight = Sight()
        self._looking = threading.Lock()
        self._events = Events(self._wire, wakes)

    def info(self) -> EngineInfo:
        """Which swarm answers. Raises Unreachable when it cannot be seen."""
        said = self._wire.get("/info")
        swarm = said.get("Swarm") or {}
        cluster = (swarm.get("Cluster") or {}).get("ID", "")
        if not (swarm.get("ControlAvailable") and cluster):
            raise Unreachable(f"the engine at {self._wire.address} {_shortcoming(swarm)}")
        return EngineInfo(
            str(self._wire.address),
            cluster,
            said.get("ServerVersion", ""),
            self._wire.api,
            swarm.get("Nodes", 0),
            swarm.get("Managers", 0),
        )

    def usage(self) -> Mapping[tuple[str, str], Calls]:
        """How it was used, by HTTP method and kind of thing."""
        return self._wire.usage()

    def observe(self, root: StackPath) -> State:
        """All that bears our labels in the tree of ``root``, its tasks, and the names that strangers hold."""
        if not self._looking.acquire(timeout=TIMEOUT):
            raise Unreachable(f"the engine at {self._wire.address} keeps others waiting already")
        try:  # an older sight must not take the place of a newer one: its ids may be gone
            self._sight = look(self._wire, root, self._sight)
            return self._sight.state
        finally:
            self._looking.release()

    def create(self, resource: Resource) -> None:
        """Make it. Raises Conflict when a stranger has the name, Overtaken when somebody of ours does.

        Raises OutOfSequence when a service names a network, config or secret that was removed meanwhile.
        """
        self._insist(resource)
        try:
            body = bodies.body(resource, self._id_of)
            made = self._wire.post(f"{PATHS[resource.kind]}/create", body, self._login(resource))
        except Conflict as error:
            raise self._clash(resource) from error
        except NotFound as error:
            if resource.kind != "service":
                raise
            raise OutOfSequence(f"{resource.key} names something that is gone: {error}") from error
        self._sight.ids[resource.key] = made.get("ID") or made["Id"]

    def update(self, resource: Resource, found: Resource) -> None:
        """Write over the version that was read. Raises OutOfSequence when it moved, Refused for a network."""
        self._insist(found)
        self._insist(resource)
        if resource.kind == "network":
            raise Refused(f"network {resource.name}: a network cannot change")
        force = found.facts.get("force", 0) + bool(resource.facts.get(AGAIN))
        service = resource.kind == "service"
        body = bodies.body(resource, self._id_of, force) if service else bodies.labels_only(resource)
        try:
            path = f"{PATHS[resource.kind]}/{self._exact_id_of(found)}/update"
            self._wire.post(path, body, self._login(resource), version=found.version)
        except NotFound as error:
            raise OutOfSequence(f"{found.key} is gone, or names something that is: {error}") from error

    def attachments(self) -> tuple[Attachment, ...]:
        """Who stands on which network of the swarm, strangers included."""
        return attaching.attachments(self._wire)

    def deployed(self, stack: str) -> tuple[Resource, ...]:
        """All that bears Docker's own label of a stack, whoever made it."""
        return adopting.deployed(self._wire, stack)

    def adopt(self, found: Resource, labels: Mapping[str, str]) -> None:
        """Give a stranger's service our labels; not a task restarts. Raises OutOfSequence when it moved."""
        adopting.adopt(self._wire, found, labels)

    def remove(self, found: Resource) -> None:
        """Remove what was found, and nothing that has taken its name since."""
        self._insist(found)
        with suppress(NotFound):
            self._wire.delete(f"{PATHS[found.kind]}/{self._exact_id_of(found)}")

    def logs(self, task_id: str, source: str, *, tail: int, since: float = 0.0) -> Iterator[LogLine]:
        """The newest ``tail`` lines of a task, oldest first. A task whose container is gone has none.

        Raises Unreachable when they cannot be read to their end.
        """
        pieces = self._wire.pieces(f"/tasks/{task_id}/logs", SILENCE, **logs.query(tail, since))
        with suppress(NotFound), closing(pieces):
            yield from logs.lines(pieces, source)

    def containers(self, services: Collection[str]) -> int:
        """How many containers of these services are left on the node that answers."""
        listed = self._wire.get("/containers/json", all=True, filters={"label": [SERVICE_OF]})
        return sum(each["Labels"][SERVICE_OF] in services for each in listed)

    def digests(self, images: Collection[str]) -> Mapping[str, Tagged]:
        """What the tags of images stand for now, as far as registries answer; it takes seconds at most."""
        return distribution.ask(self._wire, images, self._credentials)

    def _login(self, resource: Resource) -> dict[str, str]:
        """What the nodes need to fetch the image of a service."""
        container = resource.spec.get("TaskTemplate", {}).get("ContainerSpec", {})
        return distribution.header(container.get("Image", ""), self._credentials)

    def wait(self, seconds: float) -> None:
        """Return when something was written since the last wait, at the latest after ``seconds``."""
        self._events.wait(seconds)

    def image_labels(self, name: str) -> Mapping[str, str] | None:
        """The labels of an image on the node that answers; None without it. Raises Unreachable."""
        try:
            found = self._wire.get(f"/images/{name}/json")
        except NotFound:
            return None
        return dict((found.get("Config") or {}).get("Labels") or {})

    def close(self) -> None:
        """Let go of all connections; a wait under way returns."""
        self._events.close()
        self._wire.close()

    def _id_of(self, key: Key) -> str:
        """The id behind a name. Raises Refused when there is no such thing."""
        found = self._sight.ids.get(key) or next((each.id for each in self._named(key)), None)
        if found is None:
            raise Refused(f"{key} is not there")
        return found

    def _exact_id_of(self, found: Resource) -> str:
        """The id of exactly what was read. Raises OutOfSequence when that is no longer there."""
        id = self._sight.exact.get(exactly(found))
        if id is None:
            now = (each.id for each in self._named(found.key) if exactly(each.resource) == exactly(found))
            id = next(now, None)
        if id is None:
            raise OutOfSequence(f"{found.key} changed since it was read")
        return id

    def _named(self, key: Key) -> list[Found]:
        return [each for each in read(key.kind, self._listed(key)) if each.resource.key == key]

    def _listed(self, key: Key) -> Any:
        return self._wire.get(PATHS[key.kind], filters={"name": [key.name]})  # the engine compares beginnings

    def _clash(self, resource: Resource) -> Conflict:
        """Who holds the name we wanted; a copy of a network of ours that left the swarm counts as ours."""
        holders = read(resource.kind, self._listed(resource.key), stale=True)
        if any(
            is_ours(each.resource, resource.path.root)
            for each in holders
            if each.resource.key == resource.key
        ):
            return Overtaken(f"{resource.key} was made by somebody else meanwhile")
        return Conflict(
            f"a {resource.kind} of the name {resource.name} exists and is not ours; it is left alone"
        )

    @staticmethod
    def _insist(resource: Resource) -> None:
        """Whatever is written bears our labels."""
        if not is_ours(resource, StackPath()):
            raise Conflict(f"{resource.key} bears no labels of ours; it is left alone")


def _shortcoming(swarm: Mapping[str, Any]) -> str:
    if swarm.get("LocalNodeState") != "active":
        return "is not part of a swarm; `docker swarm init` makes one"
    if not swarm.get("ControlAvailable"):
        return "is a worker of its swarm; a manager is needed"
    return f"cannot see its swarm: {swarm.get('Error') or 'no leader'}"
