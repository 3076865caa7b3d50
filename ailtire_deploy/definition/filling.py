"""From a body to the model, or to every mistake in it at once.

The order matters for what is said: parameters first, then each scalar is filled once, then the schema looks
at the filled values, then the rules look at what passed. A value that failed once is not complained about
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from ailtire_deploy import maintenance
from ailtire_deploy.definition import build, forms, rules, safety, schema, uses
from ailtire_deploy.definition.draft import Draft, is_unknown, known, masked
from ailtire_deploy.definition.findings import MOST, Finding, nearest
from ailtire_deploy.definition.parameters import Parameters, entries, resolve, section
from ailtire_deploy.definition.scalars import Filling
from ailtire_deploy.documents import DEPTH, Document, too_deep
from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.model import Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.passages import Use
from ailtire_deploy.templating import Renderer

FORMAT = 1
LEVELS = 10  # stacks within stacks
STACKS = 200  # of one tree


@dataclass(frozen=True, slots=True)
class Source:
    """Where a definition, and the values given to it, stand.

    ``from_files``: whoever read it has put nested definitions in place, and said which could not be read.
    ``values`` has the part of a document that holds a given parameter; ``giver`` the part that should hold
    one that is missing. Without either, problems about parameters name the definition.
    """

    document: Document
    from_files: bool = False
    values: Mapping[str, Document] = field(default_factory=dict)
    giver: Document | None = None


@dataclass(frozen=True, slots=True)
class _Level:
    """One stack of the tree, looked at from all sides."""

    draft: Draft
    context: str
    environment: Mapping[str, str]
    problems: tuple[Problem, ...]
    source: Source

    def stack(self) -> Stack:
        return build.stack(self.draft, self.context, self.environment)


def fill(body: Mapping[str, Any], path: StackPath, source: Source | None = None) -> Stack:
    """The stack a body means, its children unfilled.

    Raises InvalidInput with all that is wrong on this level.
    """
    level = _examine(body, path, source)
    if level.problems:
        raise InvalidInput(once(level.problems))
    recorded = {"digests": body.get("digests", {}), "below": body.get("below", {})}
    return replace(level.stack(), **recorded, maintenance=maintenance.of(body))


def fill_tree(
    body: Mapping[str, Any], path: StackPath, sources: Mapping[StackPath, Source] | None = None
) -> dict[StackPath, Stack]:
    """All stacks of a tree by path, the root's first.

    ``sources`` knows the documents of a tree that was read from files: what it does not know is a
    definition that could not be read, which has been reported by then. Raises InvalidInput with all that is
    wrong on all levels.
    """
    stacks, problems = examine_tree(body, path, sources)
    if problems:
        raise InvalidInput(once(problems))
    return stacks


def once(problems: Iterable[Problem]) -> list[Problem]:
    """Problems in the order of their places; what an alias, or a file used twice, repeats is said once."""
    seen: dict[tuple[object, ...], Problem] = {}
    for each in sorted(problems):
        place = (each.file, each.line, each.column, each.message) if each.line else (each,)
        seen.setdefault(place, each)
    return list(seen.values())


def examine_tree(
    body: Mapping[str, Any], path: StackPath, sources: Mapping[StackPath, Source] | None = None
) -> tuple[dict[StackPath, Stack], list[Problem]]:
    """As ``fill_tree``, for a caller with problems of its own to add: without any, the stacks are there."""
    levels: dict[StackPath, _Level] = {}
    for at, level in _walk(body, path, sources):
        levels[at] = level
        if len(levels) > STACKS:
            return {}, [level.source.document.problem((), f"a tree of more than {STACKS} stacks")]
    problems = [problem for level in levels.values() for problem in level.problems]
    return ({} if problems else {at: level.stack() for at, level in levels.items()}), problems


def _walk(
    body: Mapping[str, Any], path: StackPath, sources: Mapping[StackPath, Source] | None
) -> Iterator[tuple[StackPath, _Level]]:
    level = _examine(body, path, (sources or {}).get(path))
    yield path, level
    if len(path.parts) == LEVELS:
        return
    for key, child in sorted(level.draft.children.items()):
        definition = child.get("definition")
        if isinstance(definition, dict):
            yield from _below(level, path / key, key, definition, sources)


def _below(
    level: _Level, path: StackPath, key: str, definition: Any, sources: Mapping[StackPath, Source] | None
) -> Iterator[tuple[StackPath, _Level]]:
    given = entries(section(level.draft.written, "services")[key].get("parameters"))
    outer = level.source.document.at("services", key)
    inline = outer.at("definition")
    if sources is not None and path in sources:
        document = sources[path].document
    elif isinstance(inline.data, dict):
        document = inline
    else:
        return
    values = {name: outer.at("parameters", *at) for name, (at, _) in given.items()}
    source = Source(document, level.source.from_files, values, outer)
    parameters = {name: value for name, (_, value) in given.items()}
    body = child_body(key, level.context, parameters, definition, uses.granted(level.draft, key))
    yield from _walk(body, path, {**(sources or {}), path: source})


def child_body(
    key: str, context: str, parameters: Mapping[str, Any], definition: Any, granted: Mapping[str, Use]
) -> dict[str, Any]:
    """What a parent tells a child: definition, parameters, the context's name, its grants, and no more."""
    return {
        "format": FORMAT,
        "name": key,
        "context": context,
        "parameters": dict(parameters),
        "environment": {},
        "definition": definition,
        **uses.in_body(granted),
    }


def _examine(body: Mapping[str, Any], path: StackPath, source: Source | None) -> _Level:
    definition = body.get("definition")
    source = source or Source(Document.unmarked(definition, "definition"))
    document = source.document
    if not isinstance(definition, dict) or too_deep(definition):
        said = "it is empty" if definition is None else "a definition is a mapping, with name and services"
        said = f"nested deeper than {DEPTH} levels" if isinstance(definition, dict) else said
        return _Level(Draft(path, {}, {}), "", {}, (document.problem((), said),), source)
    context = str(body.get("context") or "")
    given = {name: value for name, (_, value) in entries(body.get("parameters")).items()}
    parameters = resolve(definition, context, given)
    draft, findings = _draft(definition, path, parameters, uses.of_body(body))
    findings += _context(definition, context, path)
    findings += [] if source.from_files else _unread(draft)
    findings += _depth(draft)
    problems = [document.problem(each.path, each.message, each.hint) for each in dict.fromkeys(findings)]
    problems += _given(parameters, source)
    problems += _unreadable(body.get("parameters"))
    environment, wrong = _environment(body.get("environment"))
    return _Level(draft, context, environment, (*problems, *wrong), source)


def _draft(
    definition: dict[str, Any], path: StackPath, parameters: Parameters, granted: Mapping[str, Use]
) -> tuple[Draft, list[Finding]]:
    filling = Filling(Renderer(parameters.values))
    filled = filling.definition(definition)
    controls = list(islice(safety.unfit_texts(filled), MOST))
    filled = masked(filled, {each.path for each in controls})
    broken = [each for each in schema.check(filled, "stack") if not is_unknown(filled, each.path)]
    written = masked(filled, {each.path for each in broken if each.spoils})
    draft = Draft(path, known(written), written, granted)
    found = [*parameters.findings, *islice(rules.findings(draft), MOST)]
    fitting = [each for each in found if not is_unknown(written, each.path)]
    return draft, [*filling.findings, *controls, *broken, *fitting]


def _context(definition: Mapping[str, Any], context: str, path: StackPath) -> list[Finding]:
    """Only a root has to know the context: below, its name merely passes through."""
    known = section(definition, "contexts")
    if not context or not known or context in known or path.parent:
        return []
    return [Finding(("contexts",), f"there is no context {context[:40]!r}", nearest(context, known))]


def _unread(draft: Draft) -> list[Finding]:
    """Children whose definition is still the name of a file."""
    paths = [("services", key, "definition") for key, child in draft.children.items() if _is_text(child)]
    return [Finding(path, "a file cannot be read here", "send a bundle, which holds all") for path in paths]


def _depth(draft: Draft) -> list[Finding]:
    if len(draft.path.parts) < LEVELS:
        return []
    message = f"stacks nested deeper than {LEVELS} levels"
    return [Finding(("services", key), message) for key in draft.children]


def _is_text(child: Mapping[str, Any]) -> bool:
    return isinstance(child.get("definition"), str)


def _given(parameters: Parameters, source: Source) -> Iterator[Problem]:
    for name, (message, hint) in parameters.wrong.items():
        place = source.values.get(name)
        if place:
            yield place.problem((), message, hint)
        else:
            yield source.document.problem(("parameters", name), message, hint)
    for name in parameters.missing[:MOST]:
        said = f"the parameter {name} has no value and no default"
        if source.giver:
            yield source.giver.problem(("parameters",), said, "give it here")
        else:
            yield source.document.problem(
                ("parameters", name), said, f"give it with -e {name}=…, or a default"
            )


def _unreadable(given: Any) -> list[Problem]:
    if (
        given is None
        or isinstance(given, Mapping)
        or (isinstance(given, list) and len(entries(given)) == len(given))
    ):
        return []
    said = "has to be a mapping, or a list of different {name, value}"
    return [Document.unmarked(given, "parameters").problem((), said)]


def _environment(given: Any) -> tuple[dict[str, str], list[Problem]]:
    """Variables set beside the definition; they are looked at as the stack's own are."""
    if not given:
        return {}, []
    probe = {"environment": given, "services": {"it": {"image": "it"}}}
    document = Document.unmarked(probe, "environment")
    found = [*safety.unfit_texts({"environment": given}), *schema.check(probe, "stack")]
    if found:
        return {}, [document.problem(each.path, each.message, each.hint) for each in found]
    return forms.as_map(given), []
