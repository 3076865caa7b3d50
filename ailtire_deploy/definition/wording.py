"""Schema errors in the words of the person who wrote the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ailtire_deploy.definition import route_words
from ailtire_deploy.definition.findings import Finding, nearest, quoted

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}


def worded(error: Any) -> Iterator[Finding]:
    """The findings of one schema error; ``error`` is a jsonschema.ValidationError."""
    path = tuple(error.absolute_path)
    if error.validator in _SEVERAL:
        yield from _SEVERAL[error.validator](error, path)
    elif "propertyNames" in error.absolute_schema_path:
        yield _key(error, (*path, str(error.instance)))
    else:
        message, hint = _ONE.get(error.validator, _other)(error)
        yield Finding(path, message, hint)


def kind(value: Any) -> str:
    """What a value is, in words."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number with a point"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _type(error: Any) -> tuple[str, str]:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    hint = ""
    if "string" in names and isinstance(error.instance, int | float):
        hint = "write it in quotes"
    elif names == ["boolean"] and isinstance(error.instance, str):
        hint = "YAML knows true and false, without quotes"
    elif error.instance is None:
        hint = 'write "" for an empty text' if "string" in names else ""
    return f"has to be {' or '.join(_KINDS[name] for name in names)}, but is {kind(error.instance)}", hint


def _pattern(error: Any) -> tuple[str, str]:
    said = error.schema.get("patternErrorMessage", "it does not fit")
    hint = "values come from {{ parameters }}, not from ${VARIABLES}" if "${" in str(error.instance) else ""
    return f"{quoted(error.instance)} is not accepted: {said}", hint


def _enum(error: Any) -> tuple[str, str]:
    if why := error.schema.get("refused_values", {}).get(str(error.instance)):
        return f"{quoted(error.instance)} is not accepted: {why}", ""
    known = [str(each) for each in error.validator_value]
    return f"{quoted(error.instance)} is not one of {', '.join(known)}", (
        nearest(error.instance, known).replace(f"known are {', '.join(sorted(known))}", "")
        if isinstance(error.instance, str)
        else ""
    )


def _refused(error: Any) -> tuple[str, str]:
    return f"not accepted: {error.schema.get('refused', 'it has no place here')}", ""


def _amount(error: Any) -> tuple[str, str]:
    if error.schema.get("minProperties") == error.schema.get("maxProperties") == 1:
        known = [k for k, v in error.schema["properties"].items() if "refused" not in v]
        return f"takes exactly one of {', '.join(known)}", ""
    if error.validator == "maxProperties":
        return f"holds more than {error.validator_value} entries", ""
    return "may not be empty", ""


def _bound(word: str) -> Callable[[Any], tuple[str, str]]:
    return lambda error: (f"has to be {word} {error.validator_value}, but is {error.instance}", "")


def _other(error: Any) -> tuple[str, str]:
    return f"does not fit ({error.validator})", ""


def _key(error: Any, path: tuple[Any, ...]) -> Finding:
    if error.schema.get("wording") == "route":
        return Finding(path, *route_words.key(str(error.instance)))
    message, hint = _ONE.get(error.validator, _other)(error)
    return Finding(path, message, hint)


def _required(error: Any, path: tuple[Any, ...]) -> Iterator[Finding]:
    if not route_words.misread_key(path):
        hint = route_words.hint(path, error.message)
        yield Finding(path, f"the key {error.message!r} is missing", hint, spoils=False)


def _unknown(error: Any, path: tuple[Any, ...]) -> Iterator[Finding]:
    properties = error.schema.get("properties", {})
    known = [key for key, value in properties.items() if "refused" not in value]
    for key in error.instance:
        if key not in properties and not ("patternProperties" in error.schema and key.startswith("x-")):
            yield Finding((*path, key), "unknown key", nearest(key, known))


def _one_of(error: Any, path: tuple[Any, ...]) -> Iterator[Finding]:
    """One of some keys, of which ``name`` is written by nobody. What is refused says enough by itself."""
    properties = error.schema.get("properties", {})
    if not isinstance(error.instance, dict) or any(
        "refused" in properties.get(key, {}) for key in error.instance
    ):
        return
    known = [each["required"][0] for each in error.validator_value if each["required"] != ["name"]]
    said = f"takes exactly one of {', '.join(known)}"
    yield Finding(path, said if len(known) > 1 else f"needs {known[0]}, and takes nothing beside it")


_SEVERAL = {"oneOf": _one_of, "required": _required, "additionalProperties": _unknown}
_ONE: dict[str, Callable[[Any], tuple[str, str]]] = {
    "type": _type,
    "pattern": _pattern,
    "enum": _enum,
    "const": _enum,
    "not": _refused,
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "minProperties": _amount,
    "maxProperties": _amount,
    "minItems": _amount,
    "minLength": _amount,
    "uniqueItems": lambda error: ("holds something twice", ""),
    "maxLength": lambda error: (f"longer than {error.validator_value} characters", ""),
}
