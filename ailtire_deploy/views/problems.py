"""Errors as text and JSON: every problem with its place, its path and what it should be."""

from __future__ import annotations

from typing import Any

from ailtire_deploy.errors import AiltireError, InvalidInput, Problem
from ailtire_deploy.views import paint, plain
from ailtire_deploy.views.paint import Paint


def as_text(error: AiltireError, colour: Paint = paint.none) -> list[str]:
    """One line for each problem of a wrong input, ``error: …`` for anything else."""
    if isinstance(error, InvalidInput):
        return [problem_line(each, colour) for each in error.problems]
    return [f"{colour('error', 'error:')} {plain.line(str(error))}"]


def problem_line(problem: Problem, colour: Paint = paint.none) -> str:
    """``file:line:column: path: message (hint)``."""
    where, told = plain.line(_where(problem)), plain.line(str(problem))
    return colour("title", where) + told.removeprefix(where)


def as_json(error: AiltireError) -> dict[str, Any]:
    """``{verdict, problems: [{file, line, column, path, message, hint}]}``."""
    return {"verdict": verdict(error), "problems": [_problem(each) for each in problems(error)]}


def verdict(error: AiltireError) -> str:
    """The kind of an error in one word: ``invalid``, ``busy``, ``unreachable``, ``failed``, …"""
    if isinstance(error, InvalidInput):
        return "invalid"
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in type(error).__name__)
    return words.strip()


def problems(error: AiltireError) -> tuple[Problem, ...]:
    """What is wrong; an error without places is one problem without a place."""
    return error.problems if isinstance(error, InvalidInput) else (Problem("", 0, 0, "", str(error)),)


def _problem(problem: Problem) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in ("file", "line", "column", "path", "message", "hint")}


def _where(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}:{problem.column}:" if problem.line else f"{problem.file}:"
