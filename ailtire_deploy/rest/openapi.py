"""The table of calls as OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ailtire_deploy import __version__, identity
from ailtire_deploy.rest import networks, parameters, shapes, view
from ailtire_deploy.rest.problems import PROBLEM_JSON

if TYPE_CHECKING:
    from ailtire_deploy.rest.endpoints import Endpoint

PARTS = {"<n>": "number", "<file>": "file"}
SCHEMES: Mapping[str, Any] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "What `ailtire-deploy token` prints. Its role is one of the table, or one above it.",
    },
    "signature": {
        "type": "http",
        "scheme": "ailtire",
        "description": "Of a child's controller, made with the child's own key.",
    },
}


def document(table: Iterable[Endpoint]) -> dict[str, Any]:
    """The whole description. Its addresses are relative to its own, so that they hold behind any prefix."""
    paths: dict[str, dict[str, Any]] = {}
    for each in table:
        place = f"/_admin/{each.name.replace('<n>', '{number}').replace('<file>', '{file}')}"
        paths.setdefault(place, {})[each.method.lower()] = operation(each)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "A stack's controller", "version": __version__},
        "servers": [{"url": ".."}],
        "paths": paths,
        "components": {
            "schemas": {**shapes.COMPONENTS, **networks.COMPONENTS},
            "securitySchemes": dict(SCHEMES),
        },
    }


def operation(each: Endpoint) -> dict[str, Any]:
    """One call."""
    name = re.sub("[^a-z]", "_", each.name.replace("<n>", "number").replace("<file>", "file"))
    found: dict[str, Any] = {
        "operationId": f"{each.method.lower()}_{name}",
        "summary": each.does,
        "security": security(each.role),
        "responses": {str(status): answer(status, kinds) for status, kinds in each.gives.items()}
        | {str(status): PROBLEM for status in failures(each)},
    }
    said = [*(part for mark, part in PARTS.items() if mark in each.name), *each.parameters]
    if said:
        found["parameters"] = [parameter(name) for name in said]
    if each.body is not None:
        found["requestBody"] = {"content": shapes.in_json({"schema": each.body})}
    return found


def security(role: str) -> list[dict[str, list[str]]]:
    """Who may: nobody in particular, a child, or whoever has a token with that role."""
    if not role:
        return []
    return [{"signature": [role]}] if role == identity.CHILD else [{"token": [role]}]


def parameter(name: str) -> dict[str, Any]:
    if name in PARTS.values():
        shape = shapes.NUMBER if name == "number" else {"enum": sorted(view.FILES)}
        return {"name": name, "in": "path", "required": True, "schema": shape}
    known = parameters.KNOWN[name]
    if name in parameters.HEADERS:
        header = parameters.HEADERS[name]
        return {"name": header, "in": "header", "description": known.right, "schema": known.shape}
    return {"name": name, "in": "query", "description": known.right, "schema": known.shape}


def answer(status: int, kinds: shapes.Kinds) -> dict[str, Any]:
    content = {kind: {"schema": shape} for kind, shape in kinds.items()}
    return {"description": HTTPStatus(status).phrase, "content": content}


PROBLEM: Mapping[str, Any] = {
    "description": "Why not.",
    "content": {PROBLEM_JSON: {"schema": shapes.ref("Problem")}},
}


def failures(each: Endpoint) -> list[int]:
    """The statuses of errors that a call may end with."""
    found = {400, 404, 500, *each.fails}
    if each.role:
        found |= {401, 403, 502, 504}
    if each.method == "POST":
        found |= {409, 413, 415, 422}
    return sorted(found | ({503} if each.streams else set()))
