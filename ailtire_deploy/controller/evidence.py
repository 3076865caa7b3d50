"""What a service that failed wrote last: the end of a sentence that says why a stack failed."""

from __future__ import annotations

from ailtire_deploy import log_lines, symptoms
from ailtire_deploy.log_lines import Asked, Source
from ailtire_deploy.log_streams import Reading
from ailtire_deploy.ports import Engine
from ailtire_deploy.state import Resource, State
from ailtire_deploy.verdict import describe

LINES = 2
LENGTH = 90  # characters of a line that a sentence repeats


def with_last_lines(reasons: tuple[str, ...], observed: State, engine: Engine) -> tuple[str, ...]:
    """The same sentences; each that begins with the name of a service ends in what its last task wrote."""
    services = {describe(each): each for each in observed if each.kind == "service"}
    found = ((reason, services.get(reason.partition(": ")[0])) for reason in reasons)
    return tuple(reason + (last_lines(each, observed, engine) if each else "") for reason, each in found)


def last_lines(service: Resource, observed: State, engine: Engine) -> str:
    """`` (last lines: …)``, or nothing when the task that ended badly last wrote nothing."""
    tasks = symptoms.newest_first(observed.tasks_of(service.name))
    ended = next((each for each in tasks if each.current and symptoms.ended_badly(each)), None)
    if ended is None:
        return ""
    source = Source(ended.id, log_lines.name_of(service, ended.slot), service.name, live=False)
    newest = Reading(engine, lambda: (source,), Asked(tail=LINES)).newest()
    lines = [plain(each.text) for each in newest if each.time]
    return f" (last lines: {' | '.join(lines)})" if lines else ""


def plain(text: str) -> str:
    """A line that no terminal obeys."""
    shown = "".join(each if each.isprintable() else " " for each in text.strip())
    return shown if len(shown) <= LENGTH else f"{shown[:LENGTH]}…"
