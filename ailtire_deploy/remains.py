"""What is left of a tree that shall go, and why it may stay: the sentences of a shutdown that hangs."""

from __future__ import annotations

from collections.abc import Iterator

from ailtire_deploy.names import StackPath
from ailtire_deploy.state import State, Task

MOST = 5  # of one kind that are named


def sentences(observed: State, path: StackPath) -> tuple[str, ...]:
    """Why what stands at a path, or is owned below it, is still there: tasks first, as all waits for them."""
    tasks = sorted((each for each in observed.tasks if each.live), key=lambda each: each.desired == "running")
    told = [*dict.fromkeys(_task(each, observed) for each in tasks)][:MOST]
    left = sorted(str(each.key) for each in observed if path.covers(each.path))
    more = f" and {len(left) - MOST} more" if len(left) > MOST else ""
    kept = (f"still there: {', '.join(left[:MOST])}{more}",) if left else ()
    return (*told, *(_networks(observed) if not tasks else ()), *kept)


def _task(task: Task, observed: State) -> str:
    found = observed.get("service", task.service) if task.service else None
    name = f"{found.path}/{found.service}" if found else task.service or "a removed service"
    place = f" on {task.node}" if task.node else ""
    return (
        f"{name}: task {task.slot}{place} is still {task.state}; its program may not end when told to, or "
        "its node may be away: see docker node ls"
    )


def _networks(observed: State) -> Iterator[str]:
    for each in observed:
        if each.kind == "network":
            yield (
                f"network {each.name} is not removed although no task stands on it; a container that "
                "somebody attached may: see docker network inspect"
            )
