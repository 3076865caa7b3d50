"""One entry of a play: a root stack, from its file to its filled tree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ailtire_deploy.definition import FORMAT, Source, examine_tree
from ailtire_deploy.definition.parameters import entries, section
from ailtire_deploy.documents import Document
from ailtire_deploy.loading.files import Folder, Located
from ailtire_deploy.loading.reading import Reader, Tree
from ailtire_deploy.loading.targets import Entry, Origin
from ailtire_deploy.loading.variables import Extra, Value
from ailtire_deploy.names import PART, RESERVED, StackPath

NAME_LENGTH = 40
UNNAMED = StackPath(("unnamed",))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an entry asks for. ``part`` is the entry itself, or nothing for a bare definition."""

    document: Document
    located: Located
    folder: Folder
    context: str
    entry: Mapping[str, Any]
    part: Document | None
    variables: Mapping[str, Value]
    body: Mapping[str, Any] | None = None  # of a bundle


def present(wanted: Wanted, extra: Extra, reader: Reader) -> Entry:
    """The entry with its whole tree; its problems are added to the reader's."""
    path = _path(wanted, reader)
    tree = Tree(reader)
    definition = tree.inline(wanted.document, wanted.folder, path, (wanted.located,))
    given = _given(wanted, extra)
    tree.sources[path] = Source(
        wanted.document, True, {name: value.place for name, value in given.items()}, wanted.part
    )
    body = {
        "format": FORMAT,
        "name": path.key,
        "context": wanted.context,
        "parameters": {name: value.value for name, value in sorted(given.items())},
        "environment": dict(section(wanted.body, "environment")),
        "definition": definition,
    }
    stacks, problems = examine_tree(body, path, tree.sources)
    reader.problems += problems
    return Entry(
        path=path,
        body=body,
        stacks=stacks,
        folders=tree.folders,
        tags=tags(wanted.entry),
        origins=_origins(wanted, given),
    )


def entry(wanted: Wanted, extra: Extra, reader: Reader) -> Entry:
    """The entry of a root. Of one that shall not be there, the name is all that matters."""
    if wanted.entry.get("state") == "absent":
        return Entry(_path(wanted, reader), "absent", tags=tags(wanted.entry))
    return present(wanted, extra, reader)


def absent_by_name(own: Mapping[str, Any], part: Document, reader: Reader) -> Entry:
    """The same for one whose definition may be gone already."""
    return Entry(_checked(own["name"], part.at("name"), reader), "absent", tags=tags(own))


def tags(entry: Mapping[str, Any]) -> frozenset[str]:
    found = entry.get("tags", [])
    return frozenset([found] if isinstance(found, str) else [each for each in found if isinstance(each, str)])


def _path(wanted: Wanted, reader: Reader) -> StackPath:
    """The root's path; a stand-in when its name is wrong, so that the rest can be looked at."""
    own = wanted.document.data.get("name") if isinstance(wanted.document.data, dict) else None
    override = wanted.entry.get("name") or (wanted.body or {}).get("name")
    if override:
        place = wanted.part.at("name") if wanted.part else Document.unmarked(override, wanted.document.file)
        return _checked(override, place, reader)
    if not isinstance(wanted.document.data, dict):
        return UNNAMED  # which is said of the definition as a whole
    if own is None:
        reader.problems.append(wanted.document.problem((), "a root needs a name", "name: shop"))
        return UNNAMED
    return _checked(own, wanted.document.at("name"), reader, said=True)


def _checked(name: Any, place: Document, reader: Reader, *, said: bool = False) -> StackPath:
    """``said``: the schema of the definition complains of what is no name at all."""
    if not isinstance(name, str) or not re.fullmatch(PART, name) or len(name) > NAME_LENGTH:
        if not said:
            message = f"a name takes a-z, 0-9 and -, at most {NAME_LENGTH} of them, and starts with a letter"
            reader.problems.append(place.problem((), message))
    elif name in RESERVED:
        message = f"the name {name} is reserved"
        reader.problems.append(place.problem((), message, "every stack has things of that name"))
    else:
        return StackPath((name,))
    return UNNAMED


def _given(wanted: Wanted, extra: Extra) -> dict[str, Value]:
    """Values for the root's parameters, the strongest of each."""
    declared = section(wanted.document.data, "parameters")
    given = {name: value for name, value in wanted.variables.items() if name in declared}
    if wanted.body is not None:
        part = Document.unmarked(wanted.body, wanted.document.file).at("parameters")
        own = wanted.body.get("parameters")
    else:
        part, own = (
            wanted.part.at("parameters") if wanted.part else wanted.document,
            wanted.entry.get("parameters"),
        )
    for name, (at, value) in entries(own).items():
        given[name] = Value(value, "parameters", part.at(*at))
    for name in declared:
        value = extra.value(name, section(declared, name))
        if value:
            given[name] = value
    return given


def _origins(wanted: Wanted, given: Mapping[str, Value]) -> dict[str, Origin]:
    """Where each declared parameter got its value."""
    chosen = section(section(wanted.document.data, "contexts"), wanted.context)
    declared = section(wanted.document.data, "parameters")
    origins: dict[str, Origin] = {}
    for name in sorted(declared):
        value = given.get(name)
        if value is None and name in chosen:
            place = wanted.document.at("contexts", wanted.context, name)
            value = Value(chosen[name], f"context {wanted.context}", place)
        elif value is None and "default" in section(declared, name):
            place = wanted.document.at("parameters", name, "default")
            value = Value(declared[name]["default"], "parameter default", place)
        if value is not None:
            origins[name] = Origin(value.value, value.source, value.shown_place)
    return origins


def of_bundle(wanted: Wanted) -> Wanted:
    """In case the file is a bundle: its definition stands inside it, with the values it was made with."""
    body = wanted.document.data
    if not is_bundle(body):
        return wanted
    context = wanted.context or str(body.get("context") or "")
    return replace(wanted, document=wanted.document.at("definition"), body=body, context=context)


def is_bundle(data: Any) -> bool:
    """Whether a document is what ``bundle`` prints."""
    return isinstance(data, dict) and data.get("format") == FORMAT and "definition" in data
