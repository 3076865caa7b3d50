"""Certificates: which can serve, what is said of them, and how they travel."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ailtire_deploy.certificates import NONCE, examine, opened, sealed
from ailtire_deploy.errors import Denied
from tests import pem
from tests.pem import NOW, certificate

PRIVATE = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
SHORT = rsa.generate_private_key(65537, 1024)
LONG = rsa.generate_private_key(65537, 2048)
LEAF = certificate("shop.example", start=NOW, private=PRIVATE)
CHAIN = certificate("an authority", start=NOW)
WHOLE = pem.text(LEAF, CHAIN, PRIVATE)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (WHOLE, ""),
        (WHOLE.rstrip(), ""),
        (WHOLE.replace(b"\n", b"\r\n"), ""),
        (b"Subject: shop\n" + WHOLE, ""),
        (pem.text(PRIVATE, LEAF, CHAIN), ""),
        (pem.text(certificate("shop.example", private=LONG), LONG), ""),
        (pem.text(LEAF), "holds no private key"),
        (pem.text(PRIVATE), "holds no certificate"),
        (b"hunter2", "holds no certificate"),
        (WHOLE + pem.text(OTHER), "holds more than one private key"),
        (pem.text(LEAF, OTHER), "its private key is not that of its first certificate"),
        (pem.text(CHAIN, LEAF, PRIVATE), "its private key is not that of its first certificate"),
        (pem.text(LEAF, PRIVATE, password=b"x"), "has a password"),
        (pem.text(certificate("shop.example", private=SHORT), SHORT), "less than 2048 bits"),
        (WHOLE.replace(b"MII", b"AII", 1), "certificate that cannot be read"),
        (WHOLE[:-40] + b"\n-----END PRIVATE KEY-----\n", "private key that cannot be read"),
        (b"\xff\xfe" + WHOLE, "is no text"),
        (WHOLE + b"x" * 70_000, "larger than 64 KiB"),
    ],
)
def test_a_certificate_that_cannot_serve_is_told_by_its_reason(content: bytes, problem: str) -> None:
    found = examine(content, NOW.timestamp() + 1)
    assert problem in found.problem if problem else found.problem == ""


def test_no_message_shows_anything_of_a_key() -> None:
    lines = {line for line in pem.text(PRIVATE).decode().splitlines() if "-----" not in line}
    for content in (
        pem.text(CHAIN, PRIVATE),
        WHOLE + pem.text(OTHER),
        pem.text(LEAF, PRIVATE, password=b"x"),
    ):
        assert not [line for line in lines if line in examine(content, NOW.timestamp()).problem]


@pytest.mark.parametrize(
    ("days", "note"),
    [
        (-1, "is not valid before 2030-01-01 00:00 UTC"),
        (1, ""),
        (75, ""),
        (80, "expires on 2030-04-01"),
        (91, "has expired on 2030-04-01"),
    ],
)
def test_the_age_of_a_certificate_is_a_note_and_no_problem(days: float, note: str) -> None:
    found = examine(WHOLE, (NOW + timedelta(days=days)).timestamp())
    assert (found.problem, found.note) == ("", note)


def test_what_is_sealed_for_a_question_opens_for_that_question_alone() -> None:
    key, nonce = os.urandom(32), os.urandom(NONCE)
    closed = sealed(key, "the question", {"shop_cert": WHOLE.decode()}, nonce)
    assert "PRIVATE" not in closed
    assert opened(key, "the question", closed) == {"shop_cert": WHOLE.decode()}
    for wrong in (
        (os.urandom(32), "the question", closed),
        (key, "another", closed),
        (key, "the question", ""),
    ):
        with pytest.raises(Denied):
            opened(*wrong)
    for damaged in (closed[:-4], "!" + closed, closed[:40] + "AAAA" + closed[44:]):
        with pytest.raises(Denied):
            opened(key, "the question", damaged)
