"""From a file of Docker Compose or ``docker stack`` to a definition, with a word on every key.

Each key is *kept*, *translated* (said in another way here) or *impossible* (left out, with the reason). What
comes out passes every check of a definition: what the checks object to is taken out and noted as impossible,
so no rule is written down twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ailtire_deploy import definition, names
from ailtire_deploy.documents import Document
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.importing import interpolation, services, shared
from ailtire_deploy.importing.notes import Imported, Notes
from ailtire_deploy.importing.surgery import cut
from ailtire_deploy.names import StackPath

__all__ = ["Imported", "translate"]

ROUNDS = 30
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
    data, parameters = interpolation.filled(data, notes)
    made: dict[str, Any] = {"name": _name(data.get("name"), folder, notes)}
    made |= {"parameters": parameters} if parameters else {}
    made |= services.translated(data["services"], notes, read)
    made |= shared.translated(data, notes, read)
    made |= {key: value for key, value in data.items() if key.startswith("x-")}
    for key in sorted(set(data) - SHARED):
        if not key.startswith("x-"):
            notes.impossible((key,), READ_ELSEWHERE.get(key, "it is not known here"))
    return Imported(_checked(made, notes), notes.all)


def _name(given: Any, folder: str, notes: Notes) -> str:
    """The file's own name, else that of its folder, as a stack may be called."""
    wished = given if isinstance(given, str) and "{{" not in given else folder
    name = re.sub(r"[^a-z0-9]+", "-", wished.lower()).strip("-")[:40].strip("-")
    name = name if re.fullmatch(names.PART, name) else f"stack-{name}".strip("-")[:40]
    name = f"{name}-stack" if name in names.RESERVED else name
    if name != given:
        notes.translated(("name",), f"the stack is called {name}")
    return name


def _checked(made: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """Without what the checks object to. Raises InvalidInput when nothing is left to be deployed."""
    for _ in range(ROUNDS):
        looked_at = {**made, "configs": {key: _read(each) for key, each in made.get("configs", {}).items()}}
        body = {"format": 1, "name": made["name"], "context": "", "environment": {}, "definition": looked_at}
        body["parameters"] = {key: _sample(each) for key, each in made.get("parameters", {}).items()}
        _, problems = definition.examine_tree(body, StackPath((made["name"],)))
        if not problems:
            return made
        for problem in problems:
            if path := cut(made, problem.path):
                notes.impossible(path, f"{problem.message}{f' ({problem.hint})' if problem.hint else ''}")
    raise InvalidInput([notes.document.problem((), "nothing of it can be deployed on a swarm")])


def _read(config: Any) -> Any:
    """A config as it is once its file has been read, which is done when it is applied."""
    return {"content": ""} if isinstance(config, dict) and isinstance(config.get("file"), str) else config


def _sample(declared: dict[str, Any]) -> Any:
    """A value for a parameter that has none, to look at the rest."""
    return declared.get("default", "a")
