"""The errors this project raises, and the exit code each one means.

::

    AiltireError (1)
    ├── InvalidInput (3)        the files, parameters or options are wrong; carries every Problem
    ├── Failed (4)              the swarm did not become what was asked for, with the reason
    │   └── RolledBack (5)
    ├── Busy (6)                somebody else is at work, or a shutdown is under way
    │   └── OutOfSequence       the object changed since it was read: read, diff and decide again
    ├── StalePlan (7)
    ├── Partly (8)              something could not be reached
    │   └── Unreachable         the engine, or a controller, does not answer
    ├── Conflict (4)            a thing of that name exists and is not ours
    │   └── Overtaken           it is ours: somebody else made it since we looked
    ├── NotFound (4)            the named object does not exist
    ├── Refused (4)             the engine or a controller understood and said no
    │   └── Denied (4)          no token, a wrong one, or one that may not do this
    └── Usage (64)

Foreign exceptions are translated into these where they enter (``engine``, ``documents``, ``templating``, …).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DONE = 0
CHANGES = 2
INTERRUPTED = 130


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in an input file, and what it should be.

    ``line`` and ``column`` count from 1; 0 means the place is unknown (a value given on the command line,
    say). ``path`` is the way into the document, for example ``services.web.interface``.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "
        what = f"{self.path}: {self.message}" if self.path else self.message
        return f"{where}{what} ({self.hint})" if self.hint else f"{where}{what}"


class AiltireError(Exception):
    """Anything this project reports instead of doing what was asked."""

    exit_code = 1


class InvalidInput(AiltireError):
    """The input is wrong; nothing was contacted and nothing changed."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Failed(AiltireError):
    """The swarm did not become what was asked for."""

    exit_code = 4


class RolledBack(Failed):
    """It failed, and the last good revision is in force again."""

    exit_code = 5


class Busy(AiltireError):
    """Somebody else is at work on this stack."""

    exit_code = 6


class OutOfSequence(Busy):
    """The object changed since it was read."""


class StalePlan(AiltireError):
    """The swarm moved since the plan was saved."""

    exit_code = 7


class Partly(AiltireError):
    """Something could not be reached, so the answer is not whole."""

    exit_code = 8


class Unreachable(Partly):
    """The engine or a controller does not answer."""


class Conflict(AiltireError):
    """A thing of that name exists and is not ours; it is left alone."""

    exit_code = 4


class Overtaken(Conflict):
    """Somebody else made it since the last look; it is ours, so look again."""


class NotFound(AiltireError):
    """The named object does not exist."""

    exit_code = 4


class Refused(AiltireError):
    """The other side understood the request and said no."""

    exit_code = 4


class Denied(Refused):
    """No token, a wrong one, or one that does not allow this."""


class Usage(AiltireError):
    """The command line itself is wrong."""

    exit_code = 64
