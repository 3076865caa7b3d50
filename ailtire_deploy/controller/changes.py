"""What REST may change: a revision is written and the loop is woken; all else is the loop's.

Called from many threads at once. Somebody else may write a revision meanwhile; then it is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ailtire_deploy import (
    closing,
    foresight,
    idempotency,
    interruption,
    pruning,
    recovery,
    revisions,
    updates,
)
from ailtire_deploy.controller.loop import Loop
from ailtire_deploy.errors import Busy, Conflict, OutOfSequence
from ailtire_deploy.idempotency import Once
from ailtire_deploy.maintenance import Wish
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import Operation, Plan
from ailtire_deploy.ports import Accepted
from ailtire_deploy.releases import asking
from ailtire_deploy.resolution import Resolver
from ailtire_deploy.revisions import ABSENT, LOCAL, Revision
from ailtire_deploy.state import Resource, State
from ailtire_deploy.views import plans

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """A revision to be written, what it brings about, and the secrets that have to be there before it.

    ``refused`` is what it does and may not, by the word that would allow it; ``standing``: it is there
    already, and nothing is written.
    """

    revision: Resource
    plans: Sequence[Plan]
    secrets: tuple[Resource, ...] = ()
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)
    standing: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """Writes revisions of one stack."""

    loop: Loop

    @property
    def path(self) -> StackPath:
        return self.loop.path

    def update(self, request: Mapping[str, Any], author: str, check: bool, once: Once | None) -> Accepted:
        """Merge, validate, plan, store. Raises InvalidInput and Busy."""
        resolver = Resolver(self.loop.engine)

        def draft(observed: State) -> Draft:
            last = self.standing(observed)
            body, stacks = updates.merged(last.body, request, self.path)
            body, stacks, secrets = updates.sealed(body, stacks, request, self.path, observed)
            if request.get("same_definition"):
                updates.refuse_another(body, last.body)
            updates.refuse_lacking(self.loop.lacks(stacks[self.path]))
            body = updates.with_digests(body, resolver.digests(stacks, self.path, observed), self.path)
            origin = self._origin(observed)
            made = revisions.make(observed, self.path, body, cause=LOCAL, origin=origin, author=author)
            new = [each for each in secrets if each.key not in observed.resources]
            ahead = self._foreseen(made, last, foresight.with_given(observed, State.of(new)))
            refused = unallowed(ahead, observed, {word for word, said in request.items() if said is True})
            first = Plan(self.path, tuple(Operation("create", each, cause=GIVEN) for each in new))
            found = [*([first] if new else []), *ahead.values()]
            same = last.outcome != "failed" and made.hash == last.found.hash  # nothing asked, nothing done
            return Draft(last.found if same else made, found, tuple(new), refused, standing=same)

        return self._store(draft, check, once)

    def rollback(
        self, number: int | None, author: str, check: bool, once: Once | None, allowed: Collection[str]
    ) -> Accepted:
        """Bring an older revision back, guarded as an update is. Raises NotFound, InvalidInput and Busy."""

        def draft(observed: State) -> Draft:
            last = self.standing(observed)
            made = recovery.restoring(observed, recovery.target(observed, self.path, number), author)
            ahead = self._foreseen(made, last, observed)
            return Draft(made, list(ahead.values()), refused=unallowed(ahead, observed, allowed))

        return self._store(draft, check, once)

    def maintenance(self, wish: Wish, author: str, check: bool, once: Once | None) -> Accepted:
        """Close or open; what is so already is no error. Raises InvalidInput and Busy."""

        def draft(observed: State) -> Draft:
            last = self.standing(observed)
            made = closing.draft(observed, self.path, wish, author)
            if made is None:
                return Draft(last.found, (), standing=True)
            return Draft(made, list(self._foreseen(made, last, observed).values()))

        return self._store(draft, check, once)

    def shutdown(self, author: str, check: bool, once: Once | None) -> Accepted:
        """Persist the intent; asking again is no error. Raises Busy."""

        def draft(observed: State) -> Draft:
            last, going = revisions.newest(observed, self.path), foresight.removal(observed, self.path)
            if last is not None and last.absent:
                return Draft(last.found, going, standing=True)
            origin = self._origin(observed)
            made = revisions.make(observed, self.path, ABSENT, cause=LOCAL, origin=origin, author=author)
            return Draft(made, going)

        return self._store(draft, check, once)

    def release(self, service: str, what: str, author: str) -> Mapping[str, Any]:
        """Write down what is asked of the releases of one service, or of all. Raises NotFound and Busy."""
        for _ in range(ATTEMPTS):
            observed = self.loop.look()
            wish = asking.asked(observed, self.path, service, what, author)
            with suppress(OutOfSequence):  # the loop has written on it meanwhile: read again
                self.loop.engine.update(wish, observed.resources[wish.key])
                self.loop.wake.set()
                return {"revision": wish.name, "services": asking.concerned(wish, what)}
        raise Busy(f"{self.path}: its release changes faster than it could be written; try again")

    def _store(self, draft: Callable[[State], Draft], check: bool, once: Once | None) -> Accepted:
        for _ in range(ATTEMPTS):
            observed = self.loop.look()
            if not check and (before := idempotency.answered(observed, self.path, once)):
                return before
            found = draft(observed)
            shown = plans.as_json(found.plans)
            if check or found.standing:
                return Accepted("" if check else found.revision.name, shown)
            updates.refuse(found.refused)
            with suppress(Conflict):  # somebody else has taken this number: read again
                self._write(replace(found, revision=idempotency.marked(found.revision, once, shown)))
                return Accepted(found.revision.name, shown)
        raise Busy(f"{self.path}: others write revisions faster than this one could be; try again")

    def _write(self, draft: Draft) -> None:
        """Raises Conflict when the revision's number is taken."""
        for each in draft.secrets:
            with suppress(Conflict):  # its name comes from its value: it is the same one
                self.loop.engine.create(each)
        self.loop.engine.create(draft.revision)
        self.loop.forget()  # who asks for it next shall see it
        self.loop.wake.set()

    def _foreseen(self, draft: Resource, last: Revision, observed: State) -> dict[StackPath, Plan]:
        """The plans of the tree, if a revision stood."""
        ahead = foresight.as_revision(self.path, draft)
        writer = self.loop.writer(last, observed)
        return dict(foresight.plans(ahead, observed, writer, self.loop.now()))

    def standing(self, observed: State) -> Revision:
        """The newest revision. Raises Busy when it says that the stack shall go."""
        last = revisions.newest(observed, self.path)
        if last is None or last.absent:
            raise Busy(f"{self.path} is shutting down")
        return last

    def _origin(self, observed: State) -> str:
        """A root's revision is its own origin; below, one stands until the root's next."""
        root = revisions.newest(observed, self.path.root) if self.path.parent else None
        return root.name if root else ""


def unallowed(
    ahead: Mapping[StackPath, Plan], observed: State, allowed: Collection[str]
) -> dict[str, Sequence[str]]:
    """What a change does only when it is asked to, by the word that would allow it."""
    found = {
        "allow_prune": tuple(pruning.excess(ahead, observed)),
        "allow_interruption": tuple(interruption.sentences(ahead.values())),
    }
    return {word: said for word, said in found.items() if word not in allowed}


GIVEN = "its value was given"
