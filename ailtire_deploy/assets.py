"""The schemas and templates that belong to the program, wherever it is installed.

A wheel carries both folders inside the package; in a source tree they stand beside it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


@cache
def text(folder: str, name: str) -> str:
    """The content of a packaged file, for example ``text("schemas", "stack.schema.json")``.

    Raises FileNotFoundError, naming both places, when the installation is not whole.
    """
    places = [_PACKAGE / folder / name, _PACKAGE.parent / folder / name]
    for place in places:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise FileNotFoundError(f"not installed: {' or '.join(map(str, places))}")


def schema(name: str) -> str:
    """A JSON Schema as text; ``name`` is ``stack`` or ``playbook``."""
    return text("schemas", f"{name}.schema.json")


def template(name: str) -> str:
    """A Jinja template as text, for example ``compose.yml.j2``."""
    return text("templates", name)
