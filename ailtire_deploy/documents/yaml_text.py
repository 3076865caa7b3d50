"""Strict YAML: the only place that imports pyyaml.

Values are composed here from the parser's events, in one walk, instead of by pyyaml's constructors: that
gives each value its place, and leaves no way to a tag, a deep nest or an alias bomb.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from ailtire_deploy.documents.document import Document, Node
from ailtire_deploy.documents.limits import ALIASED, DEPTH, LONG, SIZE, VALUES
from ailtire_deploy.documents.scalars import RAW, ends_raw, plain, raw
from ailtire_deploy.errors import InvalidInput, Problem

_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # pyyaml without its C part is slower, not different


def read_yaml(source: bytes | str, file: str, problems: list[Problem] | None = None) -> Document:
    """Parse one YAML document. Raises InvalidInput with the place of what is wrong.

    With a list of ``problems``, those after which reading can go on (a key that stands there twice, an
    unknown tag) are put there instead, so that a caller can report them beside what it finds itself.
    """
    if len(source) > SIZE:
        raise InvalidInput([Problem(file, 0, 0, "", f"larger than {SIZE // 1024} KiB")])
    composer = _Composer(_decode(source, file), file)
    document = Document(file, _composed(composer, file))
    if problems is None and composer.problems:
        raise InvalidInput(composer.problems)
    if problems is not None:
        problems += composer.problems
    return document


def write_yaml(data: Any, comment: str) -> str:
    """Data as a file for people: keys in their order, a comment on top; reading it gives the same data."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return f"# {comment}\n{text}"


class _Dumper(yaml.SafeDumper):
    """Without anchors, and with every text in quotes that would be read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represented(dumper: _Dumper, text: str) -> Any:
    style = None if plain(text) == text else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represented)


def _composed(composer: _Composer, file: str) -> Node:
    try:
        return composer.compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        message = " ".join(filter(None, [error.context, error.problem]))
        last = Problem(file, *place, "", f"not YAML: {message}")
    except yaml.YAMLError as error:
        before = composer.text.encode(errors="replace")[: getattr(error, "position", 0)]
        reason = getattr(error, "reason", "it cannot be read")
        last = Problem(file, before.count(b"\n") + 1, 1, "", f"not YAML: {reason}")
    raise InvalidInput([*composer.problems, last])


def _decode(source: bytes | str, file: str) -> str:
    if isinstance(source, str):
        return source
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise InvalidInput([Problem(file, line, 1, "", "not text: it has to be UTF-8")]) from None


class _Composer:
    """Turns the events of one document into nodes."""

    def __init__(self, text: str, file: str) -> None:
        self.problems: list[Problem] = []
        self.text = text
        self._file = file
        self._events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
        self._anchors: dict[str, Node] = {}
        self._aliased = 0
        self._values = 0

    def compose(self) -> Node:
        next(self._events)  # the start of the stream
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node(None, 1, 1)
        node = self._node(next(self._events), 1)
        next(self._events)  # the end of the document
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            self._refuse(event, "a second document in one file")
        return node

    def _node(self, event: Any, depth: int) -> Node:
        self._values += 1
        if self._values > VALUES:
            self._refuse(event, f"more than {VALUES} values in one file")
        if depth > DEPTH:
            self._refuse(event, f"nested deeper than {DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        if not isinstance(event, yaml.ScalarEvent) and event.tag not in (
            None,
            "!",
            "tag:yaml.org,2002:map",
            "tag:yaml.org,2002:seq",
        ):
            self._complain(event, f"the tag {event.tag} is not known here")
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, depth: int) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            self._refuse(event, f"the alias *{event.anchor} stands for nothing that is complete before it")
        self._aliased += node.weight
        if self._aliased > ALIASED:
            self._refuse(event, f"aliases stand for more than {ALIASED} values, or for as much text")
        if depth + node.height > DEPTH + 1:
            self._refuse(event, f"nested deeper than {DEPTH} levels")
        return _moved(node, event)

    def _scalar(self, event: Any) -> Node:
        tag = event.tag
        value: Any
        if tag == RAW:
            value = self._raw(event)
        elif tag is None and not event.style:
            value = plain(event.value)
        elif tag is None or tag in _TEXT_TAGS:
            value = event.value
        else:
            self._complain(event, f"the tag {tag} is not known here", "only !raw is; quotes make a text")
            value = event.value
        return _moved(Node(value, weight=1 + len(event.value) // LONG), event)

    def _raw(self, event: Any) -> str:
        if ends_raw(event.value):
            self._complain(event, "{% endraw %} cannot stand in a !raw value")
            return ""
        return raw(event.value)

    def _sequence(self, start: Any, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return _collected(start, [item.value for item in items], dict(enumerate(items)))

    def _mapping(self, start: Any, depth: int) -> Node:
        entries: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            value = self._node(next(self._events), depth + 1)
            if key == "<<" and not event.style:
                self._merge(event, value, merged)
            elif key in entries:
                self._complain(event, f"the key {key[:80]!r} stands there twice")
            else:
                entries[key] = _moved(value, event)
        below = {**merged, **entries}
        return _collected(start, {key: node.value for key, node in below.items()}, below)

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a key has to be a plain word")
        return str(event.value)

    def _merge(self, event: Any, node: Node, merged: dict[str, Node]) -> None:
        sources = list(node.below.values()) if isinstance(node.value, list) else [node]
        for source in sources:
            if not isinstance(source.value, dict):
                self._refuse(event, "<< takes a mapping, or a list of mappings")
            for key, value in source.below.items():
                merged.setdefault(str(key), value)

    def _complain(self, event: Any, message: str, hint: str = "") -> None:
        mark = event.start_mark
        self.problems.append(Problem(self._file, mark.line + 1, mark.column + 1, "", message, hint))

    def _refuse(self, event: Any, message: str) -> NoReturn:
        self._complain(event, message)
        raise InvalidInput(self.problems)


def _moved(node: Node, event: Any) -> Node:
    mark = event.start_mark
    return Node(node.value, mark.line + 1, mark.column + 1, node.below, node.weight, node.height)


def _collected(start: Any, value: Any, below: dict[Any, Node]) -> Node:
    weight = 1 + sum(node.weight for node in below.values())
    height = 1 + max((node.height for node in below.values()), default=0)
    return Node(value, start.start_mark.line + 1, start.start_mark.column + 1, below, weight, height)
