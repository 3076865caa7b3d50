"""How much of an input is read. More is an attack or a mistake, and refused before it costs anything."""

from __future__ import annotations

SIZE = 1024 * 1024  # bytes of one file
DEPTH = 50  # values within values; ten nested stacks in one bundle need about forty
VALUES = 20_000  # in one file
ALIASED = 10_000  # values that all aliases of one file stand for together
LONG = 100  # characters of a text that weigh as much as one value more
DIGITS = 18  # of a whole number: more does not fit what JSON readers can hold
