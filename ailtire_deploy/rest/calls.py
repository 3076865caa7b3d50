"""What each call does with a request that was let in. ``endpoints`` has the table of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from ailtire_deploy import explanation, idempotency
from ailtire_deploy import metrics as metric
from ailtire_deploy.documents import canonical
from ailtire_deploy.errors import Refused
from ailtire_deploy.idempotency import Once
from ailtire_deploy.identity import Caller
from ailtire_deploy.log_lines import Asked
from ailtire_deploy.releases import stages
from ailtire_deploy.rest import bodies, exposition, streams, view
from ailtire_deploy.rest.messages import Again, Answer, Request, json_answer
from ailtire_deploy.rest.places import Place
from ailtire_deploy.rest.problems import HttpError
from ailtire_deploy.rest.protocol import Accepted, Controller, Stop
from ailtire_deploy.rest.streams import Slots, Stream, Until
from ailtire_deploy.status import Status

ALLOWING = ("allow_prune", "allow_interruption")  # what a change does only when it is asked to


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in, with its parameters read."""

    controller: Controller
    request: Request
    place: Place
    caller: Caller
    parameters: Mapping[str, Any]
    slots: Slots
    stop: Stop
    budget: float
    again: Again = field(default_factory=Again)


def update(call: Call) -> Answer:
    """202 with the revision, its plan and its address; a check is 200.

    Values of secrets need an admin, and so does another definition: whoever says what runs in a stack reads
    its secrets, and opens ways out of it.
    """
    wish = bodies.update(bodies.read(call.request), call.parameters.get("replace", False))
    if "secrets" in wish and not call.caller.may("admin"):
        raise HttpError(403, "values of secrets need the role admin")
    if "definition" in wish and not call.caller.may("admin"):
        wish["same_definition"] = True
    wish |= dict.fromkeys(allowed(call), True)
    return accepted(call, call.controller.update(wish, call.caller.sub, is_check(call), once(call)))


def rollback(call: Call) -> Answer:
    """As an update; the body may name a ``revision`` by its number."""
    number = bodies.rollback(bodies.read(call.request))
    found = call.controller.rollback(number, call.caller.sub, is_check(call), once(call), allowed(call))
    return accepted(call, found)


def allowed(call: Call) -> frozenset[str]:
    """What the caller allows a change to bring about."""
    return frozenset(word for word in ALLOWING if call.parameters.get(word))


def maintenance(call: Call) -> Answer:
    """As an update; where it is so already no revision is made, and the newest one is named."""
    wish = bodies.maintenance(bodies.read(call.request))
    return accepted(call, call.controller.maintenance(wish, call.caller.sub, is_check(call), once(call)))


def shutdown(call: Call) -> Answer:
    """As an update; asking again is no error."""
    bodies.nothing(bodies.read(call.request))
    return accepted(call, call.controller.shutdown(call.caller.sub, is_check(call), once(call)))


def is_check(call: Call) -> bool:
    return bool(call.parameters.get("check"))


def once(call: Call) -> Once | None:
    """The request's idempotency key, with all that makes the request what it is."""
    key = call.parameters.get("idempotency_key")
    if key is None:
        return None
    told = {name: value for name, value in call.parameters.items() if name != "idempotency_key"}
    body = canonical(bodies.read(call.request))
    return idempotency.once(call.controller.key, key, call.place.name, canonical(told), body)


def accepted(call: Call, found: Accepted) -> Answer:
    """The plan of a check; else 202 with the revision and its address, relative to hold behind any prefix."""
    if is_check(call):
        return json_answer({"plan": found.plan})
    number = re.search(r"(?<![0-9])([1-9][0-9]*)$", found.revision)
    where = {"Location": f"history/{number[1]}"} if number else {}
    again = {"Idempotent-Replayed": "true"} if found.again else {}
    return json_answer({"revision": found.revision, "plan": found.plan}, 202, **where, **again)


def plan(call: Call) -> Answer:
    return json_answer(call.controller.plan())


def promote(call: Call) -> Answer:
    """202 with the services whose releases go on."""
    service, fully = bodies.promotion(bodies.read(call.request))
    return _release(call, service, stages.FULLY if fully else stages.PROMOTE)


def abort(call: Call) -> Answer:
    """202 with the services whose releases end."""
    return _release(call, bodies.service(bodies.read(call.request)), stages.ABORT)


def _release(call: Call, service: str, what: str) -> Answer:
    return json_answer(call.controller.release(service, what, call.caller.sub), 202)


def status(call: Call) -> Answer:
    """The tree; with ``explain`` only what in it is not well."""
    found = call.controller.status(call.budget)
    if not call.parameters.get("explain"):
        return call.again.answer(found)
    return json_answer(explanation.explained(cast("Status", found), call.controller.deadlines()))


def metrics(call: Call) -> Answer:
    """In Prometheus' text format."""
    numbers = (*call.controller.metrics(), metric.streams(call.slots.taken))
    found = exposition.text(str(call.controller.path), numbers)
    return Answer(200, found, exposition.KIND)


def register(call: Call) -> Answer:
    """Only for the child that signed it, under its own name."""
    name, url = bodies.registration(bodies.read(call.request))
    if name != str(call.caller.path):
        raise Refused(f"this key is that of {call.caller.path} and registers nobody else")
    return json_answer(call.controller.register(call.caller.path.key, url))


def topology(call: Call) -> Answer:
    return json_answer(call.controller.topology())


def matrix(call: Call) -> Answer:
    return json_answer(call.controller.matrix())


def verify(call: Call) -> Answer:
    """202 with the address where the look can be followed."""
    patience, keep = bodies.verification(bodies.read(call.request))
    return json_answer(call.controller.verify(patience, keep=keep), 202, Location="verify")


def verified(call: Call) -> Answer:
    return json_answer(call.controller.verified())


def revoke(call: Call) -> Answer:
    return json_answer(call.controller.take_back(bodies.revocation(bodies.read(call.request))))


def revoked(call: Call) -> Answer:
    return json_answer(call.controller.taken_back())


def page(call: Call) -> Answer:
    return view.shell(call.controller.origins())


def page_file(call: Call) -> Answer:
    return view.file(call.place.name.rpartition("/")[2])


def log(call: Call) -> Answer:
    """Text or JSON lines, as they are asked for by ``format`` or else by the Accept header."""
    asked = call.parameters
    kind = log_type(asked)
    if call.request.method == "HEAD":
        return Answer(200, b"", kind)
    text = streams.as_raw_text if asked.get("raw") else streams.as_text
    release = call.slots.take()
    try:
        lines = call.controller.log(_asked(asked), Until(call.stop.is_set, call.request.gone))
        encode = streams.as_json if kind == streams.LINES else text
        chunks = (streams.live if asked.get("follow") else streams.encoded)(lines, encode)
    except BaseException:
        release()
        raise
    return Answer(200, Stream(chunks, release, lambda: streams.close(lines)), kind)


def _asked(found: Mapping[str, Any]) -> Asked:
    """Of one service alone nothing below is meant."""
    named = {each.name: found[each.name] for each in fields(Asked) if each.name in found}
    return Asked(**{"recursive": "service" not in found} | named)


def log_type(parameters: Mapping[str, Any]) -> str:
    return streams.LINES if parameters.get("format") == "json" else streams.TEXT


def health(call: Call) -> Answer:
    return json_answer({"status": "ok"})


def history(call: Call) -> Answer:
    return json_answer(call.controller.history())


def revision(call: Call) -> Answer:
    return json_answer(call.controller.revision(int(call.place.name.rpartition("/")[2])))


def difference(call: Call) -> Answer:
    number = int(call.place.name.split("/")[1])
    return json_answer(call.controller.difference(number, call.parameters.get("against")))


def events(call: Call) -> Answer:
    """Server-sent events, with a sign of life every second."""
    if call.request.method == "HEAD":
        return Answer(200, b"", streams.EVENTS)
    release = call.slots.take()
    try:
        found = call.controller.events(
            call.parameters.get("last_event_id", ""), Until(call.stop.is_set, call.request.gone)
        )
        chunks = streams.sent(found)
    except BaseException:
        release()
        raise
    return Answer(200, Stream(chunks, release, lambda: streams.close(found)), streams.EVENTS)
