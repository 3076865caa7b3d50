"""From arguments to an exit code. No traceback reaches a user, and a closed pipe is no error."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from ailtire_deploy import errors
from ailtire_deploy.cli import streams
from ailtire_deploy.cli.app import app
from ailtire_deploy.errors import AiltireError

PROGRAM = "ailtire-deploy"
COMPLETION = "_AILTIRE_DEPLOY_COMPLETE"


class InternalError(AiltireError):
    """A mistake in this program."""


def interrupt(number: int, frame: object) -> NoReturn:
    """Being told to end is being interrupted: the same way out, the same words."""
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    signal.signal(signal.SIGTERM, interrupt)
    try:
        stand_somewhere()
        return as_code(invoke(arguments))
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        return helped(error)
    except click.ClickException as error:
        return refused(error, arguments)
    except AiltireError as error:
        return reported(error, arguments)
    except (KeyboardInterrupt, EOFError, click.Abort):
        click.echo("interrupted; the swarm goes on with what was written", err=True)
        return errors.INTERRUPTED
    except BrokenPipeError:
        return streams.silenced()
    except Exception as error:
        if isinstance(error, OSError) and error.errno in streams.FULL:
            return streams.unwritable(error)
        return unexpected(error, arguments)


def stand_somewhere() -> None:
    """Raises Usage in a folder that was removed: no path has a meaning there."""
    try:
        Path.cwd()
    except OSError:
        raise errors.Usage("the current folder is not there any more; go to another") from None


def invoke(arguments: list[str]) -> object:
    """Parse and call; click's own ``main`` would end the process itself where a pipe is closed."""
    if COMPLETION in os.environ:
        return app.main(arguments, prog_name=PROGRAM, complete_var=COMPLETION)
    with app.make_context(PROGRAM, list(arguments)) as context:  # it takes its list apart
        return app.invoke(context)


def as_code(result: object) -> int:
    """A command returns its exit code, or nothing when all is well."""
    return result if isinstance(result, int) else errors.DONE


def helped(error: click.exceptions.NoArgsIsHelpError) -> int:
    """Called without a command: the help is the answer, and the call was wrong all the same."""
    click.echo(error.format_message(), err=True)
    return errors.Usage.exit_code


def refused(error: click.ClickException, arguments: Sequence[str]) -> int:
    """The command line itself is wrong."""
    if wants_json(arguments):
        return reported(errors.Usage(error.format_message()), arguments)
    error.show()
    return errors.Usage.exit_code


def reported(error: AiltireError, arguments: Sequence[str]) -> int:
    """An error of ours: on stderr in words, or on stdout as the one JSON document."""
    from ailtire_deploy.cli.colours import painter
    from ailtire_deploy.views import plain, problems

    if wants_json(arguments):
        click.echo(plain.document(problems.as_json(error)))
    else:
        for line in problems.as_text(error, painter(sys.stderr, colour_of(arguments))):
            click.echo(line, err=True, color=True)
    return error.exit_code


def unexpected(error: Exception, arguments: Sequence[str]) -> int:
    """A mistake in this program: one sentence, and how to see more."""
    if os.environ.get("AILTIRE_DEBUG") or is_verbose(arguments):
        import traceback

        traceback.print_exception(error)
    said = (
        f"this is a mistake in {PROGRAM}: {type(error).__name__}: {error}; AILTIRE_DEBUG=1 or -v shows more"
    )
    return reported(InternalError(said), arguments)


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether JSON was asked for; read from the bare arguments, since they may be what is wrong."""
    return value_of("--output", arguments) == "json"


def colour_of(arguments: Sequence[str]) -> str:
    return value_of("--color", arguments) or "auto"


def is_verbose(arguments: Sequence[str]) -> bool:
    return any(each in ("-v", "-vv", "--verbose") for each in arguments)


def value_of(option: str, arguments: Sequence[str]) -> str:
    """The last value given to an option, before any ``--``."""
    before = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    pairs = zip(before, [*before[1:], ""], strict=False)
    found = [each.partition("=")[2] or after for each, after in pairs if each.partition("=")[0] == option]
    return found[-1] if found else ""
