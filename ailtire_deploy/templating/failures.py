"""Why a scalar could not be filled, and what filling may cost."""

from __future__ import annotations

TEXT_LIMIT = 64 * 1024  # characters of any text a template makes
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
    """Counts the text that templates make, and refuses what is too much."""

    def __init__(self) -> None:
        self._left = TOTAL_LIMIT

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
            raise Unrenderable(
                f"the templates of this definition make more than {TOTAL_LIMIT // 1024} KiB of text"
            )
