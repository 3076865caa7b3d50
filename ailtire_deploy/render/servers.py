"""The tasks of one service as a backend of a proxy."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ailtire_deploy import traffic
from ailtire_deploy.names import tasks_of
from ailtire_deploy.render.narrow import narrow, segments
from ailtire_deploy.topology import LISTENS, Target, Watch


@dataclass(frozen=True, slots=True)
class Backend:
    """All tasks of one service, behind one name. ``rest`` is milliseconds of silence, 0 for the default;
    answers that take ``slow`` milliseconds are counted in ``table``.
    """

    name: str
    server: str
    address: str
    slots: int
    drains: bool
    speaks: str = ""
    rest: int = 0
    watch: Watch = LISTENS
    host: str = ""
    slow: tuple[int, ...] = ()
    table: str = ""


def servers(target: Target, rest: int = 0, slow: tuple[int, ...] = ()) -> Backend:
    """Every value of a target narrowed. Raises InvalidInput."""
    address = f"{tasks_of(narrow('name', target.service))}:{target.port:d}"
    return Backend(
        narrow("label", target.label),
        target.label.lstrip("_"),
        address,
        target.slots,
        target.drains,
        target.speaks,
        rest,
        replace(target.watch, path=segments(target.watch.path) if target.watch.path else ""),
        narrow("name", target.service),
        slow,
        _table(target.label, slow) if slow else "",
    )


def _table(name: str, slow: tuple[int, ...]) -> str:
    """It says what it counts, so that who reads it needs nothing else."""
    return narrow("label", f"{traffic.SLOW}{name}.{'-'.join(f'{each:d}' for each in slow)}")
