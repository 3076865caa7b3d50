"""The name of a secret object in a revision: only one that this stack's own key can have is believed."""

from __future__ import annotations

import re

from ailtire_deploy import names
from ailtire_deploy.names import StackPath

_MARK = "0" * 12


def names_its_own(path: StackPath, key: str, name: str) -> bool:
    """Whether ``name`` is that of an object made for secret ``key`` of the stack at ``path``.

    A definition that could name any object would read the secrets of others.
    """
    pattern = names.in_stack(path, names.hashed_key(key, _MARK))
    if pattern.endswith(_MARK):
        return re.fullmatch(re.escape(pattern.removesuffix(_MARK)) + "[0-9a-f]{12}", name) is not None
    return len(name) == len(pattern) and name[:-8] == pattern[:-8]  # shortened: the last eight are a hash
