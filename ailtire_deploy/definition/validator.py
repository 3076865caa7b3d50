"""The JSON Schemas at work: the only place that imports jsonschema.

A schema is written for editors, which see a file before its templates are filled, so a number may be a
template there. Here the values are filled: ``strict`` takes that way out again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from ailtire_deploy import assets
from ailtire_deploy.definition.findings import Finding
from ailtire_deploy.definition.wording import worded

_TEMPLATE = {"$ref": "#/$defs/template"}


def findings(data: Any, schema: str) -> Iterator[Finding]:
    """All that ``data`` breaks in the schema ``stack`` or ``playbook``."""
    return (finding for error in _validator(schema).iter_errors(data) for finding in worded(error))


def strict(schema: Any) -> Any:
    """A schema for filled values: a constrained value may no longer be a template."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: strict(value) for key, value in schema.items() if key != "anyOf" or _TEMPLATE not in value}
    if len(kept) < len(schema):
        kept = {**strict(schema["anyOf"][0]), **kept}
    return kept


@cache
def _validator(name: str) -> Any:
    return _Strict(strict(json.loads(assets.schema(name))), registry=Registry())


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """As the standard has it, but ``$`` is the very end: Python's lets a last newline through."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError("pattern")


def _required(validator: Any, required: list[str], instance: Any, schema: Any) -> Iterator[ValidationError]:
    """As the standard has it; the message is the missing key alone."""
    if isinstance(instance, dict):
        yield from (ValidationError(key) for key in required if key not in instance)


def _is_integer(checker: Any, instance: Any) -> bool:
    return isinstance(instance, int) and not isinstance(instance, bool)


_Strict: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={"pattern": _pattern, "required": _required},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
