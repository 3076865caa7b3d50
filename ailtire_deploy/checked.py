"""What earlier runs found out, in the user's cache folder: what passed its schema, and compiled templates.

Losing it costs time only. A file of others is not read: marks let definitions pass, and templates are code.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from ailtire_deploy.definition import schema

MARK = re.compile("[0-9a-f]{64}")
SIZE = 65 * schema.KEPT  # bytes
TEMPLATES, LARGEST = 64, 1 << 20  # how many compiled ones are kept, and bytes of one
DIGEST = sha256().digest_size


def default_path(environment: Mapping[str, str]) -> Path:
    """Where the marks of a user are; compiled templates are in a folder beside."""
    cache = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or "/nonexistent") / ".cache"
    return Path(cache) / "ailtire-deploy" / "checked"


@contextmanager
def remembered(path: Path) -> Iterator[None]:
    """Within, what passed before passes at once; what passes newly is kept. A file of others is not read."""
    before = _read(path)
    for mark in before:
        schema.remember(mark)
    yield
    if schema.passed.keys() - before:
        with suppress(OSError):
            _write(path, "\n".join(schema.passed).encode())


class Compiled:
    """A folder of compiled templates, a file a key (``templating.keep_compiled``)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> bytes | None:
        """What was put there by this user, whole; None for anything else."""
        found = _own(self.folder / key, LARGEST)
        content = found[DIGEST:]
        return content if found[:DIGEST] == sha256(content).digest() else None

    def put(self, key: str, content: bytes) -> None:
        """Keep it where there is room; a full folder is begun anew (old releases gather)."""
        with suppress(OSError):
            kept = list(self.folder.iterdir()) if self.folder.is_dir() else []
            for each in kept if len(kept) >= TEMPLATES else []:
                each.unlink()
            _write(self.folder / key, sha256(content).digest() + content)


def _read(path: Path) -> set[str]:
    lines = _own(path, SIZE).decode(errors="replace").split()
    return {line for line in lines if MARK.fullmatch(line)}


def _own(path: Path, most: int) -> bytes:
    """A file that nobody but this user can have written; nothing when it is another's, or too large."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            trusted = found.st_uid == os.geteuid() and not found.st_mode & 0o022 and found.st_size <= most
            return file.read(most) if trusted else b""
    except OSError:
        return b""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile("wb", dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
