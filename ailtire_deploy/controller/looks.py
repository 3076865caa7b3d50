"""Looks at the living networks that are asked for over REST: one at a time, beside the loop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ailtire_deploy import moments
from ailtire_deploy.controller.loop import Loop
from ailtire_deploy.errors import AiltireError, Busy, NotFound
from ailtire_deploy.state import State
from ailtire_deploy.survey import Survey, insist
from ailtire_deploy.views import surveys

LINES = 10_000  # of what is told on the way

log = logging.getLogger(__name__)


def beside(do: Callable[[], None]) -> None:
    """Do it in a thread that ends with the process: what it leaves behind, the next look removes."""
    threading.Thread(target=do, name="look", daemon=True).start()


@dataclass(slots=True)
class Look:
    """One of them: since when, what it told, how it does, and what it came to or why it came to nothing.

    ``state`` is one of ``never``, ``running``, ``done``, ``busy``, ``gone`` and ``failed``.
    """

    id: str = ""
    since: float = 0.0
    told: tuple[str, ...] = ()
    state: str = "never"
    result: Mapping[str, Any] | None = None
    error: str = ""

    def tell(self, line: str) -> None:
        if len(self.told) < LINES:
            self.told += (line,)

    def end(self, state: str, error: str = "", result: Mapping[str, Any] | None = None) -> None:
        self.error, self.result = error, result
        self.state = state  # the last of all: who sees it finds the rest there


@dataclass(slots=True)
class Looks:
    """Those of one stack. Nothing of them is kept but the last, and its result at the newest revision."""

    loop: Loop
    begin: Callable[[Callable[[], None]], None] = beside
    sleep: Callable[[float], None] = time.sleep
    last: Look = field(default_factory=Look)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, observed: State, patience: float, *, keep: bool) -> dict[str, Any]:
        """Begin one. Raises NotFound without the stack, Busy while it goes or another look is under way."""
        loop = self.loop
        insist(observed, loop.path)
        survey = Survey(loop.engine, loop.site.image, now=loop.now, sleep=self.sleep)
        with self._lock:
            if self.last.state == "running":
                raise Busy(f"somebody looks at the networks of {loop.path} already")
            self.last = look = Look(survey.id, loop.now(), state="running")
        survey.tell = look.tell
        try:
            self.begin(lambda: self._carry_out(look, survey, patience, keep))
        except RuntimeError as error:  # there is no room for another thread
            look.end("failed", str(error))
        return self.shown(look)

    def shown(self, look: Look | None = None) -> dict[str, Any]:
        """``{stack, id, state, since, told, error, result}`` of a look, or of the last."""
        look = look or self.last
        state = look.state
        return {
            "stack": str(self.loop.path),
            "id": look.id,
            "state": state,
            "since": moments.to_text(look.since) if look.since else None,
            "told": list(look.told),
            "error": look.error,
            "result": look.result,
        }

    def _carry_out(self, look: Look, survey: Survey, patience: float, keep: bool) -> None:
        path = self.loop.path
        try:
            found = survey.look(path, patience)
            revision = survey.keep(path, found) if keep else ""
            look.end("done", result=surveys.as_json(path, found, revision))
        except Busy as error:
            look.end("busy", str(error))
        except NotFound as error:
            look.end("gone", str(error))
        except AiltireError as error:
            look.end("failed", str(error))
        except BaseException as error:
            log.exception("a look at the networks ended with a mistake of ours")
            look.end("failed", f"{type(error).__name__} inside the controller; its log says more")
        self.loop.wake.set()
