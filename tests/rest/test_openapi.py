"""The table of calls as others read it: the document, its shapes, and what the documentation says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ailtire_deploy import identity
from ailtire_deploy.rest import ENDPOINTS
from ailtire_deploy.rest.endpoints import PUBLIC, Endpoint
from ailtire_deploy.rest.openapi import document
from tests.rest.client import bearer, call, surface
from tests.rest.living import Living

PAGE = Path(__file__).parent.parent.parent / "docs" / "rest.md"
WHO = {PUBLIC: "anybody", identity.CHILD: "the child itself"}
DOCUMENT = document(ENDPOINTS)


def named(each: Endpoint, number: str, file: str) -> str:
    return each.name.replace("<n>", number).replace("<file>", file)


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    yield Living(tmp_path_factory.mktemp("living"))


def test_the_documentation_has_the_same_table() -> None:
    table = PAGE.read_text().partition("| call | role | does |\n")[2].partition("\n\n")[0]
    written = [row.strip("| ").split(" | ") for row in table.splitlines()[1:]]
    here = [
        [f"`{each.method} /_admin/{named(each, 'N', 'FILE')}`", WHO.get(each.role, each.role), each.does]
        for each in ENDPOINTS
    ]
    assert written == here


def test_the_document_is_there_for_viewers_and_tells_nothing_of_a_stack() -> None:
    assert call(surface(), "GET", "/_admin/openapi.json").status == 401
    found = call(surface(), "GET", "/_admin/openapi.json", bearer("viewer"))
    assert (found.status, found.json) == (200, DOCUMENT)
    assert "shop" not in found.text


def test_every_call_stands_in_the_document_with_its_role_and_its_errors() -> None:
    for each in ENDPOINTS:
        place = DOCUMENT["paths"][f"/_admin/{named(each, '{number}', '{file}')}"]
        said = place[each.method.lower()]
        assert [list(each.values()) for each in said["security"]] == ([[[each.role]]] if each.role else [])
        assert ("401" in said["responses"]) is (each.role != PUBLIC)
        assert ("requestBody" in said) is (each.method == "POST")


def test_all_names_and_shapes_in_the_document_lead_somewhere() -> None:
    names = [each["operationId"] for place in DOCUMENT["paths"].values() for each in place.values()]
    assert len(names) == len(set(names)) == len(ENDPOINTS)
    told = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert told == set(DOCUMENT["components"]["schemas"])
    for shape in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(shape)


def check(shape: dict[str, Any], found: Any) -> None:
    whole = {**shape, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(whole).validate(found)


@pytest.mark.parametrize(
    ("method", "name", "target", "body"),
    [
        ("GET", "status", "status", b""),
        ("GET", "status", "status?explain=true", b""),
        ("GET", "topology", "topology", b""),
        ("GET", "history", "history", b""),
        ("GET", "history/{number}", "history/1", b""),
        ("POST", "update", "update", {"parameters": {"replicas": 5}}),
        ("POST", "update", "update?check=true", {"parameters": {"replicas": 3}}),
        ("POST", "update", "update?check=true", {"parameters": {"replicas": "many"}}),
        ("POST", "rollback", "rollback", {}),
        ("POST", "shutdown", "shutdown", {}),
        ("GET", "health", "health", b""),
    ],
)
@pytest.mark.parametrize("way", ["/_admin/", "/_admin/children/orders/"])
def test_answers_have_the_shape_that_is_said(
    living: Living, way: str, method: str, name: str, target: str, body: Any
) -> None:
    living.again()
    found = living.ask(method, f"{way}{target}", body)
    said = DOCUMENT["paths"][f"/_admin/{name}"][method.lower()]["responses"][str(found.status)]
    check(said["content"][found.headers["Content-Type"]]["schema"], found.json)
