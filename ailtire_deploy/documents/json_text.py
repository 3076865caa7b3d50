"""JSON text as a document: bundles and what clients send. Its values have paths but no lines."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from ailtire_deploy.documents.document import Document
from ailtire_deploy.documents.limits import DEPTH, DIGITS
from ailtire_deploy.errors import InvalidInput, Problem


def read_json(text: str, file: str) -> Document:
    """Parse JSON, with duplicate keys, endless numbers and deep nesting refused.

    The caller limits the size: a bundle may be larger than a file. Raises InvalidInput.
    """
    try:
        data = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_int=_whole,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise InvalidInput([Problem(file, error.lineno, error.colno, "", f"not JSON: {error.msg}")]) from None
    except ValueError as error:
        raise InvalidInput([Problem(file, 0, 0, "", f"not accepted: {error}")]) from None
    except RecursionError:
        raise InvalidInput([_deep(file)]) from None
    if too_deep(data):
        raise InvalidInput([_deep(file)])
    return Document.unmarked(data, file)


def too_deep(data: Any) -> bool:
    """Whether data is nested deeper than any input may be; looks without recursion."""
    level = [data]
    for _ in range(DEPTH + 1):
        level = [value for each in level for value in _values(each)]
        if not level:
            return False
    return True


def _values(data: Any) -> list[Any]:
    if isinstance(data, dict):
        return list(data.values())
    return data if isinstance(data, list) else []


def _deep(file: str) -> Problem:
    return Problem(file, 0, 0, "", f"nested deeper than {DEPTH} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:80]!r} stands there twice")
        found[key] = value
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _whole(text: str) -> int:
    if len(text) > DIGITS + 1:
        raise ValueError(f"a number of more than {DIGITS} digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number too large")
    return number
