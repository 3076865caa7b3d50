"""Options that several commands share."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from ailtire_deploy.cli.console import Console, Format

Function = Callable[..., Any]
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType[float]):
    """``90``, ``90s``, ``10m``, ``1h30m``, ``2d``: a length of time in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if not isinstance(value, str):
            return float(value)
        parts = re.findall(r"([0-9]{1,9})([smhd]?)", value)
        if not parts or "".join(number + unit for number, unit in parts) != value:
            self.fail(f"{value!r} is not a length of time; write 90s, 10m, 1h30m or 2d", param, ctx)
        return float(sum(int(number) * UNITS[unit] for number, unit in parts))


class Since(click.ParamType[str]):
    """``90``, ``10m``, ``1h30m``: that long ago; or a time like ``2030-01-31T12:00:00Z``; as written."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from ailtire_deploy import moments

        text = f"{value}s" if re.fullmatch("[0-9]{1,6}", str(value), re.A) else str(value)
        try:
            moments.since(text, 0.0)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; write 10m, 1h30m or 2030-01-31T12:00:00Z", param, ctx)
        return text


class StackPathType(click.ParamType[Any]):
    """``shop`` or ``shop/orders``."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from ailtire_deploy.names import StackPath

        try:
            path = StackPath.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not path:
            self.fail("a stack is named by its path, like shop or shop/orders", param, ctx)
        return path


def console(*formats: str) -> Callable[[Function], Function]:
    """``--output --color --verbose --progress`` as one ``Console``, passed as the first argument."""

    def decorate(function: Function) -> Function:
        @wraps(function)
        def wrapped(output: Format, color: str, verbose: int, progress: str, **rest: Any) -> Any:
            return function(Console(output, verbose, color, progress), **rest)

        shown = [
            click.option("--output", type=click.Choice(formats), default="text", help="Form of the result."),
            click.option(
                "--color",
                type=click.Choice(["auto", "always", "never"]),
                default="auto",
                help="Colours; auto: on a terminal, unless NO_COLOR is set.",
            ),
            click.option(
                "--progress",
                type=click.Choice(["auto", "tty", "plain", "quiet"]),
                default="auto",
                help="Progress on stderr: a live tree (on a terminal only), plain lines, or nothing.",
            ),
            click.option("-v", "--verbose", count=True, help="Say more: what stays, causes, tracebacks."),
        ]
        return chained(wrapped, shown)

    return decorate


def engine(function: Function) -> Function:
    """``--engine``: which swarm."""
    return click.option(
        "--engine",
        metavar="CONTEXT|URL",
        help="A docker context, or unix://, tcp://, ssh:// (default: as the docker command).",
    )(function)


def remote(function: Function) -> Function:
    """``--url --token`` as one ``Remote``, or None: then there has to be an engine."""

    @wraps(function)
    def wrapped(url: str | None, token: str | None, **rest: Any) -> Any:
        return function(remote=remote_of(url, token, rest.get("engine")), **rest)

    shown = [
        click.option("--url", metavar="URL", help="Speak with the root's controller here, with no engine."),
        click.option(
            "--token",
            metavar="TOKEN",
            help="What `token` prints; - reads it from standard input (default: AILTIRE_TOKEN).",
        ),
    ]
    return chained(wrapped, shown)


def remote_of(url: str | None, token: str | None, engine: str | None) -> Any:
    """Where to speak with a controller. Raises UsageError for half of it, or for an engine beside it."""
    from ailtire_deploy.remote import Remote

    if not url:
        if token:
            raise click.UsageError("--token goes with --url")
        return None
    if engine:
        raise click.UsageError("--url and --engine are two ways to the same stack: name one")
    said = sys.stdin.readline() if token == "-" else token or os.environ.get("AILTIRE_TOKEN", "")
    if not said:
        raise click.UsageError("--url needs a token: --token TOKEN, --token - or AILTIRE_TOKEN")
    return Remote(url, said.strip())


def definition(function: Function) -> Function:
    """``--context -e --tags``: how a target is filled."""
    return chained(
        function,
        [
            click.option(
                "--context", metavar="NAME", help="Which of the definition's contexts: dev, prod, …"
            ),
            click.option(
                "-e",
                "--extra",
                "extra",
                multiple=True,
                metavar="NAME=VALUE|@FILE",
                help="Set a variable or parameter, or read some from a YAML file; may be repeated.",
            ),
            click.option(
                "--tags",
                metavar="TAG[,TAG…]",
                default="",
                help="Only stacks of the playbook with one of them.",
            ),
        ],
    )


@dataclass(frozen=True, slots=True)
class Anew:
    """What shall not stay as it was: whether tags are asked for, and keys rotated (``Custody.overlap``)."""

    resolve: bool = False
    overlap: float | None = None


def anew(function: Function) -> Function:
    """``--resolve --rotate-key --overlap``, as ``anew``. What a rotation cannot go with is a UsageError."""
    tags = "Ask registries anew what every tag stands for (default: only tags that are new here)."
    keys = "Give the tree another key; the one before stays good for --overlap (default 1d)."
    time = "For how long, at most 30d; 0 for no time."

    @wraps(function)
    def command(*args: Any, resolve: bool, rotate_key: bool, overlap: float | None, **kwargs: Any) -> Any:
        if overlap is not None and not (rotate_key and overlap <= 30 * UNITS["d"]):
            raise click.UsageError("--overlap goes with --rotate-key, and is at most 30d")
        if rotate_key and kwargs.get("url"):
            raise click.UsageError("--rotate-key needs an engine")
        if rotate_key and kwargs.get("file"):
            raise click.UsageError("a new key is drawn when it is made: --rotate-key goes with no saved plan")
        given = float(UNITS["d"] if overlap is None else overlap) if rotate_key else None
        return function(*args, anew=Anew(resolve, given), **kwargs)

    shown = [
        click.option("--resolve", is_flag=True, help=tags),
        click.option("--rotate-key", is_flag=True, help=keys),
        click.option("--overlap", type=Duration(), metavar="TIME", help=time),
    ]
    return chained(command, shown)


def target(function: Function) -> Function:
    """The file that a command is about."""
    return click.argument("target", type=click.Path(path_type=Path))(function)


def confirmation(function: Function) -> Function:
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(function)


def chained(function: Function, decorators: Iterable[Callable[[Function], Function]]) -> Function:
    """Apply decorators so that the options appear in the order given."""
    for decorate in reversed(list(decorators)):
        function = decorate(function)
    return function
