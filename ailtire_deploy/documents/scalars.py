"""What a plain scalar means: the core schema of YAML 1.2, less what would change a value on its way."""

from __future__ import annotations

import re

from ailtire_deploy.documents.limits import DIGITS

RAW = "!raw"
_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLEANS = ("true", "True", "TRUE", "false", "False", "FALSE")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(_NULLS),
    **{word: word.lower() == "true" for word in _BOOLEANS},
}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_END = re.compile(r"\{%[-+]?\s*endraw")


def plain(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar.

    A number is one only when it can be written back: ``0644``, ``0x1f``, ``22:22``, ``1_000`` and ``.inf``
    stay text, and so does a number of more digits than readers of JSON hold.
    """
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > DIGITS + 8 or not any(digit in text for digit in "0123456789"):
        return text
    if _WHOLE.fullmatch(text):
        return int(text) if len(text) <= DIGITS else text
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number if abs(number) < float("inf") else text
    return text


def raw(text: str) -> str:
    """A scalar tagged ``!raw``, as a text that templating passes through unchanged."""
    return f"{{% raw %}}{text}{{% endraw %}}"


def ends_raw(text: str) -> bool:
    """Whether a text would end the ``{% raw %}`` that ``raw`` puts around it."""
    return _END.search(text) is not None
