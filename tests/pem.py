"""Certificates for tests: made on the spot, signed by themselves or by an authority of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def certificate(
    *hosts: str, start: datetime | None = None, days: float = 90, private: Any = None
) -> x509.Certificate:
    """One for these hosts, valid from ``start`` (yesterday, unless said) for so many days."""
    private = private or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    begin = start or datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(begin).not_valid_after(begin + timedelta(days=days))
    alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in hosts])
    return made.add_extension(alternatives, critical=False).sign(private, hashes.SHA256())


def text(*parts: Any, password: bytes = b"") -> bytes:
    """Certificates and private keys as PEM, in this order."""
    closing = BestAvailableEncryption(password) if password else NoEncryption()
    return b"".join(
        each.public_bytes(Encoding.PEM)
        if isinstance(each, x509.Certificate)
        else each.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, closing)
        for each in parts
    )


def pair(*hosts: str, **how: Any) -> bytes:
    """A certificate and its key in one file, as a secret holds them."""
    private = ec.generate_private_key(ec.SECP256R1())
    return text(certificate(*hosts, private=private, **how), private)
