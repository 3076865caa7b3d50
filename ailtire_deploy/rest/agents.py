"""The line of a stack's proxies: each says what it serves, and waits for what it shall serve instead.

Not below ``/_admin``, so no gateway leads here: only who stands on the family network and holds the proxy's
key is heard.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ailtire_deploy import certificates, identity, proxies, traffic
from ailtire_deploy.names import AGENTS
from ailtire_deploy.proxies import Offer
from ailtire_deploy.rest import bodies, guard
from ailtire_deploy.rest.messages import JSON, Answer, Request
from ailtire_deploy.rest.problems import HttpError
from ailtire_deploy.rest.protocol import Controller, Stop
from ailtire_deploy.rest.streams import Slots, Until
from ailtire_deploy.traffic import Traffic

WAITING = 24  # agents at once: each holds a thread
LONGEST = 30.0  # seconds
NOTHING_NEW = Answer(204, b"")


@dataclass(frozen=True, slots=True)
class Agents:
    """Answers agents, and nobody else."""

    controller: Controller
    stop: Stop
    slots: Slots = field(default_factory=lambda: Slots(WAITING))

    def asks(self, request: Request) -> bool:
        """Whether a request is one for here."""
        return request.path.startswith(f"{AGENTS}/")

    def answer(self, request: Request, now: float) -> Answer:
        """The files of a newer configuration, or 204. Raises Denied and HttpError."""
        service = request.path.removeprefix(f"{AGENTS}/")
        key = guard.agent(self.controller, request, service, now)
        if service not in proxies.PROXIES or request.method != "POST":
            raise HttpError(404, "there is nothing at this address")
        said = _said(bodies.read(request))
        release = self.slots.take()
        try:
            offer = self.controller.offered(service, **said, stop=Until(self.stop.is_set, request.gone))
        finally:
            release()
        return NOTHING_NEW if offer is None else _sealed(key, request, offer)


def _sealed(key: bytes, request: Request, offer: Offer) -> Answer:
    """For the agent that asked, with the very key with which it did."""
    said: dict[str, Any] = {"files": dict(offer.files)}
    if offer.certificates:
        nonce = os.urandom(certificates.NONCE)
        said["certificates"] = certificates.sealed(key, request.authorization, offer.certificates, nonce)
    body = json.dumps(said).encode()
    proof = identity.answer_proof(key, request.authorization, body)
    return Answer(200, body, JSON, {identity.ANSWER: proof})


def _said(found: Mapping[str, Any]) -> dict[str, Any]:
    """What an agent says. Raises HttpError 400."""
    said = {"agent": found.get("agent"), "live": found.get("live"), "refused": found.get("refused", {})}
    texts = isinstance(said["agent"], str) and isinstance(said["live"], str)
    wait = found.get("wait")
    if not texts or not isinstance(said["refused"], dict) or not isinstance(wait, int | float):
        raise HttpError(400, "an agent says agent, live, refused and wait")
    return {**said, "counted": _counted(found), "wait": min(max(0.0, float(wait)), LONGEST)}


def _counted(found: Mapping[str, Any]) -> Traffic:
    """What went through its proxy; agents of an older image say nothing of that. Raises HttpError 400."""
    try:
        return traffic.from_json(found.get("traffic", {}))
    except ValueError as error:
        raise HttpError(400, str(error)) from None
