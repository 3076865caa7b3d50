"""Writing rendered files into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ailtire_deploy.errors import Usage


def write(directory: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write every file, by its path below ``directory``. Raises Usage when the folder cannot be written."""
    written = []
    try:
        for name, content in files.items():
            file = directory / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            written.append(file)
    except OSError as error:
        raise Usage(f"{error.filename or directory} cannot be written: {error.strerror}") from None
    return written
