"""The schemas serve editors: every key says what it is and how it looks, and no pattern can be made slow."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ailtire_deploy import assets
from ailtire_deploy.definition.schema import check
from ailtire_deploy.definition.validator import strict

NAMES = ("stack", "playbook")
SCHEMAS = {name: json.loads(assets.schema(name)) for name in NAMES}


def keys(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that a mapping may hold, with its schema."""
    if isinstance(schema, list):
        for each in schema:
            yield from keys(each, path)
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        for key, value in properties.items():
            if "/properties/" not in value.get("$ref", ""):  # a job's key is told where the service's is
                yield f"{path}/{key}", value
        for key, value in schema.items():
            if key not in ("examples", "if"):
                yield from keys(value, f"{path}/{key}" if key != "properties" else path)


KEYS = [(f"{name}{path}", value) for name in NAMES for path, value in keys(SCHEMAS[name])]
ACCEPTED = {path: value for path, value in KEYS if "refused" not in value}
REFUSED = {path: value for path, value in KEYS if "refused" in value}


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from patterns(each)
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "pattern" and isinstance(value, str):
                yield value
            yield from patterns(value)


PATTERNS = sorted({pattern for name in NAMES for pattern in patterns(SCHEMAS[name])})


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    Draft202012Validator.check_schema(strict(SCHEMAS[name]))


def test_there_is_something_to_look_at() -> None:
    assert len(ACCEPTED) > 100
    assert len(REFUSED) > 80


@pytest.mark.parametrize("path", ACCEPTED)
def test_every_key_has_a_description_and_an_example_that_fits(path: str) -> None:
    schema = ACCEPTED[path]
    assert len(schema["description"]) > 10
    assert schema["examples"]
    whole = {**schema, "$defs": SCHEMAS[path.split("/")[0]].get("$defs", {})}
    for example in schema["examples"]:
        Draft202012Validator(whole).validate(example)


@pytest.mark.parametrize("path", REFUSED)
def test_every_refused_key_says_why(path: str) -> None:
    schema = REFUSED[path]
    assert schema["not"] == {}
    assert schema["refused"] in schema["description"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_can_be_made_slow(pattern: str) -> None:
    compiled = re.compile(pattern)
    begun = time.perf_counter()
    for unit in ("a", "1", "a.", "a-", "/a", "a/", "1m", "11s", "a:", "0.", "A", "_", "-", "../", "{{"):
        for end in ("", "\n", "!", "@", " "):
            compiled.search(unit * 20_000 + end)
    assert time.perf_counter() - begun < 20


def test_a_job_takes_the_keys_of_a_service_but_those_that_make_no_sense_for_it() -> None:
    job, service = (SCHEMAS["stack"]["$defs"][each]["properties"] for each in ("job", "service"))
    own = {key for key, value in job.items() if "$ref" not in value or "/properties/" not in value["$ref"]}
    only = {
        "deploy",
        "timeout",
        "retries",
        "interface",
        "healthcheck",
        "restart",
        "scale",
        "type",
        "strategy",
    }
    assert own == only
    assert service.keys() <= job.keys()
    assert all(job[key] == {"$ref": f"#/$defs/service/properties/{key}"} for key in job.keys() - own)


def test_editors_may_see_a_template_where_the_program_wants_a_number() -> None:
    stack = {"services": {"a": {"image": "{{ x }}", "deploy": {"replicas": "{{ n }}"}}}}
    assert not list(Draft202012Validator(SCHEMAS["stack"]).iter_errors(stack))
    assert [finding.path for finding in check(stack, "stack")] == [
        ("services", "a", "image"),
        ("services", "a", "deploy", "replicas"),
    ]


CLOSED = {
    "$defs/given/items": "a list of name and value comes from a program",
    "$defs/page": "it has one source",
    "properties/gateway/properties/errors": "it holds pages by the number they go with",
    "$defs/secret/properties/from": "it names one source",
    "$defs/secret/properties/from/properties/generate": "it is a value",
}
"""Mappings of a stack that take no ``x-…`` keys, and why."""


def closed(schema: Any, path: str = "") -> Iterator[str]:
    """Every mapping that takes no key of one's own."""
    if isinstance(schema, list):
        for number, each in enumerate(schema):
            yield from closed(each, f"{path}/{number}")
    if isinstance(schema, dict):
        if schema.get("additionalProperties") is False and "^x-" not in schema.get("patternProperties", {}):
            yield path.strip("/")
        for key, value in schema.items():
            yield from closed(value, f"{path}/{key}")


def test_keys_that_begin_with_x_are_free_everywhere() -> None:
    assert set(closed(SCHEMAS["stack"])) == set(CLOSED)


def test_no_schema_is_ever_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("somebody went to the network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    assert check({"services": {"a": {"$ref": "http://schema.test/x"}}}, "stack")
