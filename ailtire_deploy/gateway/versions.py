"""The configurations of a proxy on disk: a folder each, and ``current``, a link to the one in force.

HAProxy is started with paths through the link, so that a reload, which repeats them, reads what it then
points to. Each folder names its own configuration to HAProxy, which can be asked for it afterwards.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from ailtire_deploy.names import content_id

NAMED = "id.cfg"
VARIABLE = "CFGID"  # in the environment of HAProxy's worker: which configuration it serves
MAIN = "haproxy.cfg"


class Versions:
    """Kept below ``folder``, which is made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def store(self, files: Mapping[str, str]) -> str:
        """Write a configuration and return its id."""
        name = content_id(files)
        place = self.folder / name
        place.mkdir(exist_ok=True)
        for file, text in files.items():
            (place / file).write_text(text)
        (place / NAMED).write_text(f"global\n    setenv {VARIABLE} {name}\n")
        return name

    def arguments(self, name: str = "current") -> list[str]:
        """How HAProxy is told to read a configuration; by default the one in force."""
        place = self.folder / name
        return ["-f", str(place / NAMED), "-f", str(place / MAIN)]

    def use(self, name: str) -> None:
        """Put a configuration in force, and forget all but it and the one before."""
        link, fresh = self.folder / "current", self.folder / "fresh"
        before = link.readlink().name if link.is_symlink() else ""
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(name)
        fresh.replace(link)
        for each in self.folder.iterdir():
            if each.is_dir() and not each.is_symlink() and each.name not in (name, before):
                shutil.rmtree(each)
