"""Who may call: derived keys, bearer tokens, signed calls, and the names and values of secrets.

Keys run downwards only: a stack's key makes those of the stacks below it, never the other way round. Four
things are authenticated with them, by HMAC-SHA256 over texts that cannot be mistaken for one another:

* a **token**, which a person carries: ``base64url(JSON {sub, role, path, exp, kid, id, iat}) "."
  base64url(HMAC)``, made with the key of the stack at ``path`` and good for that stack and everything below
  it;
* a **signed call**, which one controller makes to another: bound to method, path with query, body, grant and
  time, and good for 30 seconds;
* an **answer to an agent**, which bears the proof that it was made for the agent's very question;
* a **kid**, which names a key without showing anything of it.

Time is always an argument. Whatever is wrong raises ``Denied``; the words are for a log, never for the
caller.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ailtire_deploy.errors import Denied
from ailtire_deploy.names import StackPath

ROLES = ("viewer", "operator", "admin")  # each may do what those before it may
CHILD = "child"  # the role of a registration: it allows nothing else
AGENT = "agent"  # the role of a proxy that asks for its configuration: it allows nothing else
ANSWER = "Ailtire-Answer"  # the header with the proof of an answer to an agent
TOKEN_LIMIT = 1024
CALL_SECONDS = 30
_CLAIMS = {"sub", "role", "path", "exp", "kid"}
_NAMED = {"id", "iat"}  # of a token that can be taken back by its id; older ones have neither
_ALPHABET = string.ascii_letters + string.digits
_EVEN = 248  # four times 62: below it no letter is likelier than another


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who proved a role, good for ``path`` and everything below it."""

    sub: str
    role: str
    path: StackPath

    def may(self, role: str) -> bool:
        """Whether this caller's role is at least ``role``."""
        return role == self.role or (
            {role, self.role} <= set(ROLES) and ROLES.index(self.role) >= ROLES.index(role)
        )

    def grant_for(self, child: StackPath) -> str:
        """What a signed call to ``child`` carries: the role, and its limit to a deeper stack, if any."""
        return self.role if self.path.covers(child) else f"{self.role} {self.path}"


def derive(key: bytes, child_key: str) -> bytes:
    """The key of the child that a stack calls ``child_key``."""
    return _mac(key, "ailtire child 1", child_key)


def agent_key(key: bytes, service: str) -> bytes:
    """The key that a stack's proxy (``gateway`` or ``edge``) shares with its controller."""
    return _mac(key, "ailtire agent 1", service)


def certificates_key(agent: bytes) -> bytes:
    """The key under which certificates travel to the agent that holds ``agent``."""
    return _mac(agent, "ailtire certificates 1")


def child_key_for(own_key: bytes, own_path: StackPath, path: StackPath) -> bytes:
    """The key of the stack at ``path``: ``own_path`` or one below it. Raises Denied for any other."""
    if not own_path or not own_path.covers(path):
        raise Denied(f"{path} is not below {own_path}")
    key = own_key
    for part in path.parts[len(own_path.parts) :]:
        key = derive(key, part)
    return key


@lru_cache(maxsize=64)
def key_id(key: bytes) -> str:
    """A short name of a key, to tell a token of an older key from a forged one."""
    return _mac(key, "ailtire kid 1").hex()[:8]


def issue(key: bytes, path: StackPath, sub: str, role: str, exp: int, id: str = "", issued: int = 0) -> str:
    """A token for ``sub``, good until ``exp`` (seconds since 1970); with an ``id`` it says when it was made.

    Raises ValueError for what no verifier would accept.
    """
    if role not in ROLES or not path or not _is_subject(sub):
        raise ValueError(f"no token for {sub!r} as {role!r} on {path}")
    claims: dict[str, Any] = {"sub": sub, "role": role, "path": str(path), "exp": exp, "kid": key_id(key)}
    claims |= {"id": id, "iat": issued} if id else {}
    payload = _encode(json.dumps(claims, separators=(",", ":"), sort_keys=True).encode())
    token = f"{payload}.{_encode(_seal(key, payload))}"
    if len(token) > TOKEN_LIMIT:
        raise ValueError(f"a token for {path} would be longer than {TOKEN_LIMIT} characters")
    return token


def authenticate(token: str, own_path: StackPath, own_key: bytes, now: float) -> Caller:
    """Who carries ``token``, made with the key of ``own_path`` or of a stack below it. Raises Denied."""
    payload, seal = _split(token)
    claims = _claims(payload)
    path = _path(claims["path"])
    key = child_key_for(own_key, own_path, path)
    if not hmac.compare_digest(_seal(key, payload), seal):
        raise Denied("the token was not made with this key")
    _check_claims(claims, key, now)
    return Caller(claims["sub"], claims["role"], path)


def verify(token: str, own_path: StackPath, own_key: bytes, target_path: StackPath, now: float) -> Caller:
    """Who carries ``token``, if it is good for ``target_path``, in whatever role. Raises Denied."""
    caller = authenticate(token, own_path, own_key, now)
    if not caller.path.covers(target_path):
        raise Denied(f"a token for {caller.path} is not good for {target_path}")
    return caller


def claims(token: str) -> Mapping[str, Any]:
    """What a token says of itself, whoever made it. Raises Denied for what is no token."""
    return _claims(_split(token)[0])


def role_of(token: str) -> str:
    """The role that a token says it has, "" for what cannot be read; it proves nothing."""
    try:
        return str(claims(token)["role"])
    except Denied:
        return ""


def digest(body: bytes) -> str:
    """The digest of a request's body that a signed call is bound to."""
    return hashlib.sha256(body).hexdigest()


def sign(key: bytes, method: str, path: str, body_digest: str, role: str, now: float) -> str:
    """The ``Authorization`` header of a call; ``path`` with its query, as the receiver sees it.

    ``role`` is a grant: a role, or ``ROLE PATH`` when it is good only for a stack below the receiver.
    """
    moment = str(int(now * 1000))
    seal = _mac(key, "ailtire call 1", method, path, body_digest, role, moment)
    return f"Ailtire {moment}:{role.replace(' ', ':')}:{_encode(seal)}"


def verify_call(
    header: str, key: bytes, own_path: StackPath, method: str, path: str, body_digest: str, now: float
) -> Caller:
    """Who signed a call with ``key``, the key of ``own_path``. Raises Denied."""
    found = re.fullmatch(
        r"Ailtire ([0-9]{1,15}):([a-z]{1,16})(?::([a-z0-9/-]{1,512}))?:([\w-]{43})", header, re.A
    )
    if not found:
        raise Denied("the call is not signed in a way known here")
    moment, role, scope, seal = found.groups()
    grant = f"{role} {scope}" if scope else role
    if not hmac.compare_digest(
        _mac(key, "ailtire call 1", method, path, body_digest, grant, moment), _decode(seal)
    ):
        raise Denied("the call was not signed with this key")
    if abs(now - int(moment) / 1000) > CALL_SECONDS:
        raise Denied(f"the call was signed more than {CALL_SECONDS} seconds ago, or the clocks differ")
    limit = _path(scope) if scope else own_path
    if role not in (*ROLES, CHILD, AGENT) or not own_path.covers(limit):
        raise Denied("the call grants what its signer has not")
    return Caller("parent", role, limit)


def answer_proof(key: bytes, asked: str, body: bytes) -> str:
    """The proof that ``body`` answers the signed call whose ``Authorization`` was ``asked``."""
    return _mac(key, "ailtire answer 1", asked, digest(body)).hex()


def check_answer(key: bytes, asked: str, body: bytes, proof: str) -> None:
    """Raises Denied for an answer of anybody else, or to another call."""
    if not hmac.compare_digest(answer_proof(key, asked, body).encode(), proof.encode()):
        raise Denied("the answer was not made with this key for this call")


def mark(key: bytes, *texts: str) -> str:
    """A short keyed hash: equal texts have equal marks, and without the key a mark tells nothing of them."""
    return _mac(key, "ailtire mark 1", *texts).hex()[:32]


def fingerprint(salt: bytes, value: bytes) -> str:
    """Twelve hex digits that change with a secret's value and tell nothing of it without the salt."""
    return hmac.new(salt, value, hashlib.sha256).hexdigest()[:12]


def generate(seed: bytes, path: StackPath, key: str, generation: int = 1, length: int = 32) -> str:
    """A secret's value of letters and digits, the same for everyone who has the seed."""
    value, block = "", 0
    while len(value) < length:
        stream = _mac(seed, "ailtire secret 1", str(path), key, str(generation), str(length), str(block))
        value += "".join(_ALPHABET[byte % 62] for byte in stream if byte < _EVEN)
        block += 1
    return value[:length]


def _mac(key: bytes, *texts: str) -> bytes:
    return hmac.new(key, json.dumps(texts).encode(), hashlib.sha256).digest()


def _seal(key: bytes, payload: str) -> bytes:
    return hmac.new(key, payload.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Only the one canonical spelling: two texts never mean the same token."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise Denied("not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Denied("not base64url") from None
    if _encode(data) != text:
        raise Denied("not canonical base64url")
    return data


def _split(token: str) -> tuple[str, bytes]:
    payload, dot, seal = token.partition(".")
    if len(token) > TOKEN_LIMIT or not dot:
        raise Denied("not a token")
    return payload, _decode(seal)


@lru_cache(maxsize=256)  # who asks, asks again
def _claims(payload: str) -> Mapping[str, Any]:
    try:
        claims = json.loads(_decode(payload))
    except (ValueError, RecursionError):
        raise Denied("the token's claims cannot be read") from None
    if not isinstance(claims, dict) or set(claims) not in (_CLAIMS, _CLAIMS | _NAMED):
        raise Denied("the token's claims are not the known ones")
    return MappingProxyType(claims)


def _check_claims(claims: Mapping[str, Any], key: bytes, now: float) -> None:
    if claims["role"] not in ROLES or not _is_subject(claims["sub"]) or claims["kid"] != key_id(key):
        raise Denied("the token's claims are not the known ones")
    if type(claims.get("iat", 0)) is not int or not _is_subject(claims.get("id", "none")):
        raise Denied("the token's claims are not the known ones")
    if type(claims["exp"]) is not int or claims["exp"] <= now:
        raise Denied("the token has expired")


def _is_subject(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 128 and value.isprintable()


def _path(text: Any) -> StackPath:
    try:
        return StackPath.parse(text if isinstance(text, str) else "")
    except ValueError:
        raise Denied("not a path") from None
