"""Values that enter a proxy's configuration or an environment file: only what a pattern lets through.

Neither format has a way to quote that holds for every value, so a value that does not fit is refused instead.
The definition has refused it before, with the place in the file; this is the second lock on the same door.
"""

from __future__ import annotations

import re

from ailtire_deploy.errors import InvalidInput, Problem

_PATTERNS = {
    "host": re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9][A-Za-z0-9-]*)*"),
    "path": re.compile(r"/([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?"),
    "label": re.compile(r"_?[a-z][a-z0-9-]*(\.[a-z0-9-]+)*"),
    "name": re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}"),
    "method": re.compile(r"[A-Z]{1,10}"),
    "segment": re.compile(r"_[a-z]{1,20}"),
    "subnet": re.compile(r"[0-9a-fA-F.:]{2,45}/[0-9]{1,3}"),
    "file": re.compile(r"[A-Za-z0-9._/-]+"),
    "bind": re.compile(r"([0-9.]*|\*):[0-9]{1,5}"),
    "header": re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}"),
    "header value": re.compile(
        r"[!#&'()*+,./0-9:;<=>?@A-Z\[\]^_a-z{|}~-][ !#&'()*+,./0-9:;<=>?@A-Z\[\]^_a-z{|}~-]{0,499}"
    ),
    "media type": re.compile(r"[a-z]{1,20}/[a-z]{1,20}"),
    "key": re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62})"),
    "variable": re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*"),
}


def narrow(kind: str, value: str) -> str:
    """``value`` itself when it fits the pattern of its kind. Raises InvalidInput."""
    if not _PATTERNS[kind].fullmatch(value):
        raise InvalidInput([Problem("definition", 0, 0, "", f"{value[:80]!r} is not accepted as a {kind}")])
    return value


def segments(path: str) -> str:
    """A path for a prefix match: one without ``.`` and ``..``, which programs read differently."""
    if {".", ".."} & set(path.split("/")):
        raise InvalidInput([Problem("definition", 0, 0, "", f"{path[:80]!r} leads out of itself")])
    return narrow("path", path)
