"""Where results and progress go, and in which form."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import click

from ailtire_deploy.cli.colours import is_terminal, painter
from ailtire_deploy.views import plain
from ailtire_deploy.views.paint import Paint

Format = Literal["text", "json", "markdown"]
Lines = Callable[[], Iterable[str]]
UNLIMITED = 100_000


@dataclass(frozen=True, slots=True)
class Console:
    """One command's way to speak: results on stdout in the form asked for, everything else on stderr."""

    format: Format = "text"
    verbosity: int = 0
    colour: str = "auto"
    progress: str = "auto"

    @property
    def paint(self) -> Paint:
        """Colours of results."""
        return painter(sys.stdout, self.colour)

    @property
    def width(self) -> int:
        """Columns for a line of results; nothing is cut when it goes into a file or a pipe."""
        if sys.stdout.isatty() or os.environ.get("COLUMNS"):
            return shutil.get_terminal_size().columns
        return UNLIMITED

    @property
    def draws(self) -> bool:
        """Whether a live tree may be drawn on stderr: never off a terminal, whatever was asked."""
        return self.progress in ("auto", "tty") and is_terminal(sys.stderr)

    @property
    def quiet(self) -> bool:
        return self.progress == "quiet"

    def result(self, *, text: Lines, data: Callable[[], Any], markdown: Lines | None = None) -> None:
        """The whole result of a command, made only in the form that is asked for."""
        if self.format == "json":
            click.echo(plain.document(data()))
        else:
            self.lines((markdown or text)() if self.format == "markdown" else text())

    def text(self, lines: Iterable[str]) -> None:
        """A part of a result that only text shows."""
        if self.format == "text":
            self.lines(lines)

    def header(self, line: str) -> None:
        """What a changing command is about to touch: first in a text, beside any other form."""
        if self.format == "text":
            self.lines([self.paint("title", line)])
        elif not self.quiet:
            self.tell(line)

    def lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            click.echo(line, color=True)

    def tell(self, line: str) -> None:
        """One line of progress; it is seen at once."""
        click.echo(line, err=True, color=True)
