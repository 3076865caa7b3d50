"""The JSON Schemas of who can reach whom, and of a look at whether that is so."""

from __future__ import annotations

from collections.abc import Mapping

from ailtire_deploy.rest.shapes import COUNT, TEXT, Shape, by_name, many, one, or_nothing, ref, some
from ailtire_deploy.survey import LONGEST, PATIENCE

MEMBER = one(
    "Somebody in the tree; `ports` where it is known to listen, `outside`: a network of its leads there.",
    name=TEXT,
    service=TEXT,
    kind={"enum": ["service", "gateway", "controller", "edge"]},
    ports=many(COUNT),
    networks=many(TEXT),
    outside={"type": "boolean"},
)
MATRIX = one(
    "Who can reach whom: on a network of both, and through gateways.",
    stack=TEXT,
    members=many(ref("Member")),
    direct=many(
        one(
            "Two on the same networks, in one direction.",
            **{"from": TEXT, "to": TEXT, "networks": many(TEXT), "names": many(TEXT), "ports": many(COUNT)},
        )
    ),
    through=many(
        one(
            "What a gateway answers; `to` are members with their ports.",
            **{"from": TEXT, "gateway": TEXT, "asked": TEXT, "to": many(TEXT)},
        )
    ),
)
RESULT = one(
    "What a look came to; `absent` were not there all the time, `unheard` are networks without an answer.",
    stack=TEXT,
    verdict={"enum": ["surprises", "partly", "as defined"]},
    networks=COUNT,
    pairs=COUNT,
    surprises=many(one("What is not as defined.", subject=TEXT, network=TEXT, text=TEXT, seen=many(TEXT))),
    absent=many(TEXT),
    unheard=by_name(TEXT),
    revision=TEXT,
)
LOOK = one(
    "The last look at the living networks since the controller started; `told` is how far it came, `error` "
    "why it came to nothing.",
    stack=TEXT,
    id=TEXT,
    state={"enum": ["never", "running", "done", "busy", "gone", "failed"]},
    since=or_nothing("string"),
    told=many(TEXT),
    error=TEXT,
    result={"anyOf": [ref("Result"), {"type": "null"}]},
)
COMPONENTS: Mapping[str, Shape] = {"Member": MEMBER, "Matrix": MATRIX, "Result": RESULT, "Look": LOOK}

VERIFY = some(
    "How long all networks have for their answers, in seconds, and whether the result is written down.",
    timeout={"type": "integer", "minimum": 1, "maximum": LONGEST, "default": PATIENCE},
    keep={"type": "boolean", "default": True},
)
