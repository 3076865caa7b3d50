"""Certificates on their way from a controller to the agent of an edge, sealed for it and for what it asked.

AES-256-GCM under a key derived from the one that the two share. The question is authenticated with it, so
that an older answer opens nowhere else. The nonce is an argument: chance is the caller's business.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from ailtire_deploy import identity
from ailtire_deploy.errors import Denied

NONCE = 12  # bytes


def sealed(key: bytes, asked: str, certificates: Mapping[str, str], nonce: bytes) -> str:
    """Certificates by name, for whoever holds the agent's ``key`` and asked so (its ``Authorization``)."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    plain = json.dumps(dict(certificates)).encode()
    closed = AESGCM(identity.certificates_key(key)).encrypt(nonce, plain, asked.encode())
    return base64.b64encode(nonce + closed).decode()


def opened(key: bytes, asked: str, text: str) -> dict[str, str]:
    """The certificates again. Raises Denied for what was not sealed with this key for this question."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        closed = base64.b64decode(text, validate=True)
        plain = AESGCM(identity.certificates_key(key)).decrypt(closed[:NONCE], closed[NONCE:], asked.encode())
    except (InvalidTag, ValueError):
        raise Denied("the certificates were not sealed with this key for this call") from None
    return {str(name): str(pem) for name, pem in json.loads(plain).items()}
