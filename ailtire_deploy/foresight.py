"""What would happen below, if a revision stood: the plans of a stack's controller and of all beneath it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ailtire_deploy import identity, names, pipeline, registries, revisions
from ailtire_deploy.names import StackPath
from ailtire_deploy.pipeline import Writer
from ailtire_deploy.plan import Operation, Plan, plan
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Resource, State


def plans(
    revision: Revision, observed: State, writer: Writer, now: float
) -> Iterator[tuple[StackPath, Plan]]:
    """The plan of each controller from ``revision`` downwards, even when only a child's changes.

    ``writer`` is the stack's own. Raises InvalidInput when a definition on the way cannot be filled.
    """
    path = revision.path
    stack = pipeline.filled(revision)
    ahead = with_given(observed, State.of([revision.found]))  # those below ask where theirs come from
    back = revisions.brings_back(ahead, revision)
    own = replace(writer, origin=revision.origin, revision=revision.asks, back=back, now=now)
    desired = pipeline.present(stack, observed, own)
    yield path, plan(desired, observed, path, now)
    for child in stack.children:
        wished = revisions.newest(desired, path / child.key)
        if wished is not None and not wished.absent:
            key = identity.derive(writer.key, child.key)
            known = registries.mounted(desired, ahead, path / child.key)
            yield from plans(wished, ahead, replace(writer, key=key, registries=known), now)


def removal(observed: State, path: StackPath) -> list[Plan]:
    """Everything of a stack and all below it, to be removed; secrets and configs with it, volumes not."""
    found = [each for each in observed if path.covers(each.path)]
    operations = tuple(Operation("remove", each, each, "it shall be absent") for each in reversed(found))
    return [Plan(path.parent, operations)] if operations else []


def with_given(observed: State, given: State) -> State:
    """What will be there when ``given`` is: its resources stand beside what was found, without tasks."""
    made = {each.key: each for each in given if not each.absent and each.key not in observed.resources}
    return replace(observed, resources={**observed.resources, **made})


def unsalted(found: Plan) -> Plan:
    """A first plan: what secrets are called depends on a salt that is drawn when they are made."""
    operations = (replace(each, provisional=each.key.kind == "secret") for each in found.operations)
    return replace(found, operations=tuple(operations))


def as_revision(path: StackPath, resource: Resource) -> Revision:
    number = names.revision_number(path, resource.name)
    assert number is not None, resource.name
    return Revision(path, number, resource)
