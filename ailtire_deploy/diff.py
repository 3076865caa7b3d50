"""The difference between a wish and what was found, field by field.

Changed means: a field *we* set differs in reality, or the content hash differs although no such field does
(then something was taken out of the definition). What the engine or a hand added to a field we never set is
no change by itself; it is shown once the resource is written anyway, because writing takes it away. Both
specs are in the normal form of ``specs``. The value of a secret is never looked at.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_deploy.names import (
    LABEL_HASH,
    LABEL_OUTCOME,
    LABEL_RELEASE,
    LABEL_REPORT,
    LABEL_RUN,
    LABEL_SURVEY,
)
from ailtire_deploy.state import Resource

KEPT_LABELS = frozenset({LABEL_OUTCOME, LABEL_REPORT, LABEL_RELEASE, LABEL_SURVEY})
"""Written once by who makes a revision, from then on by the controller that reads it: never a difference."""

UNCOMPARED = KEPT_LABELS | {LABEL_RUN}
"""No difference either: for which revision a job ran says nothing about whether it has to run."""

HASH_PATH = f"Labels.{LABEL_HASH}"

IDENTITIES: Mapping[str, tuple[str, ...]] = {
    "Networks": ("Target",),
    "Configs": ("ConfigName",),
    "Secrets": ("SecretName",),
    "Mounts": ("Target",),
    "Ports": ("TargetPort", "Protocol", "PublishedPort"),
}
"""Lists of mappings whose order means nothing, and what tells their elements apart."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field: how it was found and how it is wished. None means that there is no such field."""

    path: str
    before: Any
    after: Any

    def lines(self) -> tuple[str, ...]:
        """The change as text: ``path: before → after``, or a unified diff of texts of several lines."""
        before, after = ("" if value is None else value for value in (self.before, self.after))
        if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
            return (f"{self.path}:", *_unified(before, after))
        return (f"{self.path}: {_shown(self.before)} → {_shown(self.after)}",)


def changes(desired: Resource, found: Resource) -> tuple[Change, ...]:
    """All that writing ``desired`` over ``found`` changes; nothing when there is no reason to write."""
    labels = tuple(_label_drift(desired, found))
    drift = (*_drift("", desired.spec, found.spec), *contents(desired, found))
    if not (labels or drift):
        return ()
    told = [each for each in labels if each.path != HASH_PATH]
    told += sorted((*drift, *_surplus("", desired.spec, found.spec)), key=lambda each: each.path)
    return tuple(told) or labels


def contents(desired: Resource, found: Resource) -> tuple[Change, ...]:
    """How the content of one config differs from that of another. Of secrets nothing is told."""
    if "secret" in (desired.kind, found.kind) or None in (desired.data, found.data):
        return ()
    if desired.data == found.data:
        return ()
    return (Change("Data", _text(found.data or b""), _text(desired.data or b"")),)


def _label_drift(desired: Resource, found: Resource) -> Iterator[Change]:
    wanted = {name: value for name, value in desired.labels.items() if name not in UNCOMPARED}
    for name, value in sorted(wanted.items()):
        if found.labels.get(name) != value:
            yield Change(f"Labels.{name}", found.labels.get(name), value)


def _drift(path: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Change]:
    """Fields that we set and that differ in reality."""
    for key, value in wanted.items():
        yield from _compare(_join(path, key), key, value, found.get(key))


def _compare(path: str, key: str, wanted: Any, found: Any) -> Iterator[Change]:
    if wanted == found:
        return
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        yield from _drift(path, wanted, found)
        return
    ours, theirs = _named(key, wanted), _named(key, found)
    if ours is None or theirs is None:
        yield Change(path, found, wanted)
        return
    for name in sorted({*ours, *theirs}):  # we set the list as a whole: what it has too much is drift
        yield from _compare(f"{path}[{name}]", "", ours.get(name), theirs.get(name))


def _surplus(path: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Change]:
    """Fields in reality that are not in the wish."""
    for key, value in found.items():
        here = _join(path, key)
        if key not in wanted:
            yield Change(here, value, None)
        elif isinstance(value, Mapping) and isinstance(wanted[key], Mapping):
            yield from _surplus(here, wanted[key], value)
        else:
            yield from _surplus_within(here, _named(key, wanted[key]), _named(key, value))


def _surplus_within(
    path: str, wanted: Mapping[str, Any] | None, found: Mapping[str, Any] | None
) -> Iterator[Change]:
    for name, value in (found or {}).items():
        ours = (wanted or {}).get(name)
        if isinstance(value, Mapping) and isinstance(ours, Mapping):
            yield from _surplus(f"{path}[{name}]", ours, value)


def _named(key: str, value: Any) -> Mapping[str, Any] | None:
    """A list whose order means nothing as a mapping from what tells its elements apart; else None."""
    if not isinstance(value, list | tuple):
        return None
    if key == "Env":
        pairs: Iterable[tuple[str, Any]] = (str(each).partition("=")[::2] for each in value)
    elif key in IDENTITIES:
        pairs = ((_identity(key, each), each) for each in value)
    else:
        return None
    named = dict(pairs)
    return named if len(named) == len(value) else None


def _identity(key: str, element: Any) -> str:
    fields = [str(element.get(name, "")) for name in IDENTITIES[key]] if isinstance(element, Mapping) else []
    return "/".join(field for field in fields if field) or _shown(element)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    return f"binary, sha256 {hashlib.sha256(data).hexdigest()[:12]}" if "\0" in text else text


def _unified(before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return (line for line in lines if not line.startswith(("---", "+++")))


def _shown(value: Any) -> str:
    return "(none)" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
