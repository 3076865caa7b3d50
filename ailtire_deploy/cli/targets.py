"""What a command is about: files that are loaded, or stacks that run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ailtire_deploy.errors import InvalidInput, Problem, Usage
from ailtire_deploy.names import StackPath

if TYPE_CHECKING:
    from ailtire_deploy.loading import Entry, Playbook

FILES = (".yml", ".yaml", ".json")


def load(target: Path, context: str | None, extra: Sequence[str], tags: str) -> Playbook:
    """The playbook a file means. Raises InvalidInput with every problem, Usage for a malformed ``-e``."""
    from ailtire_deploy import checked, loading, templating

    values, files = split_extra(extra)
    marks = checked.default_path(os.environ)
    templating.keep_compiled(checked.Compiled(marks.with_name("compiled")))
    with checked.remembered(marks):
        return loading.load(target, context=context, extra=values, extra_files=files, tags=split_tags(tags))


def split_extra(extra: Sequence[str]) -> tuple[dict[str, str], list[Path]]:
    """``-e`` values by name, the last of a name counts, and the files of ``-e @FILE``."""
    files = [Path(each[1:]) for each in extra if each.startswith("@")]
    pairs = [each.partition("=") for each in extra if not each.startswith("@")]
    wrong = [name for name, equals, _ in pairs if not (name and equals)]
    if wrong:
        raise Usage(f"-e {wrong[0]}: write NAME=VALUE or @FILE")
    return {name: value for name, _, value in pairs}, files


def split_tags(tags: str) -> list[str]:
    return [each.strip() for each in tags.split(",") if each.strip()]


def entries(playbook: Playbook) -> list[Entry]:
    """All root stacks of a playbook, in its order."""
    return [entry for play in playbook.plays for entry in play.entries]


def paths(target: str) -> list[StackPath]:
    """The running stacks a target names: a path itself, or the roots of a file."""
    if looks_like_a_file(target):
        return [entry.path for entry in entries(load(Path(target), None, (), ""))]
    return [path(target)]


def path(text: str) -> StackPath:
    """A stack by its path. Raises InvalidInput."""
    try:
        found = StackPath.parse(text)
    except ValueError:
        found = StackPath()
    if not found:
        hint = "a path is like shop or shop/orders, a file ends in .yml"
        raise InvalidInput([Problem(text, 0, 0, "", "neither the path of a stack nor a file", hint)])
    return found


def looks_like_a_file(target: str) -> bool:
    return target.endswith(FILES) or Path(target).is_file()
