"""Plans in files: made once, looked at by somebody, and carried out only if nothing has moved since.

A file holds no definition and no secret, only how the plan was asked for, what was seen, and what would be
written. Carrying it out reads the files again, plans again, and insists on the same plan.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ailtire_deploy import __version__
from ailtire_deploy.errors import InvalidInput, Problem, StalePlan, Usage
from ailtire_deploy.plan import Plan
from ailtire_deploy.state import State
from ailtire_deploy.views import plans

FORMAT = 1
SIZE = 32 * 1024 * 1024  # bytes
SHOWN = 5  # things that moved, named in a sentence


@dataclass(slots=True)
class SavedPlan:
    """``asked`` is how: target, context, extra, tags, engine. ``roots`` by ``CLUSTER/PATH``."""

    asked: dict[str, Any]
    roots: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, cluster: str, path: str, observed: State, found: Sequence[Plan]) -> None:
        """Add one root: what was seen of it, and its plan."""
        self.roots[f"{cluster}/{path}"] = {"seen": seen(observed), "plan": plans.as_json(found)}

    def insist(self, cluster: str, path: str, observed: State, found: Sequence[Plan]) -> None:
        """Raises StalePlan unless root and plan are what they were."""
        before = self.roots.get(f"{cluster}/{path}")
        if before is None:
            raise StalePlan(
                f"{path} on swarm {cluster} is not in the saved plan: it is for another swarm or stack"
            )
        moved = differing(before["seen"], seen(observed))
        if moved:
            raise StalePlan(f"{path} changed since the plan was saved: {moved}; plan again")
        if plans.as_json(found) != before["plan"]:
            said = "the files, the variables or the secrets changed since the plan was saved"
            raise StalePlan(f"{path}: {said}; plan again")

    def write(self, file: Path) -> None:
        """Readable by its owner only. Raises Usage when it cannot be written."""
        data = {"format": FORMAT, "version": __version__, "asked": self.asked, "roots": self.roots}
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w") as out:
                os.fchmod(handle, 0o600)
                json.dump(data, out, indent=1)
        except OSError as error:
            raise Usage(f"{file} cannot be written: {error.strerror}") from None


def read(file: Path) -> SavedPlan:
    """Raises InvalidInput for what is not a saved plan of this version."""
    try:
        with file.open("rb") as source:
            data = json.loads(source.read(SIZE))
    except OSError as error:
        raise InvalidInput([Problem(str(file), 0, 0, "", f"cannot be read: {error.strerror}")]) from None
    except (ValueError, RecursionError):
        data = None
    if not is_whole(data):
        raise InvalidInput([Problem(str(file), 0, 0, "", "is not a plan that `plan --save` wrote")])
    if (data["format"], data["version"]) != (FORMAT, __version__):
        said = f"was saved by version {str(data['version'])[:20]}, this is {__version__}"
        raise InvalidInput([Problem(str(file), 0, 0, "", said, "plan again")])
    return SavedPlan(data["asked"], data["roots"])


def is_whole(data: Any) -> bool:
    """Whether all is there, in the form in which it was written."""
    if not isinstance(data, dict) or data.keys() != {"format", "version", "asked", "roots"}:
        return False
    asked, roots = data["asked"], data["roots"]
    return (
        isinstance(asked, dict)
        and isinstance(asked.get("target"), str)
        and all(isinstance(asked.get(key), str | None) for key in ("context", "engine"))
        and isinstance(asked.get("tags"), str)
        and isinstance(asked.get("resolve"), bool)
        and isinstance(asked.get("extra"), list)
        and all(isinstance(each, str) for each in asked["extra"])
        and isinstance(roots, dict)
        and all(isinstance(each, dict) and each.keys() == {"seen", "plan"} for each in roots.values())
        and all(isinstance(each["seen"], dict) for each in roots.values())
    )


def seen(observed: State) -> dict[str, str]:
    """What identifies each thing of a tree as it was."""
    return {str(each.key): f"{each.version} {each.created}" for each in observed}


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The things that are not as they were, as text."""
    names = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
