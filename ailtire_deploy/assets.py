"""The schemas, the templates and the page that belong to the program, wherever it is installed.

A wheel carries their folders inside the package; in a source tree they stand beside it.
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
    places = [each / name for each in _folders(folder)]
    for place in places:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise FileNotFoundError(f"not installed: {' or '.join(map(str, places))}")


@cache
def listing(folder: str) -> tuple[str, ...]:
    """The names of the files in a packaged folder. Raises FileNotFoundError when it is not there."""
    for place in _folders(folder):
        if place.is_dir():
            return tuple(sorted(each.name for each in place.iterdir() if each.is_file()))
    raise FileNotFoundError(f"not installed: the folder {folder}")


def _folders(folder: str) -> tuple[Path, Path]:
    return _PACKAGE / folder, _PACKAGE.parent / folder


def schema(name: str) -> str:
    """A JSON Schema as text; ``name`` is ``stack`` or ``playbook``."""
    return text("schemas", f"{name}.schema.json")


def template(name: str) -> str:
    """A Jinja template as text, for example ``compose.yml.j2``."""
    return text("templates", name)
