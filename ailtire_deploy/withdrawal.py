"""Tokens that are taken back, written to the swarm: by the command line, or by the root's controller."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ailtire_deploy import recovery, revocation
from ailtire_deploy.errors import Busy, Conflict, Denied, InvalidInput, OutOfSequence, Problem
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Engine
from ailtire_deploy.revocation import Mark, Revoked

ATTEMPTS = 5


def marked(token: str) -> Mark:
    """A token by its id, or by itself. Raises InvalidInput for neither; no word of it repeats a token."""
    if "." not in token:
        return revocation.by_id(token)
    try:
        return revocation.mark(token)
    except Denied as error:
        raise InvalidInput([Problem("tokens", 0, 0, "", str(error))]) from None


def write(engine: Engine, root: StackPath, mark: Mark | None, now: float) -> Revoked:
    """Add one to the list, or all, whoever else writes to it. Raises NotFound, Refused and Busy."""
    for _ in range(ATTEMPTS):
        observed = engine.observe(root)
        recovery.insist(observed, root)
        before = revocation.held(observed, root)
        held = before.with_ids(now, mark) if mark else before.with_all(now)
        wish = revocation.config(root, held)
        found = observed.resources.get(wish.key)
        with suppress(Conflict, OutOfSequence):  # somebody else was quicker: read again
            if found is None:
                engine.create(wish)
            else:
                engine.update(replace(found, labels={**found.labels, **wish.labels}), found)
            return held
    raise Busy(f"{root}: others take tokens back at the same time; try again")
