"""Whether a PEM file can serve: a certificate, the chain behind it, and the key that belongs to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

LIMIT = 64 * 1024  # bytes of one file: an edge holds them in memory, two versions at once
SOON = 14 * 24 * 3600.0  # seconds
LEAST = 2048  # bits of an RSA key: OpenSSL serves no shorter one
_EDGE = re.compile(rb"-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----")
_KEY = b"PRIVATE KEY"


@dataclass(frozen=True, slots=True)
class Examined:
    """What is wrong with it, and what has to be said of it although it can serve."""

    problem: str = ""
    note: str = ""


def examine(pem: bytes, now: float) -> Examined:
    """Look at a certificate as of ``now`` (seconds since 1970). That one has expired is only a note."""
    if len(pem) > LIMIT:
        return Examined(f"larger than {LIMIT // 1024} KiB")
    if not _is_text(pem):
        return Examined("is no text: it takes a chain and its private key as PEM, in one file")
    blocks = list(_blocks(pem))
    chain = [text for kind, text in blocks if kind == b"CERTIFICATE"]
    keys = [text for kind, text in blocks if kind.endswith(_KEY)]
    if not chain:
        return Examined("holds no certificate: it takes a chain and its private key as PEM, in one file")
    if len(keys) != 1:
        return Examined("holds no private key" if not keys else "holds more than one private key")
    return _examined(chain, keys[0], now)


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def _blocks(pem: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What stands in a PEM file: kind and text of each block, without what is between them."""
    edges = list(_EDGE.finditer(pem))
    for first, last in pairwise(edges):
        if (first[1], last[1]) == (b"BEGIN", b"END") and first[2] == last[2]:
            yield first[2], pem[first.start() : last.end()]


def _examined(chain: Sequence[bytes], key: bytes, now: float) -> Examined:
    from cryptography import x509

    try:
        leaf, *_ = [x509.load_pem_x509_certificate(each) for each in chain]
    except ValueError:
        return Examined("holds a certificate that cannot be read")
    problem = _key_problem(leaf, key)
    return Examined(problem) if problem else Examined(note=_age(leaf, now))


def _key_problem(leaf: Certificate, key: bytes) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(key, None)
    except TypeError:
        return "its private key has a password: store it without one"
    except (ValueError, UnsupportedAlgorithm):
        return "holds a private key that cannot be read"
    if _plain(private.public_key()) != _plain(leaf.public_key()):
        return "its private key is not that of its first certificate"
    short = isinstance(private, RSAPrivateKey) and private.key_size < LEAST
    return f"its RSA key has less than {LEAST} bits" if short else ""


def _plain(public: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    found: bytes = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return found


def _age(leaf: Certificate, now: float) -> str:
    ends, begins = leaf.not_valid_after_utc, leaf.not_valid_before_utc
    if ends.timestamp() <= now:
        return f"has expired on {ends:%Y-%m-%d}"
    if begins.timestamp() > now:
        return f"is not valid before {begins:%Y-%m-%d %H:%M} UTC"
    if ends.timestamp() - now < SOON:
        return f"expires on {ends:%Y-%m-%d}"
    return ""
