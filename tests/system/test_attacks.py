"""Attacks on a living tree: forged proofs, tricky addresses, smuggling, hostile definitions and output.

The tests share one deployment: `fort` with a service that answers, one that writes what nobody should obey,
and a child `keep`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import identity
from ailtire_deploy.keyring import Keyring, default_path
from ailtire_deploy.names import StackPath
from tests.swarm import Swarm, eventually
from tests.system.looking import probe
from tests.system.small import cleaned, service, write

PORT = 8098
FORT, KEEP = StackPath(("fort",)), StackPath(("fort", "keep"))
HOSTILE = (
    b"\x1b[31mred \x1b]0;title\x07 \x9b5m \xc2\x9b5m \xff \x08 \x00 \xe2\x80\xaetxt.exe"
    b" <script>alert(1)</script><img src=x onerror=alert(2)> </td></table> &lt; \"'\n"
)
SAYS = f"import sys, time; sys.stdout.buffer.write({HOSTILE!r}); sys.stdout.flush(); time.sleep(9999)"
# What a terminal obeys, or what makes a text look like another.
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Fort:
    """The deployed tree, and its root's key as whoever applied it has it."""

    swarm: Swarm
    key: bytes
    file: Path

    def ask(self, method: str, path: str, authorization: str = "", **rest: Any) -> Any:
        headers = {"Authorization": authorization} if authorization else {}
        return self.swarm.http(method, path, port=PORT, headers=headers, **rest)

    def raw(self, data: str, seconds: float = 3.0) -> bytes:
        """What comes back for bytes sent as they are, until the other side closes or says no more."""
        found = b""
        with socket.create_connection((self.swarm.address, PORT), seconds) as connection:
            connection.settimeout(seconds)
            connection.sendall(data.encode("latin-1"))
            try:
                while piece := connection.recv(65536):
                    found += piece
            except OSError:
                pass
        return found

    def things(self) -> dict[str, tuple[str, int]]:
        """All that the swarm holds of the tree, with versions."""
        return {name: found for name, found in self.swarm.dump().items() if " fort" in name}

    def bearer(self, role: str = "admin", path: StackPath = FORT) -> str:
        key = identity.child_key_for(self.key, FORT, path)
        return f"Bearer {identity.issue(key, path, 'mallory', role, int(time.time()) + 600)}"


@pytest.fixture(scope="module")
def fort(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fort]:
    """The tree, applied."""
    keep = {"services": {"tower": service()}}
    loud = {"image": "ailtire-demo/echo", "command": ["python3", "-c", SAYS]}
    child = {"type": "stack", "definition": keep, "interface": {"/keep": {"path": "/"}}}
    services = {"wall": service(), "loud": loud, "keep": child}
    file = write(tmp_path_factory.mktemp("fort"), "fort", services, PORT)
    with cleaned(swarm, "fort"):
        swarm.cli("apply", file, code=0)
        cluster = swarm.docker("info", "--format", "{{.Swarm.Cluster.ID}}").strip()
        home = {"XDG_CONFIG_HOME": swarm.environment["XDG_CONFIG_HOME"]}
        keys = Keyring(default_path(home)).get(cluster, "fort")
        assert keys
        yield Fort(swarm, keys.key, file)


def test_only_the_edge_listens_outside(fort: Fort) -> None:
    services = fort.swarm.objects("service")
    published = {
        name: [port["PublishedPort"] for port in found["Endpoint"].get("Ports") or []]
        for name, found in services.items()
        if name.startswith("fort_")
    }
    assert {name: ports for name, ports in published.items() if ports} == {"fort_edge": [PORT]}


def forged(key: bytes, **changed: Any) -> str:
    """A token with the right seal and claims of one's own choice; None leaves one out."""
    claims = {
        "sub": "mallory",
        "role": "admin",
        "path": "fort",
        "exp": int(time.time()) + 600,
        "kid": identity.key_id(key),
    }
    kept = {name: value for name, value in {**claims, **changed}.items() if value is not None}
    payload = base64.urlsafe_b64encode(json.dumps(kept).encode()).rstrip(b"=")
    seal = base64.urlsafe_b64encode(hmac.new(key, payload, hashlib.sha256).digest()).rstrip(b"=")
    return f"Bearer {(payload + b'.' + seal).decode()}"


def test_a_token_that_is_not_quite_right_is_no_token(fort: Fort) -> None:
    child = identity.derive(fort.key, "keep")
    good = forged(fort.key)
    wrong = {
        "of the child": fort.bearer(path=KEEP),
        "made with the child's key": forged(child),
        "with the child's key and the root's kid": forged(child, kid=identity.key_id(fort.key)),
        "of a key of no importance": forged(b"x" * 32),
        "expired": forged(fort.key, exp=int(time.time()) - 1),
        "for ever": forged(fort.key, exp=float("inf")),
        "with a role of its own": forged(fort.key, role="root"),
        "of a registration": forged(fort.key, role="child"),
        "without kid": forged(fort.key, kid=None),
        "with another kid": forged(fort.key, kid="00000000"),
        "with one claim more": forged(fort.key, alg="none"),
        "for the command line": forged(fort.key, path="-"),
        "for another root": forged(fort.key, path="castle"),
        "for the child with the root's key": forged(fort.key, path="fort/keep"),
        "without seal": good.partition(".")[0] + ".",
        "cut": good[:-1],
        "with something behind": good + ".x",
    }
    assert fort.ask("GET", "/_admin/history", good).status_code == 200
    answers = {name: fort.ask("GET", "/_admin/history", each).status_code for name, each in wrong.items()}
    assert set(answers.values()) == {401}, answers


def test_a_signed_call_opens_nothing_but_itself(fort: Fort) -> None:
    now, path = time.time(), "/_admin/log?tail=1"

    def signed(key: bytes = fort.key, role: str = "viewer", at: float = now) -> str:
        return identity.sign(key, "GET", path, identity.digest(b""), role, at)

    assert fort.ask("GET", path, signed()).status_code == 200
    refused = [
        fort.ask("GET", "/_admin/log?tail=2", signed()),
        fort.ask("GET", "/_admin/status", signed()),
        fort.ask("HEAD", path, signed()),
        fort.ask("GET", path, signed(at=now - 31)),
        fort.ask("GET", path, signed(at=now + 31)),
        fort.ask("GET", path, signed(key=identity.derive(fort.key, "keep"))),
        fort.ask("GET", path, signed(role="child")),
        fort.ask("GET", path, signed(role="viewer castle")),
        fort.ask("GET", path, signed().replace("viewer", "admin")),
    ]
    assert [each.status_code for each in refused] == [401] * len(refused)


def test_a_child_registers_as_itself_and_as_nobody_else(fort: Fort) -> None:
    child, own = identity.derive(fort.key, "keep"), "http://fort_keep_admin:3000"

    def register(name: str, url: str, key: bytes = child, role: str = "child") -> int:
        body = json.dumps({"name": name, "url": url}).encode()
        call = identity.sign(key, "POST", "/_admin/register", identity.digest(body), role, time.time())
        headers = {"Authorization": call, "Content-Type": "application/json"}
        answer = fort.swarm.http("POST", "/_admin/register", port=PORT, headers=headers, data=body)
        return int(answer.status_code)

    assert register("fort/keep", own) == 200
    foreign = ("http://198.18.0.1:1/", "file:///etc/passwd", f"{own}#", own.upper(), f"{own}/")
    assert {register("fort/keep", url) for url in foreign} == {403}
    assert {register(name, own) for name in ("fort", "fort/keep/tower", "castle/keep", "-", "")} == {403}
    assert register("fort/keep", own, role="viewer") == 401
    assert register("fort", own, key=fort.key) == 401
    assert register("fort/keep", own, key=identity.derive(child, "keep")) == 401
    body = {"name": "fort/keep", "url": own}
    assert fort.ask("POST", "/_admin/register", fort.bearer(), json=body).status_code == 403


TRICKS = (
    "/_down/keep/status", "/%5fdown/keep/status", "/_down%2fkeep/status", "//_down/keep/status",
    "/keep/_down/x", "/x/_down", "/_down", "/_down?/", "/_down;/keep/status", "/_DOWN/keep/status",
    "/_admin/../_down/keep/status", "/_admin/%2e%2E/_down/keep/status", "/a/..%2f_down/keep/status",
    "/_down\\keep", "/%5c_down%5ckeep", "/_down%00/keep", "http://fort/_down/keep/status",
    "fort/_down/keep/status", "*", "//_admin/status", "/%5fadmin/status", "/_admin%2fstatus",
    "/_ADMIN/status", "/_admin;/status", "/keep/%5fadmin/status", "fort/_admin/status", "/#/_admin/status",
    "/_admin/status#",
)  # fmt: skip


def test_no_spelling_of_an_address_leads_to_a_controller_by_another_way(fort: Fort) -> None:
    """Such a request is refused, unknown, or a matter of the application; never one of a controller."""
    for path in TRICKS:
        for host in ("fort", "keep", "fort_admin:3000"):
            proof = f"Authorization: {fort.bearer()}"
            told = fort.raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{proof}\r\nConnection: close\r\n\r\n")
            head, _, body = told.partition(b"\r\n\r\n")
            code = head[9:12]
            by_application = code == b"200" and b'"hostname"' in body
            assert by_application or code in (b"400", b"404"), (path, told)
            assert b"problem+json" not in head, (path, told)
            assert not (by_application and b"_down/" in body), (path, told)


def test_two_readings_of_one_request_are_none(fort: Fort) -> None:
    head = f"POST /_admin/update?check=true HTTP/1.1\r\nHost: fort\r\nAuthorization: {fort.bearer()}\r\n"
    hidden = "GET /_admin/health HTTP/1.1\r\nHost: fort\r\n\r\n"
    kind = "Content-Type: application/json\r\n"
    for lengths in (
        "Content-Length: 0\r\nContent-Length: 44\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Host: keep\r\nContent-Length: 0\r\n",
    ):
        told = fort.raw(f"{head}{kind}{lengths}\r\n0\r\n\r\n{hidden}")
        assert told.startswith(b"HTTP/1.1 400"), (lengths, told)
        assert b'"status": "ok"' not in told, (lengths, told)
    both = "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"
    told = fort.raw(f"{head}{kind}{both}\r\n0\r\n\r\n{hidden}")
    assert told.count(b"HTTP/1.1 ") == 1, told
    assert b'"status": "ok"' not in told, told


def test_an_application_hears_only_what_the_edge_says_about_the_caller(fort: Fort) -> None:
    forged_headers = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil",
        "X-Forwarded-Prefix": "/evil",
        "X_Forwarded_For": "192.0.2.1",
        "Forwarded": "for=192.0.2.1",
        "X-Real-IP": "192.0.2.1",
        "X-Original-URL": "/_admin/status",
        "Proxy": "http://192.0.2.1",
    }
    answer = fort.swarm.http("GET", "/keep/x", port=PORT, headers=forged_headers).json()
    assert "192.0.2.1" not in json.dumps(answer)
    assert "evil" not in json.dumps(answer)
    assert answer["headers"]["x-forwarded-prefix"] == "/keep"


def test_a_child_s_network_shows_nothing_of_the_parent_but_where_to_register(fort: Fort) -> None:
    """Seen by somebody who stands where the child's controller stands."""
    swarm = fort.swarm
    swarm.docker("service", "create", "-qd", "--name", "spy", "--network", "fort_keep_family",
                 "--endpoint-mode", "dnsrr", "ailtire-demo/echo")  # fmt: skip
    try:
        eventually(lambda: swarm.tasks("spy"), 60)
        up = "http://tasks.fort_gateway"
        paths = ("/", "/keep/", "/_admin/status", "/_admin/health", "/_admin/update", "/_down/keep/status",
                 "/_admin/register/x", "//_admin/register", "/%5fadmin/register",
                 "/x/_admin/register")  # fmt: skip
        hosts = ("admin", "keep", "fort_admin:3000")
        asked: list[Any] = [
            [how, up + path, {"Host": host}] for how in ("GET", "POST") for path in paths for host in hosts
        ]
        asked.append(["GET", f"{up}/_admin/register", {}])
        found = probe(swarm, "spy", names=["tasks.fort_admin", "tasks.fort_wall", "tasks.fort_edge"],
                      requests=[*asked, ["POST", f"{up}/_admin/register", {}]])  # fmt: skip
    finally:
        swarm.docker("service", "rm", "spy")
    assert found["known"] == {}
    assert set(found["answers"][:-1]) <= {400, 404}, list(zip(asked, found["answers"], strict=False))
    assert found["answers"][-1] == 401


def definition(**office: Any) -> dict[str, Any]:
    return {"definition": {"name": "fort", "services": {"wall": {"image": "ailtire-demo/echo", **office}}}}


def nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"services": {"a": {"image": "x"}}}
    for _ in range(depth):
        found = {"services": {"a": {"type": "stack", "definition": found}}}
    return {"definition": {"name": "fort", **found}}


def with_secret(source: dict[str, Any]) -> dict[str, Any]:
    found = definition(secrets=["s"])
    found["definition"]["secrets"] = {"s": source}
    return found


HOSTILE_UPDATES: list[Any] = [
    definition(volumes=["/:/host"]),
    definition(volumes=["{{ '/' }}:/host"]),
    definition(volumes=["/var/run/docker.sock:/x"]),
    definition(privileged=True),
    definition(cap_add=["SYS_ADMIN"]),
    definition(cap_add=["NET_ADMIN"]),
    definition(cap_add=["{{ 'ALL' }}"]),
    definition(network_mode="host"),
    definition(networks=["fort_family"]),
    definition(ports=["22:22"]),
    definition(devices=["/dev/kmsg"]),
    definition(labels={"ailtire.path": "guestbook"}),
    definition(labels={"com.docker.stack.namespace": "guestbook"}),
    definition(env_file="/run/secrets/ailtire.key"),
    definition(interface={"/a\n  server evil 192.0.2.1:80": {"port": 80}}),
    definition(interface={"/x/../_admin": {"port": 80}}),
    definition(environment={"A": "{{ ''.__class__.__mro__ }}"}),
    definition(environment={"A": "{{ 'a' * 10**9 }}"}),
    definition(environment={"A": "{{ 'aaaa' | replace('a', '" + "b" * 30000 + "') }}"}),
    definition(environment={"A": "{% for a in range(10**9) %}a{% endfor %}"}),
    definition(environment={"A": "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}"}),
    definition(environment={"A": "\x1b[2J"}),
    with_secret({"name": "fort.key"}),
    with_secret({"name": "fort_keep.key"}),
    with_secret({"from": {"file": "/run/secrets/ailtire.key"}}),
    with_secret({"from": {"env": "AILTIRE_SOCKET"}}),
    with_secret({"external": True}),
    {"definition": {"name": "fort", "services": {"a": {"type": "stack", "definition": "/etc/passwd"}}}},
    {"definition": {"name": "fort", "services": {f"s{n}": {"image": "x"} for n in range(2000)}}},
    nested(12),
    "[" * 200_000,
    '{"parameters": ' * 10_000,
    '{"parameters": {"a": ' + "9" * 5000 + "}}",
    '{"parameters": {}, "parameters": {}}',
    '{"parameters": {"a": NaN}}',
    '{"parameters": {"a": "\\ud800"}}',
]


def test_a_hostile_update_is_refused_quickly_and_writes_nothing(fort: Fort) -> None:
    before = fort.things()
    headers = {"Authorization": fort.bearer(), "Content-Type": "application/json"}
    for body in HOSTILE_UPDATES:
        data = body if isinstance(body, str) else json.dumps(body)
        begun = time.monotonic()
        answer = fort.swarm.http("POST", "/_admin/update", port=PORT, headers=headers, data=data)
        assert answer.status_code in (400, 413, 422), (data[:200], answer.text[:500])
        assert time.monotonic() - begun < 15, data[:200]
        assert "Traceback" not in answer.text
        assert "root:" not in answer.text
    assert fort.things() == before


def test_what_a_service_writes_is_shown_and_not_obeyed(fort: Fort) -> None:
    swarm, token = fort.swarm, fort.bearer("viewer")
    said = {
        **{call: fort.ask("GET", f"/_admin/{call}", token).content.decode()
           for call in ("status", "log?tail=50", "log?tail=50&format=json")},
        **{" ".join(words): str(swarm.cli(*words, "fort", code=0))
           for words in (["status"], ["status", "--output", "json"], ["logs"])},
    }  # fmt: skip
    assert {where: OBEYED.findall(text) for where, text in said.items() if OBEYED.search(text)} == {}
    assert {where for where, text in said.items() if "title" not in text} == set(), "it was written"
    assert "default-src 'none'" in fort.ask("GET", "/_admin/view", "").headers["Content-Security-Policy"]


def test_slow_clients_and_many_readers_harm_nobody_else(fort: Fort) -> None:
    head = f"HTTP/1.1\r\nHost: fort\r\nAuthorization: {fort.bearer('viewer')}\r\n"
    openings = (
        "GET /_admin/status HTTP/1.1\r\nHost: fort\r\nX-Slow: ",
        f"POST /_admin/update {head}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{{",
        f"POST /_admin/update {head}Transfer-Encoding: chunked\r\n\r\n",
        f"GET /_admin/log?tail=1000&follow=true {head}\r\n",
    )
    with ExitStack() as held:
        for opening in openings * 10:
            connection = held.enter_context(socket.create_connection((fort.swarm.address, PORT), 5))
            connection.sendall(opening.encode())
        for _ in range(3):
            begun = time.monotonic()
            assert fort.ask("GET", "/").status_code == 200
            assert fort.ask("GET", "/_admin/health").status_code == 200
            assert fort.ask("GET", "/_admin/status", fort.bearer("viewer")).status_code == 200
            assert time.monotonic() - begun < 30


def test_rights_that_were_added_by_hand_are_taken_back(fort: Fort) -> None:
    """Whoever may do this is root anyway; what the definition says counts all the same."""
    swarm = fort.swarm
    swarm.docker("service", "update", "-dq", "--mount-add", "type=bind,source=/,target=/host",
                 "--network-add", "fort_keep_sibling", "--user", "0", "fort_wall")  # fmt: skip

    def rights() -> tuple[Any, int]:
        wanted = swarm.objects("service")["fort_wall"]["Spec"]["TaskTemplate"]
        return wanted["ContainerSpec"].get("Mounts"), len(wanted["Networks"])

    eventually(lambda: rights() in ((None, 1), ([], 1)), 30, "the definition's rights")
    eventually(lambda: swarm.cli("plan", fort.file).code == 0, 30, "nothing to do")
