"""Why a scalar could not be filled, and what filling may cost."""

from __future__ import annotations

from typing import NoReturn

TEXT_LIMIT = 64 * 1024  # characters of any text a template makes
SCALARS = 5_000  # scalars with a template in one definition
TOTAL_LIMIT = 4 * 1024 * 1024  # characters that all templates of one definition make together


class Unrenderable(ValueError):
    """A template that is wrong, not allowed, or too costly; ``hint`` says what helps."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Unknown(Exception):
    """A template that uses a value whose own problem has been reported already."""


class _UnknownValue:
    """Stands where a value could not be found out. It is of no type a schema knows."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _UnknownValue()


class Budget:
    """Counts what templates make, and refuses what is too much: once with a reason, then silently."""

    def __init__(self) -> None:
        self._left = TOTAL_LIMIT
        self._scalars = SCALARS
        self._spent = False

    def begin(self) -> None:
        """Account for one more scalar with a template. Raises Unknown when all is spent already."""
        self._scalars -= 1
        if self._spent:
            raise Unknown
        if self._scalars < 0:
            self._refuse(f"more than {SCALARS} templates in one definition")

    def spend(self, text: str) -> str:
        """Account for a text that exists."""
        self.reserve(len(text))
        return text

    def reserve(self, length: int) -> None:
        """Account for a text before it is made."""
        if length > TEXT_LIMIT:
            raise Unrenderable(f"it would be longer than {TEXT_LIMIT // 1024} KiB")
        self._left -= length
        if self._left < 0:
            self._refuse(f"the templates of this definition make more than {TOTAL_LIMIT // 1024} KiB of text")

    def _refuse(self, message: str) -> NoReturn:
        self._spent = True
        raise Unrenderable(message)
