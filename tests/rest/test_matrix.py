"""Rows 1 and 2 of the table "control": every call for every caller, and every request of the document."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ailtire_deploy import identity
from ailtire_deploy.rest import ENDPOINTS, app, server
from ailtire_deploy.rest.endpoints import PUBLIC, Endpoint
from ailtire_deploy.rest.openapi import document
from tests.proof import Proof
from tests.rest.client import KEY, ORDERS, Remembering, bearer, call, signed, surface
from tests.rest.conformity import explore
from tests.rest.living import Living
from tests.rest.test_access import BODIES, STRANGERS

TABLE = "control"
DONE = (200, 202)
EXAMPLES = 5
WAYS = {"/_admin/": "", "/_admin/children/orders/": "orders", "/orders/_admin/": "orders"}
Make = Callable[[str, str, bytes], str]  # the header for a method, an address and a body


def callers() -> Iterator[tuple[str, str, bool, Make]]:
    """Every kind of caller: its name, its role, whether it is one of the child only, and its header."""
    for name, header in STRANGERS.items():
        if name != "a token of a child":
            yield name, "", False, lambda method, target, body, header=header: header()  # type: ignore[misc]
    for role in identity.ROLES:
        yield f"{role} of the stack", role, False, lambda m, t, b, role=role: bearer(role)  # type: ignore[misc]
        yield f"{role} of a child", role, True, lambda m, t, b, role=role: bearer(role, ORDERS)  # type: ignore[misc]
        yield (
            f"{role}, signed by the parent",
            role,
            False,
            lambda m, t, b, role=role: signed(KEY, m, t, b, role),  # type: ignore[misc]
        )
        yield (
            f"{role}, signed for another address",
            "",
            False,
            lambda m, t, b, role=role: signed(KEY, m, f"{t}x", b, role),  # type: ignore[misc]
        )
    for role in (identity.CHILD, identity.AGENT):
        yield f"{role}, signed by the parent", "", False, lambda m, t, b, r=role: signed(KEY, m, t, b, r)  # type: ignore[misc]
    child = identity.derive(KEY, "orders")
    yield "the child", identity.CHILD, True, lambda m, t, b: signed(child, m, t, b, identity.CHILD)
    yield "an admin, signed by the child", "", False, lambda m, t, b: signed(child, m, t, b, "admin")


def expected(endpoint: Endpoint, role: str, of_child: bool, way: str) -> Iterable[int]:
    """What the table says: who may, who has too small a role, and everybody else."""
    if endpoint.role == PUBLIC and (endpoint.below or not way):
        return (200,)
    if role == identity.CHILD:
        return DONE if endpoint.role == identity.CHILD and not way else (401,)
    if not role or (of_child and not way):
        return (401,)
    if way and not endpoint.below:
        return (404,)
    if endpoint.role == identity.CHILD or identity.ROLES.index(role) < identity.ROLES.index(endpoint.role):
        return (403,)
    return DONE


def test_every_call_answers_every_caller_as_the_table_says(prove_report: Proof) -> None:
    wrong, count = [], 0
    for endpoint in ENDPOINTS:
        for way, child in WAYS.items():
            target = way + endpoint.name.replace("<n>", "2").replace("<file>", "page.js")
            for name, role, of_child, header in callers():
                controller, count = Remembering(), count + 1
                found = ask(controller, endpoint, target, header)
                by_us = endpoint.role == identity.CHILD and name.endswith("by the parent")
                fitting = (
                    (404 if child and role else 401,) if by_us else expected(endpoint, role, of_child, child)
                )
                leaked = found in (401, 403, 404) and controller.calls
                if found not in fitting or leaked:
                    wrong.append(f"{endpoint.method} {target} for {name}: {found}, not {fitting}")
    prove_report(1, count - len(wrong), count, "calls by every way and caller, as the table says", TABLE)
    assert not wrong


def ask(controller: Remembering, endpoint: Endpoint, target: str, header: Make) -> int:
    body = json.dumps(BODIES[endpoint.name]).encode() if endpoint.name in BODIES else b""
    authorization = header(endpoint.method, target, body)
    kind = {"Content_Type": "application/json"} if body else {}
    return call(surface(controller), endpoint.method, target, authorization, body, **kind).status


@contextmanager
def served(living: Living) -> Iterator[str]:
    """The address of the real server with the real controllers; each call finds the tree as it was."""
    ended, end, one = threading.Event(), threading.Event(), threading.Lock()
    ended.set()  # logs and events end at once
    changed = False

    def application(environ: dict[str, Any], start: Any) -> Any:
        nonlocal changed
        with one:
            if changed:
                living.again()
            changed = environ["REQUEST_METHOD"] == "POST"
            return app(living.controller(), stop=ended, now=living.house.now)(environ, start)

    made = server.make(application, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=(made, end))
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.effective_port}"
    finally:
        end.set()
        thread.join()


def test_every_request_that_the_document_allows_or_forbids_is_answered_as_it_says(
    tmp_path: Path, prove_report: Proof
) -> None:
    living, seed = Living(tmp_path), random.randrange(10**6)
    with served(living) as url:
        found = explore(document(ENDPOINTS), living.bearer(), EXAMPLES, seed, url=url)
    what = f"requests of schemathesis, in process, seed {seed}"
    prove_report(2, found.requests - len(found.wrong), found.requests, what, TABLE)
    assert found.wrong == []
    assert len(found.calls) == len(ENDPOINTS)
