"""Tokens that are taken back: read from and written to the swarm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ailtire_deploy import moments, recovery, revocation
from ailtire_deploy.cli.swarms import connected
from ailtire_deploy.errors import Busy, Conflict, Denied, InvalidInput, OutOfSequence, Problem
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Engine
from ailtire_deploy.revocation import Mark, Revoked

ATTEMPTS = 5


def take_back(root: StackPath, token: str | None, engine: str | None) -> str:
    """Take one token back, or without one all of them. Returns what to say. Raises InvalidInput."""
    mark = marked(token) if token else None
    with connected(engine) as swarm:
        write(swarm.engine, root, mark, time.time())
    if mark is None:
        return f"every token of {root} that was made until now is taken back"
    return (
        f"the token {mark.id} of {root} is taken back; it would have ended at {moments.to_text(mark.expires)}"
    )


def marked(token: str) -> Mark:
    """A token by its id, or by itself. Raises InvalidInput for neither; no word of it repeats a token."""
    if "." not in token:
        return revocation.by_id(token)
    try:
        return revocation.mark(token)
    except Denied as error:
        raise InvalidInput([Problem("tokens", 0, 0, "", str(error))]) from None


def write(engine: Engine, root: StackPath, mark: Mark | None, now: float) -> None:
    """Add to the list, whoever else writes to it. Raises NotFound, Refused and Busy."""
    for _ in range(ATTEMPTS):
        observed = engine.observe(root)
        recovery.insist(observed, root)
        before = revocation.held(observed, root)
        wish = revocation.config(root, before.with_ids(now, mark) if mark else before.with_all(now))
        found = observed.resources.get(wish.key)
        with suppress(Conflict, OutOfSequence):  # somebody else was quicker: read again
            if found is None:
                engine.create(wish)
            else:
                engine.update(replace(found, labels={**found.labels, **wish.labels}), found)
            return
    raise Busy(f"{root}: others take tokens back at the same time; try again")


def held(root: StackPath, engine: str | None) -> Revoked:
    """What is taken back, less what has ended. Raises NotFound for a stack that is not there."""
    with connected(engine) as swarm:
        observed = swarm.engine.observe(root)
    recovery.insist(observed, root)
    return revocation.held(observed, root).with_ids(time.time())


def as_text(found: Revoked) -> Iterator[str]:
    if found.before >= 0:
        yield f"all that were made until {moments.to_text(found.before)}"
    for id, end in found.ids.items():
        yield f"{id} until {moments.to_text(end)}"
    if found.before < 0 and not found.ids:
        yield "none is taken back"


def as_json(found: Revoked) -> dict[str, Any]:
    """``{before, ids: {ID: end}}``, times as text; ``before`` is null where not all are taken back."""
    ids = {id: moments.to_text(end) for id, end in found.ids.items()}
    return {"before": moments.to_text(found.before) if found.before >= 0 else None, "ids": ids}
