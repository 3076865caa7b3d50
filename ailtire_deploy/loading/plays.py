"""A playbook's plays: filled, checked, and each entry made a root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy.definition import schema
from ailtire_deploy.definition.draft import is_unknown, known, masked
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.definition.scalars import Filling
from ailtire_deploy.documents import Document
from ailtire_deploy.loading import roots, variables
from ailtire_deploy.loading.files import Folder
from ailtire_deploy.loading.reading import Reader
from ailtire_deploy.loading.roots import Wanted
from ailtire_deploy.loading.targets import EngineTarget, Entry, Play
from ailtire_deploy.loading.variables import Extra, Value
from ailtire_deploy.templating import Renderer

_DATA = frozenset({"vars", "vars_files"})  # what templates are filled from is not a template itself


@dataclass(slots=True)
class Plays:
    """Reads the plays of one playbook. ``names`` collects the names that ``-e`` may use."""

    document: Document
    folder: Folder
    context: str | None
    extra: Extra
    reader: Reader
    names: set[str]

    def read(self) -> tuple[Play, ...]:
        """All plays; what is wrong in them is added to the reader's problems."""
        plays = self.document.data
        values = [self._variables(index, play) for index, play in enumerate(plays)]
        filled = [self._filled(index, play, values[index]) for index, play in enumerate(plays)]
        broken = [each for each in schema.check(filled, "playbook") if not is_unknown(filled, each.path)]
        self.reader.problems += [self.document.problem(*each[:3]) for each in broken]
        fit = masked(filled, {each.path for each in broken if each.spoils})
        found = enumerate(fit if isinstance(fit, list) else [])
        return tuple(
            self._play(index, play, values[index]) for index, play in found if isinstance(play, dict)
        )

    def _variables(self, index: int, play: Any) -> dict[str, Value]:
        if not isinstance(play, dict):
            return {}
        own = variables.of_play(play, self.document.at(index), self.folder, self.reader)
        self.names.update(own)
        return self.extra.over(own)

    def _filled(self, index: int, play: Any, values: Mapping[str, Value]) -> Any:
        if not isinstance(play, dict):
            return play
        filling = Filling(Renderer({name: value.value for name, value in values.items()}))
        made = {k: v if k in _DATA else filling.value((index, k), v) for k, v in play.items()}
        self.reader.problems += [self.document.problem(*each[:3]) for each in filling.findings]
        return made

    def _play(self, index: int, play: Mapping[str, Any], values: Mapping[str, Value]) -> Play:
        own = known(play)
        context = self.context if self.context is not None else own.get("context", "")
        engine = section(own, "engine")
        entries = play["stacks"] if isinstance(play.get("stacks"), list) else []
        made = [
            self._entry(entry, self.document.at(index, "stacks", number), values, context)
            for number, entry in enumerate(entries)
            if isinstance(entry, dict)
        ]
        found = tuple(each for each in made if each)
        self._doubles(found, self.document.at(index, "stacks"))
        return Play(own.get("name", ""), EngineTarget(**engine) if engine else None, context, found)

    def _entry(
        self, entry: Mapping[str, Any], part: Document, values: Mapping[str, Value], context: str
    ) -> Entry | None:
        own = {**known(entry), "parameters": entry.get("parameters")}
        if own.get("state") == "absent" and "name" in own:
            return roots.absent_by_name(own, part, self.reader)
        if "definition" not in own:
            return None
        found = self.reader.named(part.at("definition"), self.folder, own["definition"])
        if found is None:
            return None
        located, document = found
        folder = self.folder.beside(located)
        wanted = roots.of_bundle(Wanted(document, located, folder, context, own, part, values))
        self.names.update(section(wanted.document.data, "parameters"))
        return roots.entry(wanted, self.extra, self.reader)

    def _doubles(self, entries: tuple[Entry, ...], part: Document) -> None:
        names = [entry.path for entry in entries if entry.path != roots.UNNAMED]
        for path in sorted({path for path in names if names.count(path) > 1}):
            message = f"the play has the root {path} twice"
            self.reader.problems.append(part.problem((), message, "give one of them a name:"))
