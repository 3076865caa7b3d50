"""Our own pages, rendered with values that anybody may have written: every one is escaped."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template


def page(template_text: str, **values: Any) -> str:
    """Render one of the packaged HTML templates; what a value holds is text, never markup."""
    return _compiled(template_text).render(values)


@cache
def _compiled(template_text: str) -> Template:
    environment = Environment(
        undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(template_text)
