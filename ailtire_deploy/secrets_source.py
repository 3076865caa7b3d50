"""The values of secrets, from where a definition says they are. Nothing here shows one.

``env`` is a variable of whoever runs the command, ``file`` a file in the definition's folder or below,
``generate`` is made from the root's seed. A file's content is taken as it is, less one line end at its
end: an editor puts it there, and no password ends in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ailtire_deploy import identity
from ailtire_deploy.certificates import Examined, examine
from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.loading import Absent, Folder, Unreadable
from ailtire_deploy.model import Secret, Stack
from ailtire_deploy.names import StackPath

LIMIT = 500_000  # bytes: the engine takes less than 512,000
Read = Callable[[StackPath, str, Secret], bytes]


class NotAtHand(InvalidInput):
    """A file that is not here, or a variable that is not set: where it is applied they may be."""


def reader(folders: Mapping[StackPath, Folder], environ: Mapping[str, str], seed: bytes) -> Read:
    """A function that gives the value of secret ``key`` of the stack at ``path``.

    The function raises InvalidInput, which names the source and never a value.
    """

    def read(path: StackPath, key: str, secret: Secret) -> bytes:
        try:
            return _value(path, key, secret, folders, environ, seed)
        except Unreadable as error:
            kind = NotAtHand if isinstance(error, Absent) else InvalidInput
            raise kind([Problem(str(path), 0, 0, f"secrets.{key}.from", str(error))]) from None

    return read


def check(
    stacks: Mapping[StackPath, Stack], folders: Mapping[StackPath, Folder], environ: Mapping[str, str]
) -> None:
    """Raises InvalidInput with every source of a tree that cannot be read, before anything is begun."""
    problems = [each for error in unread(stacks, folders, environ) for each in error.problems]
    if problems:
        raise InvalidInput(problems)


def unread(
    stacks: Mapping[StackPath, Stack], folders: Mapping[StackPath, Folder], environ: Mapping[str, str]
) -> Iterator[InvalidInput]:
    """Why values of a tree's secrets cannot be read; NotAtHand where they may be elsewhere."""
    read = reader(folders, environ, b"any")
    for path, stack in sorted(stacks.items()):
        for key, secret in sorted(stack.secrets.items()):
            try:
                read(path, key, secret)
            except InvalidInput as error:
                yield error


def certificates(
    stack: Stack, folders: Mapping[StackPath, Folder], environ: Mapping[str, str], now: float
) -> list[str]:
    """What has to be said of the certificates of a root that can serve. One of a known name is not looked at.

    Raises InvalidInput with every one that cannot serve.
    """
    read, found = reader(folders, environ, b"any"), dict[str, Examined]()
    for key in stack.gateway.tls.certificates if len(stack.path.parts) == 1 else ():
        if not stack.secrets[key].name:
            found[key] = examine(read(stack.path, key, stack.secrets[key]), now)
    wrong = {key: each.problem for key, each in found.items() if each.problem}
    if wrong:
        said = [Problem(str(stack.path), 0, 0, f"secrets.{key}", each) for key, each in wrong.items()]
        raise InvalidInput(said)
    return [f"certificate {stack.path}/{key} {each.note}" for key, each in found.items() if each.note]


def _value(
    path: StackPath,
    key: str,
    secret: Secret,
    folders: Mapping[StackPath, Folder],
    environ: Mapping[str, str],
    seed: bytes,
) -> bytes:
    match secret.source:
        case {"env": name}:
            return _filled(_variable(name, environ), f"the variable {name} is empty")
        case {"file": name}:
            return _filled(_file(_folder(path, folders), name), f"the file {name} is empty")
        case {"generate": {"length": length, "generation": generation}}:
            return identity.generate(seed, path, key, generation, length).encode()
        case _:
            return b""  # one that has a name is on the swarm already


def _variable(name: str, environ: Mapping[str, str]) -> bytes:
    if name not in environ:
        raise Absent(f"the variable {name} is not set")
    return environ[name].encode(errors="surrogateescape")


def _file(folder: Folder, name: str) -> bytes:
    try:
        content = folder.read(name, LIMIT)
    except Unreadable as error:
        raise type(error)(f"the file {name} {error}") from None
    return content.removesuffix(b"\n").removesuffix(b"\r")


def _filled(value: bytes, otherwise: str) -> bytes:
    if not value:
        raise Unreadable(otherwise)
    if len(value) > LIMIT:
        raise Unreadable("it is too long for a secret")
    return value


def _folder(path: StackPath, folders: Mapping[StackPath, Folder]) -> Folder:
    """The folder of the stack's definition; one that stands inside its parent's shares that one's."""
    while path and path not in folders:
        path = path.parent
    if path not in folders:
        raise Unreadable("there is no folder to read files from")
    return folders[path]
