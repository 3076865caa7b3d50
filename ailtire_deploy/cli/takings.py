"""Taking tokens back, and showing which are: with an engine, or by the root's controller."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ailtire_deploy import moments, recovery, revocation, withdrawal
from ailtire_deploy.names import StackPath
from ailtire_deploy.views import received, withdrawn

if TYPE_CHECKING:
    from ailtire_deploy.remote import Remote


def take_back(root: StackPath, token: str | None, engine: str | None, remote: Remote | None) -> str:
    """Take one token back, or without one all of them. Returns what to say. Raises InvalidInput."""
    from ailtire_deploy.cli.swarms import connected

    mark = withdrawal.marked(token) if token is not None else None
    if remote:
        remote.insist(root)
        remote.post(root, "tokens/revoke", {"id": mark.id} if mark else {"all": True})
    else:
        with connected(engine) as swarm:
            withdrawal.write(swarm.engine, root, mark, time.time())
    if mark is None:
        return f"every token of {root} that was made until now is taken back"
    return (
        f"the token {mark.id} of {root} is taken back; it would have ended at {moments.to_text(mark.expires)}"
    )


def held(root: StackPath, engine: str | None, remote: Remote | None) -> dict[str, Any]:
    """What is taken back, less what has ended (``views.withdrawn``). Raises NotFound without the stack."""
    from ailtire_deploy.cli.swarms import connected

    if remote:
        remote.insist(root)
        return received.withdrawn(remote.get(root, "tokens"))
    with connected(engine) as swarm:
        observed = swarm.engine.observe(root)
    recovery.insist(observed, root)
    return withdrawn.as_json(revocation.held(observed, root).with_ids(time.time()))
