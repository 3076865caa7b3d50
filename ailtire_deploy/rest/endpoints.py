"""The one table of calls, roles and shapes.

It drives the dispatch, ``/_admin/openapi.json``, the tests, and the table in docs/rest.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ailtire_deploy import identity
from ailtire_deploy.rest import calls, exposition, networks, shapes, view
from ailtire_deploy.rest.calls import Call
from ailtire_deploy.rest.messages import Answer, json_answer
from ailtire_deploy.rest.openapi import document
from ailtire_deploy.rest.shapes import Kinds, Shape, in_json, ref
from ailtire_deploy.rest.streams import EVENTS, LINES, TEXT

PUBLIC = ""  # the role of what needs no token: it tells nothing about any stack
NUMBER = r"[1-9][0-9]{0,8}"
PARTS = {"<n>": NUMBER, "<file>": "|".join(map(re.escape, sorted(view.FILES)))}
STATUS_BUDGET = 2.0
LONG = 15.0  # seconds for what plans a tree and may ask registries
LOG_PARAMETERS = ("service", "tail", "since", "grep", "follow", "recursive", "format", "raw")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call: who may make it, what it takes, what answers it, and what that looks like.

    ``does`` says in Markdown what it is for. ``body`` is the shape of what is sent, ``gives`` that of the
    answers that are no errors, by status and content type; ``fails`` are errors that others of its kind do
    not end with. ``below`` says whether it can be made through the parent of the stack that it is about,
    ``streams`` whether its answer may have no end, ``budget`` how many seconds a child has for its answer.
    """

    method: str
    name: str
    role: str
    answer: Callable[[Call], Answer]
    does: str
    gives: Mapping[int, Kinds]
    parameters: tuple[str, ...] = ()
    body: Shape | None = None
    fails: tuple[int, ...] = ()
    below: bool = True
    streams: bool = False
    budget: float = 5.0
    pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        text = re.escape(self.name)
        for part, pattern in PARTS.items():
            text = text.replace(part, f"(?:{pattern})")
        object.__setattr__(self, "pattern", re.compile(text, re.A))


def openapi(call: Call) -> Answer:
    """This table, for programs."""
    return json_answer(document(ENDPOINTS))


CHANGED: Mapping[int, Kinds] = {
    200: in_json(shapes.one("What it would bring about.", plan=ref("Plan"))),
    202: in_json(ref("Accepted")),
}
CHANGING = ("check", "idempotency_key")
ENDPOINTS = (
    Endpoint(
        *("GET", "status", "viewer", calls.status),
        "the tree: `{type, name, shortName, status, line, message, revision, since, image, desired, running, "
        "age, tasks, services}`; the same JSON as `status --output json`. `explain` answers only what is not "
        "well",
        {200: in_json({"anyOf": [ref("Status"), ref("Explanation")]})},
        parameters=("budget", "explain"),
        budget=STATUS_BUDGET,
    ),
    Endpoint(
        *("GET", "log", "viewer", calls.log),
        "the lines of the stack and of all below: `service`, `tail`, `since`, `grep`, `follow`, "
        "`recursive`, `format` (`text` or `json`, one object a line), `raw`",
        {200: {TEXT: shapes.TEXT, LINES: shapes.TEXT}},
        parameters=LOG_PARAMETERS,
        streams=True,
    ),
    Endpoint(
        *("GET", "topology", "viewer", calls.topology),
        "what the view draws of the stack and of all below: `{stack, stacks, networks}`, with interfaces, "
        "parameters, and who stands on which network",
        {200: in_json(ref("Topology"))},
    ),
    Endpoint(
        *("GET", "network/matrix", "viewer", calls.matrix),
        "who can reach whom by the newest revisions: `{stack, members, direct, through}`; the same JSON as "
        "`network matrix --output json`",
        {200: in_json(ref("Matrix"))},
    ),
    Endpoint(
        *("GET", "network/verify", "viewer", calls.verified),
        "how far the last look at the living networks is, or what came of it: `{stack, id, state, since, "
        "told, error, result}`",
        {200: in_json(ref("Look"))},
    ),
    Endpoint(
        *("POST", "network/verify", "operator", calls.verify),
        '`{"timeout": 120, "keep": true}`, or `{}`: a look at the living networks begins, one at a time; the '
        "result is also kept at the newest revision",
        {202: in_json(ref("Look"))},
        body=networks.VERIFY,
    ),
    Endpoint(
        *("GET", "view", PUBLIC, calls.page),
        "the page for people, without anything of a stack in it: it asks for a token",
        {200: {view.kind(view.SHELL): shapes.TEXT}},
    ),
    Endpoint(
        *("GET", "view/<file>", PUBLIC, calls.page_file),
        "its scripts and its style",
        {200: dict.fromkeys(sorted(set(map(view.kind, view.FILES))), shapes.TEXT)},
    ),
    Endpoint(
        *("GET", "history", "viewer", calls.history),
        "the revisions, the digests of their images, and what became of them",
        {200: in_json(shapes.many(ref("Revision")))},
    ),
    Endpoint(
        *("GET", "history/<n>", "viewer", calls.revision),
        "one of them, and its `progress`: `{verdict, arrived, of, open, stacks, reasons, by}`",
        {200: in_json(ref("Followed"))},
    ),
    Endpoint(
        *("GET", "history/<n>/diff", "viewer", calls.difference),
        "what differs in it from the one before, or from `against`: `{stack, from, to, changes}`",
        {200: in_json(ref("Difference"))},
        parameters=("against",),
    ),
    Endpoint(
        *("GET", "plan", "viewer", calls.plan),
        "every write that is still to do for the newest revision; the same JSON as `plan --output json`",
        {200: in_json(ref("Plan"))},
        fails=(422,),
        budget=LONG,
    ),
    Endpoint(
        *("GET", "events", "viewer", calls.events),
        "what happens, as server-sent events: `state` first, then `status`, `outcome` and `done`",
        {200: {EVENTS: shapes.TEXT}},
        parameters=("last_event_id",),
        streams=True,
    ),
    Endpoint(
        *("GET", "metrics", "viewer", calls.metrics),
        "numbers about this one stack, its gateway and its controller, in Prometheus' text format",
        {200: {exposition.KIND: shapes.TEXT}},
    ),
    Endpoint(
        *("POST", "update", "operator", calls.update),
        "a new revision; `?replace=true` replaces instead of merging, `?allow_prune=true` lets more than "
        "half of a stack go, `?allow_interruption=true` published ports end for a moment; another "
        "`definition`, and values of `secrets`, need an admin",
        CHANGED,
        parameters=(*CHANGING, "replace", *calls.ALLOWING),
        body=shapes.UPDATE,
        budget=LONG,
    ),
    Endpoint(
        *("POST", "rollback", "operator", calls.rollback),
        '`{"revision": 3}`, or `{}` for the last that converged: an older revision, as a new one; '
        "`?allow_prune=true` and `?allow_interruption=true` as for an update",
        CHANGED,
        parameters=(*CHANGING, *calls.ALLOWING),
        body=shapes.ROLLBACK,
        budget=LONG,
    ),
    Endpoint(
        *("POST", "promote", "operator", calls.promote),
        '`{"service": "web"}`, or `{}` for all of the stack: a release goes on to its next step now; with '
        '`"fully": true` it rests at none',
        {202: in_json(shapes.RELEASING)},
        body=shapes.PROMOTE,
    ),
    Endpoint(
        *("POST", "abort", "operator", calls.abort),
        '`{"service": "web"}`, or `{}`: all requests go back to the old version at once, and the revision '
        "has failed",
        {202: in_json(shapes.RELEASING)},
        body=shapes.ABORT,
    ),
    Endpoint(
        *("POST", "maintenance", "operator", calls.maintenance),
        '`{"on": true, "service": "web", "message": "back at noon", "allow": ["10.0.0.0/8"]}`: callers get '
        "503; without `service` the whole stack",
        CHANGED,
        parameters=CHANGING,
        body=shapes.MAINTENANCE,
        budget=LONG,
    ),
    Endpoint(
        *("POST", "shutdown", "admin", calls.shutdown),
        "leaf to root",
        CHANGED,
        parameters=CHANGING,
        body=shapes.NOTHING,
    ),
    Endpoint(
        *("GET", "tokens", "admin", calls.revoked),
        "which tokens of the tree are taken back and have not ended: `{before, ids}`; not through a parent",
        {200: in_json(ref("Revoked"))},
        below=False,
    ),
    Endpoint(
        *("POST", "tokens/revoke", "admin", calls.revoke),
        '`{"id": ID}`, or `{"all": true}` for every token that was made until now: it is taken back; at the '
        "root only",
        {200: in_json(ref("Revoked"))},
        body=shapes.REVOKE,
        below=False,
    ),
    Endpoint(
        *("POST", "register", identity.CHILD, calls.register),
        "a child says that it is alive",
        {200: in_json(shapes.one("Both.", parent=shapes.TEXT, name=shapes.TEXT))},
        body=shapes.REGISTER,
        below=False,
    ),
    Endpoint(
        *("GET", "health", PUBLIC, calls.health),
        "whether the controller answers; not through a parent",
        {200: in_json(shapes.one("It does.", status={"const": "ok"}))},
        below=False,
    ),
    Endpoint(
        *("GET", "openapi.json", "viewer", openapi),
        "this table as OpenAPI 3.1, with the shapes of all that goes in and out; not through a parent",
        {200: in_json(shapes.FREE)},
        below=False,
    ),
)


@lru_cache(maxsize=64)
def named(name: str) -> tuple[Endpoint, ...]:
    """The calls of a name, one a method."""
    return tuple(each for each in ENDPOINTS if each.pattern.fullmatch(name))
