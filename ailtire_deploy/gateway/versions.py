"""The configurations of a proxy on disk: a folder each, and ``current``, a link to the one in force.

HAProxy is started with paths through the link, so that a reload, which repeats them, reads what it then
points to. Each folder names its own configuration to HAProxy, which can be asked for it afterwards.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ailtire_deploy.names import TLS_FILE, certificate_file, content_id
from ailtire_deploy.proxies import Offer

NAMED = "id.cfg"
NO_TLS = "# Nothing here speaks TLS.\n"
VARIABLE = "CFGID"  # in the environment of HAProxy's worker: which configuration it serves
MAIN = "haproxy.cfg"


class Versions:
    """Kept below ``folder``, which is made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def store(self, offer: Offer) -> str:
        """Write a configuration and return its id; what lacks its certificates has another one."""
        files = offer.usable
        name = content_id(files)
        place = self.folder / name
        place.mkdir(exist_ok=True, mode=0o700)
        for file, text in {TLS_FILE: NO_TLS, **files}.items():
            (place / file).write_text(text)
        for secret, pem in offer.certificates.items():
            _write_for_owner(place / certificate_file(secret), pem)
        (place / NAMED).write_text(f"global\n    setenv {VARIABLE} {name}\n")
        return name

    def arguments(self, name: str = "current") -> list[str]:
        """How HAProxy is told to read a configuration; by default the one in force."""
        place = self.folder / name
        return [part for file in (NAMED, MAIN, TLS_FILE) for part in ("-f", str(place / file))]

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


def _write_for_owner(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
