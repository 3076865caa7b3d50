"""From a file of Docker Compose or ``docker stack`` to a definition, with a word on every key.

Each key is *kept*, *translated* (said in another way here) or *impossible* (left out, with the reason).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ailtire_deploy import names
from ailtire_deploy.documents import Document
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.importing import interpolation, services, shared
from ailtire_deploy.importing.checking import checked
from ailtire_deploy.importing.notes import Imported, Notes

__all__ = ["Imported", "translate"]

SHARED = frozenset({"services", "volumes", "configs", "secrets", "networks", "name", "version"})
READ_ELSEWHERE = {"include": "import each file by itself, and nest it as a service of type: stack"}


def translate(document: Document, folder: str, read: Callable[[str], str]) -> Imported:
    """A definition of what a Compose file says.

    ``folder`` names the stack when the file does not; ``read`` has the text of a file beside it, and raises
    ValueError when there is none. Raises InvalidInput for what is no Compose file.
    """
    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get("services"), dict) or not data["services"]:
        raise InvalidInput([document.problem((), "not a Compose file: it has no services")])
    notes = Notes(document)
    data, parameters = interpolation.filled(shared.with_variables(data, notes), notes)
    made: dict[str, Any] = {"name": _name(interpolation.settled(data.get("name"), parameters), folder, notes)}
    made |= {"parameters": parameters} if parameters else {}
    made |= services.translated(data["services"], parameters, notes, read)
    made |= shared.translated(data, notes, read)
    made |= {key: value for key, value in data.items() if key.startswith("x-")}
    for key in sorted(set(data) - SHARED):
        if not key.startswith("x-"):
            notes.impossible((key,), READ_ELSEWHERE.get(key, "it is not known here"))
    return Imported(checked(made, notes), notes.all)


def _name(given: Any, folder: str, notes: Notes) -> str:
    """The file's own name, else that of its folder, as a stack may be called."""
    wished = given if isinstance(given, str) else folder
    name = re.sub(r"[^a-z0-9]+", "-", wished.lower()).strip("-")[:40].strip("-")
    name = name if re.fullmatch(names.PART, name) else f"stack-{name}".strip("-")[:40]
    name = f"{name}-stack" if name in names.RESERVED else name
    if name != given:
        notes.translated(("name",), f"the stack is called {name}")
    return name
