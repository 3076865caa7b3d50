"""Reading files that somebody else's text names.

Definitions may name other definitions anywhere in the *project* of the target: the nearest folder above it
that holds ``.git``, else the folder above the target's own. Configs, secrets and the like lie in the folder
of the definition that names them, or below. Links are followed, and where they lead is what counts.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path


class Unreadable(ValueError):
    """A file that is not there, may not be read, or lies where it must not; no message holds its content."""


class Absent(Unreadable):
    """One that is not there, or a value that nobody gave: elsewhere it may be."""


@dataclass(frozen=True, slots=True)
class Located:
    """A file that was found: where it really is, and how to name it to the user."""

    path: Path
    shown: str

    @property
    def folder(self) -> Path:
        return self.path.parent

    def read(self, limit: int) -> bytes:
        """The content. Raises Unreadable, without waiting, for what is no plain file."""
        return read(self.path, limit)


@dataclass(frozen=True, slots=True)
class Folder:
    """A definition's folder, from which the files it names are read; nothing outside ``project`` is."""

    path: Path
    project: Path
    shown: str = ""

    def read(self, name: str, limit: int) -> bytes:
        """A file in this folder or below. Raises Unreadable with the reason, never with content."""
        return self._locate(name, self.path, "the folder of the definition that names it").read(limit)

    def definition(self, name: str) -> Located:
        """Another definition of the same project. Raises Unreadable."""
        return self._locate(name, self.project, "the project")

    def beside(self, located: Located) -> Folder:
        """The folder of a file of the same project."""
        return Folder(located.folder, self.project, str(Path(located.shown).parent))

    def _locate(self, name: str, within: Path, place: str) -> Located:
        if not name.isprintable() or not name or name.startswith(("/", "~")):
            raise Unreadable("has to be a path relative to the file that names it")
        path = Path(os.path.realpath(self.path / name))
        if not path.is_relative_to(within):
            raise Unreadable(f"lies outside {place}")
        return Located(path, os.path.normpath(Path(self.shown) / name))


def target(path: Path) -> tuple[Located, Folder]:
    """The file a user names on the command line, with its folder. Raises Unreadable."""
    if os.path.isdir(path):  # noqa: PTH112 - Path's own raises where it may not look
        path = _inside(path)
    real = Path(os.path.realpath(path))
    return Located(real, str(path)), Folder(real.parent, project(real.parent), str(path.parent))


def _inside(folder: Path) -> Path:
    for name in ("playbook.yml", "stack.yml"):
        if os.path.isfile(folder / name):  # noqa: PTH113 - as above
            return folder / name
    raise Unreadable("is a folder without playbook.yml or stack.yml")


def project(folder: Path) -> Path:
    """How far up the files of a target in ``folder`` may lie."""
    for above in (folder, *folder.parents):
        if os.path.exists(above / ".git"):  # noqa: PTH110 - as above
            return above
    return folder.parent if folder.parent != Path(folder.anchor) else folder


def read(path: Path, limit: int) -> bytes:
    """The content of a plain file of at most ``limit`` bytes. Raises Unreadable.

    Opening never waits, so that a named pipe is refused instead of hanging.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise Absent("does not exist") from None
    except PermissionError:
        raise Unreadable("may not be read by this user") from None
    except OSError:
        raise Unreadable("cannot be opened") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise Unreadable("is a folder" if stat.S_ISDIR(mode) else "is not a plain file")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            content = file.read(limit + 1)
    except OSError:
        raise Unreadable("cannot be read") from None
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise Unreadable(f"is larger than {limit // 1024} KiB")
    return content
