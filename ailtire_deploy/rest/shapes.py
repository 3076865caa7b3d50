"""The JSON Schemas (2020-12) of what goes in and out. They describe; ``bodies`` and ``parameters`` decide.

A test sends what a schema allows and what it forbids, so the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ailtire_deploy.revocation import ID
from ailtire_deploy.symptoms import WORST_LAST

Shape = Mapping[str, Any]
Kinds = Mapping[str, Shape]  # by content type

TEXT: Shape = {"type": "string"}
NUMBER: Shape = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
COUNT: Shape = {"type": "integer", "minimum": 0}
FREE: Shape = {"type": "object"}


def one(text: str, /, **properties: Shape) -> Shape:
    """An object that has each of these properties, and no other."""
    return {
        "type": "object",
        "description": text,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def with_some(shape: Shape, **properties: Shape) -> Shape:
    """An object that may have these properties besides."""
    return {**shape, "properties": {**shape["properties"], **properties}}


def some(text: str, /, **properties: Shape) -> Shape:
    """An object that may have these properties, and no other."""
    return {"type": "object", "description": text, "properties": properties, "additionalProperties": False}


def many(shape: Shape) -> Shape:
    return {"type": "array", "items": shape}


def by_name(shape: Shape) -> Shape:
    """An object whose every value has one shape."""
    return {"type": "object", "additionalProperties": shape}


def or_nothing(kind: str) -> Shape:
    return {"type": [kind, "null"]}


def ref(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}


def in_json(shape: Shape) -> Kinds:
    return {"application/json": shape}


TASK = one("A task.", slot=TEXT, node=TEXT, state=TEXT)
TRAFFIC = one(
    "What went through lately: requests a second, the part that were errors, and how long answers took.",
    requests={"type": "number", "minimum": 0},
    errors={"type": "number", "minimum": 0, "maximum": 1},
    milliseconds={"type": "number", "minimum": 0},
    age=COUNT,
)
SEGMENTATION = one(
    "What the last `network verify` found: how many pairs on how many networks, surprises, and some of them.",
    **dict.fromkeys(("networks", "pairs", "surprises", "unheard"), COUNT),
    time=TEXT,
    told=many(TEXT),
)
STATUS = with_some(
    one(
        "A stack or service, and what it holds.",
        type={"enum": ["Stack", "Service"]},
        name=TEXT,
        shortName=TEXT,
        status={"enum": list(WORST_LAST)},
        line=TEXT,
        message=TEXT,
        revision=or_nothing("integer"),
        since=or_nothing("string"),
        image=or_nothing("string"),
        desired=COUNT,
        running=COUNT,
        age=or_nothing("integer"),
        tasks=many(ref("Task")),
        services=many(ref("Status")),
    ),
    traffic=ref("Traffic"),
    segmentation=ref("Segmentation"),
)
FINDING = one("What is not well.", name=TEXT, status=TEXT, why=TEXT, cause=TEXT, remedy=TEXT, line=TEXT)
EXPLANATION = one(
    "All that is not well.", stack=TEXT, status=TEXT, findings=many(ref("Finding")), deadlines=by_name(TEXT)
)
CHANGE = one("A field, and what it was and will be.", path=TEXT, before={}, after={})
OPERATION: Shape = {
    "type": "object",
    "description": "One write.",
    "properties": {
        **dict.fromkeys(("verb", "kind", "name", "cause", "impact", "waiting", "error"), TEXT),
        "changes": many(ref("Change")),
    },
    "required": ["verb", "kind", "name", "cause", "impact", "changes"],
    "additionalProperties": False,
}
PLAN = one(
    "Every write, by the stack it is about.",
    verdict={"enum": ["unchanged", "changes", "failed"]},
    stacks=by_name(many(ref("Operation"))),
    unchanged=by_name(COUNT),
)
REPORT: Shape = {
    "type": "object",
    "description": "Counts of ok, changed, waiting and failed by stack, and the reasons of a failure.",
    "properties": {"stacks": by_name(many(COUNT)), "reasons": many(TEXT), "late": {"type": "boolean"}},
}
_REVISION: dict[str, Shape] = {
    "number": NUMBER,
    **dict.fromkeys(("name", "created", "outcome", "cause", "origin", "author"), TEXT),
    **dict.fromkeys(("restores", "undoes", "maintenance"), TEXT),
    "digests": by_name(TEXT),
    "report": ref("Report"),
}
_SEEN: dict[str, Shape] = {"segmentation": ref("Segmentation")}
REVISION = with_some(one("A revision, and what became of it.", **_REVISION), **_SEEN)
FOLLOWED = with_some(
    one("The same, and how far it has come.", **_REVISION, progress=ref("Progress")), **_SEEN
)
PROGRESS = one(
    "Until `verdict` is another word than `pending`, it goes on.",
    verdict={"enum": ["pending", "converged", "failed", "rolled back", "superseded"]},
    arrived=COUNT,
    of=COUNT,
    open=many(TEXT),
    stacks=by_name(by_name(COUNT)),
    reasons=many(TEXT),
    by=TEXT,
)
DIFFERENCE = one(
    "What two revisions mean otherwise.",
    **{"stack": TEXT, "from": NUMBER, "to": NUMBER, "changes": many(ref("Change"))},
)
ACCEPTED = one("What was stored, and what it brings about.", revision=TEXT, plan=ref("Plan"))
MOUNT = one(
    "A line of an interface; without a port a child answers.",
    **dict.fromkeys(("host", "prefix", "service", "path"), TEXT),
    type={"enum": ["Stack", "Service"]},
    port=or_nothing("integer"),
    methods=many(TEXT),
)
PARAMETER: Shape = {
    "type": "object",
    "description": "A parameter as declared, and its value.",
    "properties": {"name": TEXT, "type": TEXT, "value": {}},
    "required": ["name", "type", "value"],
}
DRAWN = one(
    "A stack and what it offers; `publishes` are the ports of its edge.",
    path=TEXT,
    version=TEXT,
    publishes=many(COUNT),
    interface=many(ref("Mount")),
    parameters=many(ref("Parameter")),
)
NETWORK = one(
    "A network, and the services on it by their names in `status`.",
    **dict.fromkeys(("name", "stack"), TEXT),
    kind={"enum": ["sibling", "family", "edge", "egress"]},
    subnets=many(TEXT),
    internal={"type": "boolean"},
    members=many(TEXT),
)
TOPOLOGY = one(
    "The stack, and all below it.", stack=TEXT, stacks=many(ref("Drawn")), networks=many(ref("Network"))
)
REVOKED = one(
    "Ids of tokens with their ends; `before`: all that were made until then.",
    before=or_nothing("string"),
    ids=by_name(TEXT),
)
PROBLEM: Shape = {
    "type": "object",
    "description": "RFC 9457; `problems` are those of the input, each with its path.",
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "problems": many(
            one("", **dict.fromkeys(("file", "path", "message", "hint"), TEXT), line=COUNT, column=COUNT)
        ),
    },
    "required": ["type", "title", "status", "detail"],
}
COMPONENTS: Mapping[str, Shape] = {
    "Task": TASK,
    "Status": STATUS,
    "Traffic": TRAFFIC,
    "Segmentation": SEGMENTATION,
    "Finding": FINDING,
    "Explanation": EXPLANATION,
    "Change": CHANGE,
    "Operation": OPERATION,
    "Plan": PLAN,
    "Report": REPORT,
    "Revision": REVISION,
    "Followed": FOLLOWED,
    "Progress": PROGRESS,
    "Difference": DIFFERENCE,
    "Accepted": ACCEPTED,
    "Mount": MOUNT,
    "Parameter": PARAMETER,
    "Drawn": DRAWN,
    "Network": NETWORK,
    "Topology": TOPOLOGY,
    "Revoked": REVOKED,
    "Problem": PROBLEM,
}

PAIRS: Shape = {
    "anyOf": [FREE, many(one("As ailtire writes them.", name=TEXT, value={}))],
    "description": "Merged by key; null removes one.",
}
SECRET: Shape = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        one("Bytes.", base64={"type": "string", "minLength": 4, "contentEncoding": "base64"}),
    ]
}
UPDATE: Shape = {
    **some(
        "All may be left out.",
        parameters=PAIRS,
        environment=PAIRS,
        definition={**FREE, "description": "What `ailtire-deploy bundle FILE` prints."},
        secrets={**by_name(SECRET), "description": "Values by PATH/NAME; they need the role admin."},
        context={**TEXT, "description": "Which of the definition's contexts; as before without it."},
        composefile={**FREE, "description": "The old name of `definition`."},
    ),
    "not": {"required": ["definition", "composefile"]},
}
ROLLBACK = some(
    "Without a number: the last that converged.", revision={**NUMBER, "type": ["integer", "null"]}
)
SERVICE: Shape = {**TEXT, "description": "The key of a service; without it all that are being released."}
PROMOTE = some("To the next step, or `fully`: past all of them.", service=SERVICE, fully={"type": "boolean"})
ABORT = some("Back to the old version.", service=SERVICE)
RELEASING = one("The revision that it stands on, and the services.", revision=TEXT, services=many(TEXT))
MAINTENANCE: Shape = {
    **some(
        "What is closed, or opened again.",
        on={"type": "boolean"},
        service={"type": ["string", "null"], "description": "Its key; without one it is the whole stack."},
        message={"type": "string", "maxLength": 500, "description": "What callers are told."},
        allow={**many(TEXT), "maxItems": 50, "description": "Ranges of addresses that come in all the same."},
    ),
    "required": ["on"],
}
REVOKE: Shape = {
    "anyOf": [
        one("One token.", id={"type": "string", "pattern": f"^{ID.pattern}$"}),
        one("Every token.", all={"const": True}),
    ]
}
REGISTER = one("The child's path, and where its controller is.", name=TEXT, url=TEXT)
NOTHING = some("Nothing.")
