"""What would happen below, if a revision stood: the plans of a stack's controller and of all beneath it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ailtire_deploy import identity, names, pipeline, registries, revisions
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import HASH, Operation, Plan, plan
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Resource, State
from ailtire_deploy.writer import Writer


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
            former = writer.former.derived(child.key)
            below = replace(writer, key=key, former=former, registries=known)
            yield from plans(wished, ahead, below, now)


def removal(observed: State, path: StackPath) -> list[Plan]:
    """Everything of a stack and all below it, to be removed; secrets and configs with it, volumes not."""
    found = [each for each in observed if path.covers(each.path)]
    operations = tuple(Operation("remove", each, each, "it shall be absent") for each in reversed(found))
    return [Plan(path.parent, operations)] if operations else []


def with_given(observed: State, given: State) -> State:
    """What will be there when ``given`` is: its resources stand beside what was found, without tasks."""
    made = {each.key: each for each in given if not each.absent and each.key not in observed.resources}
    return replace(observed, resources={**observed.resources, **made})


def unsalted(plans: Mapping[StackPath, Plan]) -> dict[StackPath, Plan]:
    """First plans: what secrets are called, and configs that name one, depends on a salt that is drawn when
    they are made.
    """
    made = [each.resource for plan in plans.values() for each in plan.operations]
    secrets = [each.name.encode() for each in made if each.kind == "secret"]

    def provisional(each: Operation) -> bool:
        named = each.key.kind == "config" and HASH.search(each.key.name)
        data = each.resource.data or b""
        return each.key.kind == "secret" or bool(named and any(name in data for name in secrets))

    return {
        path: replace(
            plan, operations=tuple(replace(op, provisional=provisional(op)) for op in plan.operations)
        )
        for path, plan in plans.items()
    }


def as_revision(path: StackPath, resource: Resource) -> Revision:
    number = names.revision_number(path, resource.name)
    assert number is not None, resource.name
    return Revision(path, number, resource)
