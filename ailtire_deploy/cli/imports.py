"""Reading a Compose file with what lies beside it, and writing what was made of it."""

from __future__ import annotations

from pathlib import Path

from ailtire_deploy.documents import SIZE, read_yaml
from ailtire_deploy.errors import InvalidInput, Problem, Usage
from ailtire_deploy.importing import Imported, translate
from ailtire_deploy.loading.files import Folder, Unreadable, target


def read(file: Path) -> Imported:
    """The definition of a Compose file. Raises InvalidInput."""
    try:
        located, folder = target(file)
        document = read_yaml(located.read(SIZE), located.shown)
    except Unreadable as error:
        raise InvalidInput([Problem(str(file), 0, 0, "", str(error))]) from None
    return translate(document, located.folder.name, lambda name: beside(folder, name))


def beside(folder: Folder, name: str) -> str:
    """A text file in the folder of the Compose file. Raises ValueError (Unreadable) with the reason."""
    try:
        return folder.read(name.removeprefix("./"), SIZE).decode()
    except UnicodeDecodeError:
        raise Unreadable("is not text: it has to be UTF-8") from None


def write(file: Path, text: str) -> None:
    """A new file. Raises Usage when there is one, or it cannot be written."""
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        raise Usage(f"{file} exists, and is left as it is") from None
    except OSError as error:
        raise Usage(f"{file} cannot be written: {error.strerror}") from None
