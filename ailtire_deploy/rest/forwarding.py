"""Calls for a child: checked here, made again with a signature of our own, and the answer passed on.

No token goes down, and of what comes up only status, body and an address beside its own.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from ailtire_deploy.ports import Reply
from ailtire_deploy.rest import bodies, exposition, parameters, streams
from ailtire_deploy.rest.calls import Call, log_type
from ailtire_deploy.rest.endpoints import NUMBER, Endpoint
from ailtire_deploy.rest.messages import JSON, Answer, json_answer
from ailtire_deploy.rest.problems import PROBLEM_JSON, HttpError, unauthorised
from ailtire_deploy.rest.streams import Stream

BELOW = f"[a-z]+(?:/{NUMBER})?"  # an address beside the one that was asked: it can lead nowhere else


def forward(call: Call, endpoint: Endpoint) -> Answer:
    """The child's answer to the same call. Raises HttpError, and Unreachable when there is none."""
    if endpoint.method == "POST":
        bodies.read(call.request)  # what cannot be read goes no further
    if endpoint.streams or exposition.KIND in endpoint.gives.get(200, ()):
        return _stream(call, endpoint)
    return _answer(call, _reply(call, endpoint))


def _reply(call: Call, endpoint: Endpoint) -> Reply:
    grant = call.caller.grant_for(call.controller.path / call.place.child)
    handed_down = {"budget": call.budget * 0.8} if "budget" in endpoint.parameters else {}
    query = parameters.write({**call.parameters, **handed_down})
    body = call.request.body()
    return call.controller.forward(
        call.place.child, endpoint.method, call.place.subpath, query, body, grant, call.budget
    )


def _answer(call: Call, reply: Reply) -> Answer:
    if reply.status == 401:
        return _disowned(call)
    if (
        reply.content_type not in (JSON, PROBLEM_JSON)
        or reply.status not in list(HTTPStatus)
        or reply.status < 200
    ):
        streams.close(reply.body)
        raise HttpError(502, f"{call.place.child} answered with something unforeseen")
    headers = {"Location": reply.location} if re.fullmatch(BELOW, reply.location, re.A) else {}
    found = json_answer(reply.body, reply.status, **headers)
    return Answer(found.status, found.body, reply.content_type, found.headers)


def _disowned(call: Call) -> Answer:
    """A child that refuses its own key is a fault, unless it had to judge a token for something below it."""
    if not call.place.exact:
        return unauthorised()
    raise HttpError(502, f"{call.place.child} does not accept the key it should have")


def _stream(call: Call, endpoint: Endpoint) -> Answer:
    if call.request.method == "HEAD":
        return Answer(200, b"", _kind(call, endpoint))
    release = call.slots.take()
    try:
        reply = _reply(call, endpoint)
    except BaseException:
        release()
        raise
    if reply.content_type in (JSON, PROBLEM_JSON):
        release()
        return _answer(call, reply)
    chunks = iter(reply.body) if call.parameters.get("raw") else streams.harmless(iter(reply.body))
    kind = _kind(call, endpoint)
    return Answer(reply.status, Stream(chunks, release, lambda: streams.close(reply.body)), kind)


def _kind(call: Call, endpoint: Endpoint) -> str:
    """The content type of a stream: of two that it may have, the one asked for."""
    return log_type(call.parameters) if "format" in endpoint.parameters else next(iter(endpoint.gives[200]))
