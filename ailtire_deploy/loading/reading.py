"""Definitions with everything they name: nested definitions and the contents of files, inlined."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ailtire_deploy.definition import LEVELS, STACKS, Source
from ailtire_deploy.definition.findings import quoted
from ailtire_deploy.definition.pages import LIMIT as PAGE_LIMIT
from ailtire_deploy.definition.rules import CONFIG_LIMIT
from ailtire_deploy.definition.safety import printable
from ailtire_deploy.documents import SIZE, Document, read_json, read_yaml
from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.loading.files import Folder, Located, Unreadable
from ailtire_deploy.names import StackPath
from ailtire_deploy.templating import has_template

BUNDLE_SIZE = 8 * 1024 * 1024  # a bundle holds whole trees; a revision of one has to fit 256 KiB compressed


@dataclass(slots=True)
class Reader:
    """Reads files once each, and keeps what was wrong with them."""

    problems: list[Problem] = field(default_factory=list)
    complete: bool = True  # whether everything that was named could be read
    _known: dict[Path, Document | None] = field(default_factory=dict)

    def document(self, located: Located) -> Document | None:
        """A file as a document; None, and a problem, when it cannot be read."""
        if located.path not in self._known:
            self._known[located.path] = self._read(located)
        return self._known[located.path]

    def _read(self, located: Located) -> Document | None:
        found: list[Problem] = []
        try:
            if located.path.suffix == ".json":
                document = read_json(_text(located.read(BUNDLE_SIZE)), located.shown)
            else:
                document = read_yaml(located.read(SIZE), located.shown, found)
        except InvalidInput as error:
            found += error.problems
        except Unreadable as error:
            found.append(Problem(located.shown, 0, 0, "", str(error)))
        else:
            return document
        finally:
            self.problems += found
        self.complete = False
        return None

    def named(self, place: Document, folder: Folder, name: str) -> tuple[Located, Document] | None:
        """Another definition, named at ``place``; None, and a problem there, when there is none to be had."""
        try:
            located = folder.definition(name)
            if located.path not in self._known:
                located.read(BUNDLE_SIZE)
        except Unreadable as error:
            self.problems.append(place.problem((), f"{quoted(name)} {error}"))
            self.complete = False
            return None
        document = self.document(located)
        return (located, document) if document else None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("is not text: it has to be UTF-8") from None


@dataclass(slots=True)
class Tree:
    """One root's definition on its way to a body; ``sources`` and ``folders`` fill while it is read."""

    reader: Reader
    sources: dict[StackPath, Source] = field(default_factory=dict)
    folders: dict[StackPath, Folder] = field(default_factory=dict)

    def inline(self, document: Document, folder: Folder, at: StackPath, chain: tuple[Located, ...]) -> Any:
        """A definition with children and configs in place; ``chain`` are the files above it and its own."""
        self.sources[at] = Source(document, from_files=True)
        self.folders[at] = folder
        if not isinstance(document.data, dict):
            return document.data
        made = dict(document.data)
        if isinstance(made.get("services"), dict):
            services = document.at("services")
            made["services"] = {
                key: self._service(services.at(key), folder, at / key, chain) for key in made["services"]
            }
        if isinstance(made.get("configs"), dict):
            configs = document.at("configs")
            made["configs"] = {key: self._config(configs.at(key), folder) for key in made["configs"]}
        errors = document.at("gateway", "errors")
        if isinstance(errors.data, dict):
            made["gateway"] = {**made["gateway"], "errors": self._pages(errors, folder)}
        return made

    def _pages(self, errors: Document, folder: Folder) -> dict[str, Any]:
        return {key: self._config(errors.at(key), folder, PAGE_LIMIT) for key in errors.data}

    def _service(self, part: Document, folder: Folder, at: StackPath, chain: tuple[Located, ...]) -> Any:
        service = part.data
        if not isinstance(service, dict) or service.get("type") != "stack":
            return service
        definition, place = service.get("definition"), part.at("definition")
        if isinstance(definition, dict):
            return {**service, "definition": self.inline(place, folder, at, chain)}
        if isinstance(definition, str) and self._room(place, at):
            return {**service, "definition": self._nested(place, definition, folder, at, chain)}
        return service

    def _room(self, place: Document, at: StackPath) -> bool:
        """Whether the tree may grow further; of a tree that is too deep, ``definition`` says so."""
        if len(self.sources) == STACKS:
            self._problem(place, f"a tree of more than {STACKS} stacks")
        return len(at.parts) <= LEVELS and len(self.sources) < STACKS

    def _nested(
        self, place: Document, name: str, folder: Folder, at: StackPath, chain: tuple[Located, ...]
    ) -> Any:
        found = self.reader.named(place, folder, name)
        if found is None:
            return name
        located, document = found
        if located.path in [each.path for each in chain]:
            self._problem(place, f"names itself: {' → '.join(each.shown for each in (*chain, located))}")
            return name
        return self.inline(document, folder.beside(located), at, (*chain, located))

    def _config(self, part: Document, folder: Folder, limit: int = CONFIG_LIMIT) -> Any:
        config = part.data
        if not isinstance(config, dict) or not isinstance(config.get("file"), str):
            return config
        rest = {key: value for key, value in config.items() if key != "file"}
        try:
            return {**rest, **contained(folder.read(config["file"], limit))}
        except Unreadable as error:
            self._problem(part.at("file"), f"{quoted(config['file'])} {error}")
            return {**rest, "content": "?"}  # never used: what is wrong has been said

    def _problem(self, place: Document, message: str) -> None:
        self.reader.problems.append(place.problem((), message))


def contained(content: bytes) -> dict[str, str]:
    """A file's content as a body holds it: as text where that is the same, else in base64.

    A file is copied as it is: what looks like a template in it is not filled.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = None
    if text is None or has_template(text) or not printable(text):
        return {"base64": base64.b64encode(content).decode()}
    return {"content": text}
