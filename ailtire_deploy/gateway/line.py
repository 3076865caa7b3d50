"""The agent's line to its controller: it says what is live and gets what shall be, as soon as that is new.

Both directions are sealed with a key that only this proxy and its controller have. What comes back was made
for this very question: an old answer does not fit a new one.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy import certificates, identity
from ailtire_deploy.errors import Denied, Unreachable
from ailtire_deploy.names import AGENTS
from ailtire_deploy.proxies import Offer

CONNECT = 3.0  # seconds
LIMIT = 4 * 1024 * 1024  # bytes of an answer


@dataclass(frozen=True, slots=True)
class Line:
    """``address`` is host and port of the controller, ``service`` what this proxy is called there."""

    address: str
    service: str
    key: bytes

    def ask(self, said: Mapping[str, Any], wait: float) -> Offer | None:
        """Say how things are; a newer configuration, or None when there was none for ``wait`` seconds.

        Raises Unreachable, and Denied for an answer that is not our controller's.
        """
        body = json.dumps({**said, "wait": wait}).encode()
        target = f"{AGENTS}/{self.service}"
        proof = identity.sign(self.key, "POST", target, identity.digest(body), identity.AGENT, time.time())
        try:
            status, seal, answer = self._post(target, body, proof, wait)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.address}: {error or type(error).__name__}") from None
        if status == 204:
            return None
        if status != 200:
            raise Denied(f"{self.address} answers {status}")
        identity.check_answer(self.key, proof, answer, seal)
        told = json.loads(answer)
        files = {str(name): str(text) for name, text in told["files"].items()}
        closed = told.get("certificates")
        return Offer(files, certificates.opened(self.key, proof, closed) if closed else {})

    def _post(self, target: str, body: bytes, proof: str, wait: float) -> tuple[int, str, bytes]:
        host, _, port = self.address.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=CONNECT)
        try:
            connection.connect()
            connection.sock.settimeout(wait + CONNECT)
            headers = {"Authorization": proof, "Content-Type": "application/json"}
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get(identity.ANSWER, ""), answer.read(LIMIT)
        finally:
            connection.close()
