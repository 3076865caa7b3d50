"""Input files as plain data that remembers where each value stood.

``read_yaml`` and ``read_json`` turn text into a ``Document``; ``canonical`` and ``digest`` turn data into
the one text, and the one hash, that stand for it. YAML is read strictly: the scalars of YAML 1.2
(``22:22``, ``no`` and ``0644`` stay text), no duplicate keys, no tags but ``!raw``, and limits on size,
depth and aliases.
"""

from __future__ import annotations

from ailtire_deploy.documents.canonical import canonical, digest
from ailtire_deploy.documents.document import Document, Node, Path, dotted
from ailtire_deploy.documents.json_text import read_json, too_deep
from ailtire_deploy.documents.limits import DEPTH, SIZE
from ailtire_deploy.documents.yaml_text import read_yaml, write_yaml

__all__ = [
    "DEPTH",
    "SIZE",
    "Document",
    "Node",
    "Path",
    "canonical",
    "digest",
    "dotted",
    "read_json",
    "read_yaml",
    "too_deep",
    "write_yaml",
]
