"""Who can reach whom, as JSON, and from that as text and Markdown: it may come from a controller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ailtire_deploy.names import StackPath
from ailtire_deploy.segments.matrix import OUTSIDE, Matrix
from ailtire_deploy.segments.members import Member
from ailtire_deploy.views import paint, plain
from ailtire_deploy.views.paint import Paint

DIRECT, THROUGH, NEVER, SELF = "●", "○", "·", "-"
LEGEND = f"{DIRECT} on a network of both, at every port   {THROUGH} through gateways   {NEVER} not at all"
WIDTH = 80
HEADER = ("from", "to", "how", "as")
Row = tuple[str, str, str]
Told = Mapping[str, Any]  # what ``as_json`` makes


def as_json(matrix: Matrix, path: StackPath) -> dict[str, Any]:
    """``{stack, members, direct, through}``; ``direct`` holds pairs, each once in either direction.

    ``through`` begins, for a root, with what whoever is outside reaches.
    """
    members = matrix.rows(path)
    outside = [OUTSIDE] if OUTSIDE in matrix.ways and not path.parent else []
    sources = [*outside, *(each.name for each in members)]
    ways = ((each, way) for each in sources for way in matrix.ways.get(each, ()))
    return {
        "stack": str(path),
        "members": [_member(matrix, each) for each in members],
        "direct": [_pair(matrix, a, b) for a in members for b in matrix.members if _meet(matrix, a, b)],
        "through": [
            {"from": source, "gateway": way.gateway, "asked": way.asked, "to": [str(end) for end in way.ends]}
            for source, way in ways
        ],
    }


def as_text(told: Told, colour: Paint = paint.none, width: int = WIDTH) -> list[str]:
    """A grid where it fits, and below it what each member reaches, at which ports and under which names."""
    members, left = len(told["members"]), max(map(len, _names_of(told)))
    grid = _grid(told, left) if left + members * (len(str(members)) + 1) < width else ()
    lines = [plain.line(each) for each in grid]
    shown = [LEGEND, "", *lines, ""] if lines and max(map(len, lines)) <= width else []
    for source, found in reaches(told).items():
        shown.append(colour("title", plain.line(source)))
        shown += _columns(found) or ["    nobody"]
    return shown


def as_markdown(told: Told) -> list[str]:
    """A table with a row for each who reaches another."""
    marks = {DIRECT: "direct", THROUGH: "through a gateway"}
    found = ((source, row) for source, rows in reaches(told).items() for row in rows)
    cells = ((source, to, marks[mark], named) for source, (mark, to, named) in found)
    return plain.table(HEADER, ([plain.code(a), plain.code(b), c, plain.markdown(d)] for a, b, c, d in cells))


def reaches(told: Told) -> dict[str, list[Row]]:
    """What each reaches: the kind of mark, whom at which ports, and under which names."""
    led = any(way["from"] == OUTSIDE for way in told["through"])
    found: dict[str, list[Row]] = {each["name"]: [] for each in told["members"]}
    found = {OUTSIDE: [], **found} if led else found
    for pair in told["direct"]:
        found[pair["from"]].append((DIRECT, _with_ports(pair), " ".join(pair["names"])))
    for each in told["members"]:
        found[each["name"]] += [(DIRECT, OUTSIDE, "")] if each["outside"] else []
    for way in told["through"]:
        found[way["from"]] += [(THROUGH, end, way["asked"]) for end in way["to"]]
    return found


def _meet(matrix: Matrix, one: Member, other: Member) -> bool:
    return one is not other and bool(matrix.shared(one, other))


def _with_ports(pair: Told) -> str:
    return f"{pair['to']}:{','.join(map(str, pair['ports']))}" if pair["ports"] else str(pair["to"])


def _names(matrix: Matrix, source: Member, other: Member) -> list[str]:
    """The short names where there are any, else that of the engine."""
    short = [name for each in matrix.shared(source, other) for name in other.seats[each]]
    return list(dict.fromkeys(short)) or [other.service]


def _columns(found: Iterable[Row]) -> list[str]:
    cells = [(f"    {mark}", to, named) for mark, to, named in found]
    return [plain.line(each) for each in plain.columns(cells)] if cells else []


def _names_of(told: Told) -> list[str]:
    return [OUTSIDE, *(each["name"] for each in told["members"])]


def _grid(told: Told, left: int) -> Iterator[str]:
    _, *members = _names_of(told)
    near = {(each["from"], each["to"]) for each in told["direct"]}
    far = {(way["from"], end.rpartition(":")[0]) for way in told["through"] for end in way["to"]}
    room = len(str(len(members)))
    yield " " * (left + room + 2) + " ".join(f"{n:>{room}}" for n in range(1, len(members) + 1))
    for number, one in enumerate(members, 1):
        marks = (_mark(one, other, near, far) for other in members)
        yield f"{number:>{room}} {one:<{left}} " + " ".join(f"{each:>{room}}" for each in marks)
    if any(way["from"] == OUTSIDE for way in told["through"]):
        far |= {(OUTSIDE, each["name"]) for each in told["members"] if each["kind"] == "edge"}
        marks = (_mark(OUTSIDE, each, near, far) for each in members)
        yield f"{'':>{room}} {OUTSIDE:<{left}} " + " ".join(f"{each:>{room}}" for each in marks)


def _mark(one: str, other: str, near: set[tuple[str, str]], far: set[tuple[str, str]]) -> str:
    if one == other:
        return SELF
    return DIRECT if (one, other) in near else THROUGH if (one, other) in far else NEVER


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
