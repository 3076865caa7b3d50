"""``logs``: the lines of a stack and everything below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.log_lines import Source
    from ailtire_deploy.ports import Engine, LogLine
    from ailtire_deploy.remote import Remote

DEFAULT_TAIL = 100


@click.command("logs")
@click.argument("stack", type=options.StackPathType())
@click.argument("service", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until interrupted.")
@click.option(
    "--tail",
    type=click.IntRange(min=0),
    default=DEFAULT_TAIL,
    show_default=True,
    help="Newest lines of each service.",
)
@click.option(
    "--since", type=options.Duration(), metavar="TIME", help="Only lines younger than that: 10m, 2h."
)
@click.option("--recursive/--no-recursive", default=True, help="With the stacks below it (default).")
@click.option("-t", "--timestamps", is_flag=True, help="Begin each line with its time.")
@options.engine
@options.remote
@options.console("text", "json")
def command(
    console: Console,
    stack: StackPath,
    service: str | None,
    follow: bool,
    tail: int,
    since: float | None,
    recursive: bool,
    timestamps: bool,
    engine: str | None,
    remote: Remote | None,
) -> None:
    """Show the log lines of a stack, or of one SERVICE of it, dead tasks included, in order of time.

    With -f and --output json each line is a document of its own.

    \b
    Examples:
      ailtire-deploy logs shop --tail 20
      ailtire-deploy logs shop/orders db -f --since 10m
    """
    import time

    from ailtire_deploy import log_lines, log_streams
    from ailtire_deploy.cli.swarms import connected

    if remote:
        show_asked(console, remote, stack, timestamps, follow, recursive, service, tail, since)
        return
    with connected(engine) as swarm:

        def select() -> tuple[Source, ...]:
            return log_lines.select(swarm.engine.observe(stack.root), stack, service, recursive=recursive)

        started = time.time()
        lines = log_streams.newest(swarm.engine, select(), tail, started - since if since else 0.0)
        if follow:
            show_following(console, [*lines], followed(swarm.engine, select, started), timestamps)
        else:
            show(console, lines, timestamps)


def show_asked(
    console: Console,
    remote: Remote,
    stack: StackPath,
    timestamps: bool,
    follow: bool,
    recursive: bool,
    service: str | None,
    tail: int,
    since: float | None,
) -> None:
    """The same as the stack's controller tells it."""
    age = f"{since:.0f}s" if since else None
    asked = {"service": service, "tail": tail, "since": age, "follow": follow, "recursive": recursive}
    remote.insist(stack)
    lines = remote.lines(stack, **asked)
    if follow:
        show_following(console, [], lines, timestamps)
    else:
        show(console, lines, timestamps)


def followed(engine: Engine, select: Callable[[], tuple[Source, ...]], started: float) -> Iterator[LogLine]:
    """Lines as they come, for ever; the heartbeats between them are left out."""
    from ailtire_deploy import log_streams

    found = log_streams.follow(engine, select, started, lambda: False)
    return (line for line in found if line is not None)


def show(console: Console, lines: Iterable[LogLine], timestamps: bool) -> None:
    from ailtire_deploy import log_lines

    console.result(
        text=lambda: (as_text(console, line, timestamps) for line in lines),
        data=lambda: [log_lines.as_json(line) for line in lines],
    )


def show_following(
    console: Console, first: Iterable[LogLine], rest: Iterable[LogLine], timestamps: bool
) -> None:
    """Each line at once, as text or as a JSON document of its own."""
    import itertools
    import json

    from ailtire_deploy import log_lines

    for line in itertools.chain(first, rest):
        if console.format == "json":
            console.lines([json.dumps(log_lines.as_json(line))])
        else:
            console.lines([as_text(console, line, timestamps)])


def as_text(console: Console, line: LogLine, timestamps: bool) -> str:
    """``shop/web.1 | text``, standard error in the colour of a warning."""
    from ailtire_deploy.views import plain

    moment = f"{plain.line(line.time)} " if timestamps else ""
    source = console.paint("dim", f"{moment}{plain.line(line.source)} |")
    text = plain.line(line.text.expandtabs(4))
    return f"{source} {console.paint('warning', text) if line.stream == 'stderr' else text}"
