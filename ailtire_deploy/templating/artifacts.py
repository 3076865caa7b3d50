"""Our own templates, rendered with values that were decided before."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

# JSON lets these stand as they are, readers of YAML refuse them or take them for a line's end.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


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
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
