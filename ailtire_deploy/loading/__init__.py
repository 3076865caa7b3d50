"""From files to the filled model: playbooks, definitions and bundles.

What a target is shows in its content: a list of plays is a playbook, a mapping with ``format`` and
``definition`` a bundle, any other mapping a definition. The values of a root's parameters, the weakest
first: default, context of the definition, the play's ``vars_files``, its ``vars``, the entry's
``parameters`` (for a bundle, those it was made with), ``-e @FILE``, ``-e NAME=VALUE``. Variables of a play
are data: templates in the play are filled from them, once, and they are not filled themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ailtire_deploy.definition import once
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.documents import Document
from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.loading import roots, variables
from ailtire_deploy.loading.files import Absent, Folder, Located, Unreadable
from ailtire_deploy.loading.files import target as find
from ailtire_deploy.loading.plays import Plays
from ailtire_deploy.loading.reading import Reader
from ailtire_deploy.loading.targets import EngineTarget, Entry, Origin, Play, Playbook, State
from ailtire_deploy.loading.variables import Extra

__all__ = [
    "Absent",
    "EngineTarget",
    "Entry",
    "Folder",
    "Origin",
    "Play",
    "Playbook",
    "State",
    "Unreadable",
    "bundle",
    "load",
]


def load(
    target: Path,
    *,
    context: str | None = None,
    extra: Mapping[str, str] | None = None,
    extra_files: Sequence[Path] = (),
    tags: Collection[str] = (),
) -> Playbook:
    """Read a playbook, a definition or a bundle with all they name, fill the trees and check all of it.

    ``context`` goes before the play's; ``extra`` is ``-e NAME=VALUE`` (read by the declared type),
    ``extra_files`` ``-e @FILE``; ``tags`` keeps only entries that bear one of them.
    Raises InvalidInput with every problem at once.
    """
    reader = Reader()
    try:
        located, folder = find(target)
    except Unreadable as error:
        raise InvalidInput([Problem(str(target), 0, 0, "", str(error))]) from None
    given = variables.extra(extra or {}, extra_files, reader)
    document = reader.document(located)
    plays = _plays(document, located, folder, context, given, reader) if document else ()
    if not reader.problems and tags:
        plays = _tagged(plays, frozenset(tags), located.shown, reader)
    if reader.problems:
        raise InvalidInput(once(reader.problems))
    return Playbook(located.shown, plays)


def bundle(target: Path, **options: Any) -> dict[str, Any]:
    """The body of the only root in ``target``; options as for ``load``. Raises InvalidInput."""
    playbook = load(target, **options)
    bodies = [entry.body for play in playbook.plays for entry in play.entries if entry.state == "present"]
    if len(bodies) != 1:
        names = ", ".join(str(entry.path) for play in playbook.plays for entry in play.entries)
        message = f"a bundle holds one root, and here are {len(bodies)}"
        raise InvalidInput(
            [Problem(playbook.file, 0, 0, "", message, names and f"name the definition of {names}")]
        )
    return dict(bodies[0])


def _plays(
    document: Document,
    located: Located,
    folder: Folder,
    context: str | None,
    extra: Extra,
    reader: Reader,
) -> tuple[Play, ...]:
    names: set[str] = set()
    if isinstance(document.data, list):
        plays = Plays(document, folder, context, extra, reader, names).read()
    elif isinstance(document.data, dict) and "services" not in document.data and "stacks" in document.data:
        reader.problems.append(
            document.problem((), "a playbook is a list of plays", "start it with - stacks:")
        )
        return ()
    else:
        plays, names = _alone(document, located, folder, context, extra, reader)
    if reader.complete:
        reader.problems += extra.unknown(names)
    return plays


def _alone(
    document: Document,
    located: Located,
    folder: Folder,
    context: str | None,
    extra: Extra,
    reader: Reader,
) -> tuple[tuple[Play, ...], set[str]]:
    """A bare definition or a bundle, as a play of its own."""
    wanted = roots.of_bundle(roots.Wanted(document, located, folder, context or "", {}, None, {}))
    entry = roots.present(wanted, extra, reader)
    play = Play("", None, wanted.context, (entry,))
    return (play,), set(section(wanted.document.data, "parameters"))


def _tagged(plays: tuple[Play, ...], tags: frozenset[str], file: str, reader: Reader) -> tuple[Play, ...]:
    kept = [replace(play, entries=tuple(e for e in play.entries if e.tags & tags)) for play in plays]
    if not any(play.entries for play in kept):
        known = {tag for play in plays for entry in play.entries for tag in entry.tags}
        message = f"no entry bears the tag {' or '.join(sorted(tags))}"
        reader.problems.append(
            Problem(file, 0, 0, "", message, f"tags are {', '.join(sorted(known)) or 'none'}")
        )
    return tuple(play for play in kept if play.entries)
