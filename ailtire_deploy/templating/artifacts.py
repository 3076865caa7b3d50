"""Our own templates, rendered with values that were decided before."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template


def artifact(template_text: str, **values: Any) -> str:
    """Render one of the packaged templates.

    The filter ``json`` writes a value as JSON, which YAML reads as the same value: a value never becomes
    structure. A name the caller forgot is an error (jinja2.UndefinedError): a mistake of ours, not of a user.
    """
    return _compiled(template_text).render(values)


@cache
def _compiled(template_text: str) -> Template:
    environment = Environment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["json"] = _json
    return environment.from_string(template_text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
