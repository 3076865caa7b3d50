"""What may not happen yet: dependencies first when making, what is in use last when removing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ailtire_deploy.plan.operations import Operation
from ailtire_deploy.state import HELD, Key, Need, Resource, State


def hold(drafts: Sequence[Operation], desired: State, observed: State) -> tuple[Operation, ...]:
    """The same operations, with what each has to wait for."""
    held: dict[Key, Operation] = {}
    view = _View(desired, observed, frozenset(each.key for each in drafts), held)
    for draft in drafts:
        waiting = "" if draft.error else "; ".join(dict.fromkeys(view.reasons(draft)))
        held[draft.key] = replace(draft, waiting=waiting)
    return tuple(held.values())


def references(spec: Mapping[str, object]) -> Iterator[Key]:
    """The networks, configs and secrets a service spec names."""
    template = spec.get("TaskTemplate", {})
    assert isinstance(template, Mapping)
    container = template.get("ContainerSpec", {})
    yield from (Key("network", each["Target"]) for each in template.get("Networks", ()))
    yield from (Key("config", each["ConfigName"]) for each in container.get("Configs", ()))
    yield from (Key("secret", each["SecretName"]) for each in container.get("Secrets", ()))


@dataclass(frozen=True, slots=True)
class _View:
    """The snapshot, which keys have an operation in this plan, and the operations held so far."""

    desired: State
    observed: State
    moving: frozenset[Key]
    held: Mapping[Key, Operation]

    def reasons(self, operation: Operation) -> Iterator[str]:
        yield from (str(need) for need in operation.resource.needs if self.unmet(need))
        if HELD in operation.resource.facts:
            yield operation.resource.facts[HELD]
        if operation.key.kind == "service" and operation.verb != "remove":
            yield from self.missing(operation.resource)
            yield from self.predecessor(operation)
        elif operation.key.kind == "network" and operation.verb == "create":
            yield from _tasks(self.leftover(operation.key.name), "on the network before it")
        elif operation.key.kind != "service" and operation.verb == "remove":
            yield from self.users(operation.key)

    def unmet(self, need: Need) -> bool:
        """A service that is about to change has not reached its condition, however well it does now."""
        if not need.required and self.observed.failed(need):
            return False
        about_to_change = need.condition != "gone" and need.subject == "service"
        return not self.observed.meets(need) or (about_to_change and Key("service", need.name) in self.moving)

    def missing(self, service: Resource) -> Iterator[str]:
        for key in references(service.spec):
            planned = self.held.get(key)
            there = key in self.observed.resources or (planned is not None and planned.ready)
            if not there:
                yield f"{key} to be there"

    def predecessor(self, operation: Operation) -> Iterator[str]:
        """Two tasks never share a volume because a service was removed and made anew."""
        mounts = operation.resource.spec.get("TaskTemplate", {}).get("ContainerSpec", {}).get("Mounts", ())
        if operation.verb == "create" and any(each.get("Type", "volume") == "volume" for each in mounts):
            left = sum(task.live for task in self.observed.tasks_of(operation.key.name))
            yield from _tasks(left, "of the service before it")

    def leftover(self, network: str) -> int:
        """How many tasks of removed services still stand on a network of that name, removed as well."""
        left = self.observed.tasks_on(network)
        return sum(Key("service", task.service) not in self.observed.resources for task in left)

    def users(self, key: Key) -> Iterator[str]:
        """Who still uses a network, config or secret."""
        services = [
            each for each in (*self.observed, *self.desired) if each.kind == "service" and not each.absent
        ]
        yield from sorted(
            {f"service {each.name} to let go of it" for each in services if key in references(each.spec)}
        )
        if key.kind == "network":
            yield from _tasks(len(self.observed.tasks_on(key.name)), "on it")
        else:
            yield from _tasks(sum(t.live and key in t.files for t in self.observed.tasks), "with it")


def _tasks(number: int, which: str) -> Iterator[str]:
    if number:
        yield f"{number} task{'' if number == 1 else 's'} {which} to end"
