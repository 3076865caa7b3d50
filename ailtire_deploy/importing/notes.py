"""What became of each key of an imported file, with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ailtire_deploy.documents import Document, Path, dotted

Outcome = Literal["kept", "translated", "impossible"]
OUTCOMES: tuple[Outcome, ...] = ("kept", "translated", "impossible")


@dataclass(frozen=True, slots=True)
class Note:
    """One key: what became of it, and why or how."""

    outcome: Outcome
    path: str
    line: int
    said: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """A definition as data, and a note for each key of the file it was made of."""

    definition: dict[str, Any]
    notes: tuple[Note, ...]

    @property
    def impossible(self) -> tuple[Note, ...]:
        return tuple(each for each in self.notes if each.outcome == "impossible")


@dataclass(slots=True)
class Notes:
    """Collects notes. Of one key the last word counts, and what is impossible stays so.

    ``renamed``: what a service is called in the definition, by what it is called in the file.
    """

    document: Document
    renamed: dict[str, str] = field(default_factory=dict)
    found: dict[str, Note] = field(default_factory=dict)

    def kept(self, path: Path) -> None:
        self._note("kept", path, "")

    def translated(self, path: Path, said: str) -> None:
        self._note("translated", path, said)

    def impossible(self, path: Path, said: str) -> None:
        self._note("impossible", path, said)

    @property
    def all(self) -> tuple[Note, ...]:
        """In the order of the file."""
        return tuple(sorted(self.found.values(), key=lambda each: (each.line, each.path)))

    def _note(self, outcome: Outcome, path: Path, said: str) -> None:
        shown = dotted(path)
        before = self.found.get(shown)
        if before is None or OUTCOMES.index(before.outcome) <= OUTCOMES.index(outcome):
            self.found[shown] = Note(outcome, shown, self.document.at(*path).node.line, said)
