"""Our own templates, rendered with values that were decided before."""

from __future__ import annotations

import json
import re
from functools import cache
from hashlib import sha256
from typing import Any, Protocol

from jinja2 import BytecodeCache, DictLoader, Environment, StrictUndefined, Template
from jinja2.bccache import Bucket

# JSON lets these stand as they are, readers of YAML refuse them or take them for a line's end.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Store(Protocol):
    """Where compiled templates outlive the process. What it gives back is run: it has to be trusted."""

    def get(self, key: str) -> bytes | None: ...
    def put(self, key: str, content: bytes) -> None: ...


class _Compiled(BytecodeCache):
    store: Store | None = None

    def load_bytecode(self, bucket: Bucket) -> None:
        found = self.store.get(bucket.key) if self.store else None
        if found:
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if self.store:
            self.store.put(bucket.key, bucket.bytecode_to_string())


_kept = _Compiled()


def keep_compiled(store: Store | None) -> None:
    """Take compiled templates from a store from now on, and put new ones there."""
    _kept.store = store


def artifact(template_text: str, **values: Any) -> str:
    """Render one of the packaged templates.

    The filter ``json`` writes a value as JSON, which YAML reads as the same value: a value never becomes
    structure. A name the caller forgot is an error (jinja2.UndefinedError): a mistake of ours, not of a user.
    """
    return _compiled(template_text).render(values)


@cache
def _compiled(template_text: str) -> Template:
    name = sha256(template_text.encode()).hexdigest()
    environment = Environment(
        loader=DictLoader({name: template_text}),
        bytecode_cache=_kept,
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["json"] = _json
    return environment.get_template(name)


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
