"""``logs``: the lines of a stack and everything below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ailtire_deploy.cli import options
from ailtire_deploy.cli.console import Console
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.log_lines import Asked, Source
    from ailtire_deploy.ports import LogLine
    from ailtire_deploy.remote import Remote

MOST = 10_000  # lines of a service, and characters of a text, as over REST
LONGEST = 200


def text_to_find(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Raises BadParameter for one that is too long."""
    if len(value) > LONGEST:
        raise click.BadParameter(f"at most {LONGEST} characters")
    return value


@click.command("logs")
@click.argument("stack", type=options.StackPathType())
@click.argument("service", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until interrupted.")
@click.option(
    "--tail",
    type=click.IntRange(0, MOST),
    default=100,
    show_default=True,
    help="Newest lines of each service.",
)
@click.option(
    "--since",
    type=options.Since(),
    metavar="TIME",
    help="Only lines younger than 10m, 2h, or 2030-01-31T12:00:00Z.",
)
@click.option(
    "--grep",
    default="",
    metavar="TEXT",
    callback=text_to_find,
    help="Only lines with this text as it stands; of each task the newest 10000 are searched.",
)
@click.option("--recursive/--no-recursive", default=True, help="With the stacks below it (default).")
@click.option("-t", "--timestamps", is_flag=True, help="Begin each line with its time.")
@click.option("--raw", is_flag=True, help="Let control characters of programs through to the terminal.")
@options.engine
@options.remote
@options.console("text", "json")
def command(
    console: Console,
    stack: StackPath,
    engine: str | None,
    remote: Remote | None,
    timestamps: bool,
    raw: bool,
    since: str | None,
    **asked: Any,
) -> int:
    """Show the log lines of a stack, or of one SERVICE of it, dead tasks included, in order of time.

    SOURCE | TEXT was written to standard output, SOURCE ! TEXT to standard error. Where lines are missing,
    since a node is away or there are too many of them, a note says so, and the exit code is 8. With -f and
    --output json each line is a document of its own.

    \b
    Examples:
      ailtire-deploy logs shop --tail 20
      ailtire-deploy logs shop/orders db -f --since 10m
      ailtire-deploy logs shop --grep "connection refused"
    """
    import time

    from ailtire_deploy import moments
    from ailtire_deploy.log_lines import Asked

    now = time.time()
    wanted = Asked(**asked, since=moments.since(since, now) if since else 0.0)
    written = Written(console, timestamps, raw)
    found = asked_for(remote, stack, wanted, since) if remote else read(engine, stack, wanted, now)
    with found as lines:
        (written.one_by_one if wanted.follow else written.together)(lines)
    return written.code


@contextmanager
def asked_for(
    remote: Remote, stack: StackPath, asked: Asked, since: str | None
) -> Iterator[Iterable[LogLine]]:
    """The lines that the stack's controller tells. What is long ago it measures by its own clock."""
    from dataclasses import asdict

    remote.insist(stack)
    yield remote.lines(stack, **asdict(asked) | {"since": since, "grep": asked.grep or None})


@contextmanager
def read(engine: str | None, stack: StackPath, asked: Asked, now: float) -> Iterator[Iterable[LogLine]]:
    """The lines as the engine has them; the signs of life among those to come are left out."""
    from ailtire_deploy import log_lines
    from ailtire_deploy.cli.swarms import connected
    from ailtire_deploy.log_streams import Reading

    with connected(engine) as swarm:

        def select() -> tuple[Source, ...]:
            seen = swarm.engine.observe(stack.root)
            return log_lines.select(seen, stack, asked.service, recursive=asked.recursive)

        yield (line for line in Reading(swarm.engine, select, asked, now).lines() if line)


@dataclass
class Written:
    """Lines on their way to whoever reads them; notes of a text go beside it."""

    console: Console
    timestamps: bool
    raw: bool
    notes: int = 0

    def together(self, lines: Iterable[LogLine]) -> None:
        from ailtire_deploy import log_lines

        self.console.result(
            text=lambda: (self.as_text(line) for line in self.counted(lines)),
            data=lambda: [log_lines.as_json(line) for line in self.counted(lines, beside=False)],
        )

    def one_by_one(self, lines: Iterable[LogLine]) -> None:
        """Each line at once, as text or as a JSON document of its own."""
        import json

        from ailtire_deploy import log_lines

        json_wanted = self.console.format == "json"
        for line in self.counted(lines, beside=not json_wanted):
            written = json.dumps(log_lines.as_json(line)) if json_wanted else self.as_text(line)
            self.console.lines([written])

    def counted(self, lines: Iterable[LogLine], beside: bool = True) -> Iterator[LogLine]:
        """The same lines; notes are counted, and told on the other stream if they are to stand beside."""
        from ailtire_deploy.ports import NOTE
        from ailtire_deploy.views import plain

        for line in lines:
            self.notes += line.stream == NOTE
            if line.stream == NOTE and beside:
                self.console.tell(f"note: {plain.line(f'{line.source}: {line.text}')}")
            else:
                yield line

    def as_text(self, line: LogLine) -> str:
        """``shop/web.1 | text``, standard error in the colour of a warning."""
        from ailtire_deploy import log_lines
        from ailtire_deploy.views import plain

        paint = self.console.paint
        moment = f"{plain.line(line.time)} " if self.timestamps else ""
        source = paint("dim", f"{moment}{plain.line(line.source)} {log_lines.mark(line)}")
        text = line.text if self.raw else plain.line(line.text.expandtabs(4))
        return f"{source} {paint('warning', text) if line.stream == 'stderr' else text}"

    @property
    def code(self) -> int:
        """The exit code: whether lines are missing."""
        from ailtire_deploy.errors import DONE, Partly

        return Partly.exit_code if self.notes else DONE
