"""Definitions: what is wrong with one, and the stack it means.

A *body* is what a revision holds: ``{format, name, context, parameters, environment, definition}``.
``fill`` makes a ``Stack`` of one body, ``fill_tree`` of a body and all definitions inside it; both say
everything that is wrong at once. Nothing here reads a file.
"""

from __future__ import annotations

from ailtire_deploy.definition.filling import (
    FORMAT,
    LEVELS,
    STACKS,
    Source,
    examine_tree,
    fill,
    fill_tree,
    once,
)

__all__ = ["FORMAT", "LEVELS", "STACKS", "Source", "examine_tree", "fill", "fill_tree", "once"]
