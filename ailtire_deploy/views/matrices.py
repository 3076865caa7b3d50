"""Who can reach whom, as text, JSON and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ailtire_deploy.names import StackPath
from ailtire_deploy.segments.matrix import OUTSIDE, Matrix
from ailtire_deploy.segments.members import Member
from ailtire_deploy.segments.ways import Way
from ailtire_deploy.views import paint, plain
from ailtire_deploy.views.paint import Paint

DIRECT, THROUGH, NEVER, SELF = "●", "○", "·", "-"
LEGEND = f"{DIRECT} on a network of both, at every port   {THROUGH} through gateways   {NEVER} not at all"
WIDTH = 80
HEADER = ("from", "to", "how", "as")
Row = tuple[str, str, str]


def as_text(matrix: Matrix, path: StackPath, colour: Paint = paint.none, width: int = WIDTH) -> list[str]:
    """A grid where it fits, and below it what each member reaches, at which ports and under which names."""
    grid = list(_grid(matrix, path))
    shown = [LEGEND, "", *grid, ""] if max(map(len, grid)) <= width else []
    for source in sources(matrix, path):
        shown.append(colour("title", source))
        shown += _columns(rows(matrix, source)) or ["    nobody"]
    return shown


def as_markdown(matrix: Matrix, path: StackPath) -> list[str]:
    """A table with a row for each who reaches another."""
    marks = {DIRECT: "direct", THROUGH: "through a gateway"}
    found = ((source, row) for source in sources(matrix, path) for row in rows(matrix, source))
    cells = ((source, to, marks[mark], named) for source, (mark, to, named) in found)
    return plain.table(HEADER, ([plain.code(a), plain.code(b), c, plain.markdown(d)] for a, b, c, d in cells))


def as_json(matrix: Matrix, path: StackPath) -> dict[str, Any]:
    """``{stack, members, direct, through}``; ``direct`` holds pairs, each once in either direction."""
    members = matrix.rows(path)
    ways = ((each, way) for each in sources(matrix, path) for way in matrix.ways.get(each, ()))
    return {
        "stack": str(path),
        "members": [_member(matrix, each) for each in members],
        "direct": [_pair(matrix, a, b) for a in members for b in matrix.members if _meet(matrix, a, b)],
        "through": [
            {"from": source, "gateway": way.gateway, "asked": way.asked, "to": [str(end) for end in way.ends]}
            for source, way in ways
        ],
    }


def sources(matrix: Matrix, path: StackPath) -> list[str]:
    """Whose reach is shown: the members of a stack and of all below it, and for a root whoever is outside."""
    named = [each.name for each in matrix.rows(path)]
    return [*([OUTSIDE] if OUTSIDE in matrix.ways and not path.parent else []), *named]


def rows(matrix: Matrix, source: str) -> list[Row]:
    """What one reaches: the kind of mark, whom at which ports, and under which names."""
    member = next((each for each in matrix.members if each.name == source), None)
    near = list(_near(matrix, member)) if member else []
    return [*near, *(row for way in matrix.ways.get(source, ()) for row in _led(way))]


def _near(matrix: Matrix, source: Member) -> Iterator[Row]:
    for other in matrix.members:
        if _meet(matrix, source, other):
            yield DIRECT, _with_ports(other), " ".join(_names(matrix, source, other))
    if matrix.leads_outside(source):
        yield DIRECT, OUTSIDE, ""


def _led(way: Way) -> Iterator[Row]:
    for end in way.ends:
        yield THROUGH, str(end), way.asked


def _meet(matrix: Matrix, one: Member, other: Member) -> bool:
    return one is not other and bool(matrix.shared(one, other))


def _with_ports(member: Member) -> str:
    return f"{member.name}:{','.join(map(str, member.ports))}" if member.ports else member.name


def _names(matrix: Matrix, source: Member, other: Member) -> list[str]:
    """The short names where there are any, else that of the engine."""
    short = [name for each in matrix.shared(source, other) for name in other.seats[each]]
    return list(dict.fromkeys(short)) or [other.service]


def _columns(found: Iterable[Row]) -> list[str]:
    cells = [(f"    {mark}", to, named) for mark, to, named in found]
    return [plain.line(each) for each in plain.columns(cells)] if cells else []


def _grid(matrix: Matrix, path: StackPath) -> Iterator[str]:
    members = matrix.rows(path)
    left = max([len(OUTSIDE), *(len(each.name) for each in members)])
    room = len(str(len(members)))
    yield " " * (left + room + 2) + " ".join(f"{n:>{room}}" for n in range(1, len(members) + 1))
    for number, one in enumerate(members, 1):
        through = matrix.through(one.name)
        marks = (_mark(matrix, one, other, through) for other in members)
        yield f"{number:>{room}} {one.name:<{left}} " + " ".join(f"{each:>{room}}" for each in marks)
    if OUTSIDE in sources(matrix, path):
        through = matrix.through(OUTSIDE)
        marks = (THROUGH if each.name in through or each.kind == "edge" else NEVER for each in members)
        yield f"{'':>{room}} {OUTSIDE:<{left}} " + " ".join(f"{each:>{room}}" for each in marks)


def _mark(matrix: Matrix, one: Member, other: Member, through: Iterable[str]) -> str:
    if one is other:
        return SELF
    return DIRECT if matrix.shared(one, other) else THROUGH if other.name in through else NEVER


def _member(matrix: Matrix, each: Member) -> dict[str, Any]:
    return {
        "name": each.name,
        "service": each.service,
        "kind": each.kind,
        "ports": list(each.ports),
        "networks": sorted(each.seats),
        "outside": matrix.leads_outside(each),
    }


def _pair(matrix: Matrix, one: Member, other: Member) -> dict[str, Any]:
    return {
        "from": one.name,
        "to": other.name,
        "networks": list(matrix.shared(one, other)),
        "names": _names(matrix, one, other),
        "ports": list(other.ports),
    }
