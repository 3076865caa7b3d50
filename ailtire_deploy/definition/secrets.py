"""The name of a secret object in a revision: only one that this stack's own key can have is believed."""

from __future__ import annotations

import re

from ailtire_deploy import names
from ailtire_deploy.names import LIMIT, StackPath

_DIGITS = 12  # of the fingerprint at the end
_MARK = 9  # what a shortened name ends in: a dash and eight digits


def names_its_own(path: StackPath, key: str, name: str) -> bool:
    """Whether ``name`` is that of an object made for secret ``key`` of the stack at ``path``.

    A definition that could name any object would read the secrets of others.
    """
    whole = names.engine_name(*path.parts, names.hashed_key(key, "0" * _DIGITS), limit=10_000)
    before = whole[:-_DIGITS]
    if len(whole) <= LIMIT:
        return re.fullmatch(re.escape(before) + r"[0-9a-f]{12}", name) is not None
    shortened = re.escape(before[: LIMIT - _MARK]) + r"[0-9a-f]*-[0-9a-f]{8}"
    return len(name) == LIMIT and re.fullmatch(shortened, name) is not None
