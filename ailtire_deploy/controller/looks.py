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
from ailtire_deploy.errors import AiltireError, Busy, Failed, NotFound
from ailtire_deploy.survey import Survey, insist
from ailtire_deploy.views import surveys

LINES = 1000  # of what is told on the way

log = logging.getLogger(__name__)


def beside(do: Callable[[], None]) -> None:
    """Do it in a thread that ends with the process: what it leaves behind, the next look removes."""
    threading.Thread(target=do, name="look", daemon=True).start()


@dataclass(slots=True)
class Look:
    """One of them: since when, what it told, and what it came to or which error ended it."""

    since: float = 0.0
    told: list[str] = field(default_factory=list)
    running: bool = False
    result: Mapping[str, Any] | None = None
    error: AiltireError | None = None

    def tell(self, line: str) -> None:
        self.told = [*self.told[: LINES - 1], line]


@dataclass(slots=True)
class Looks:
    """Those of one stack. Nothing of them is kept but the last, and its result at the newest revision."""

    loop: Loop
    begin: Callable[[Callable[[], None]], None] = beside
    sleep: Callable[[float], None] = time.sleep
    last: Look = field(default_factory=Look)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, patience: float, *, keep: bool) -> dict[str, Any]:
        """Begin one. Raises NotFound without the stack, Busy while it goes or another look is under way."""
        insist(self.loop.engine.observe(self.loop.path.root), self.loop.path)
        with self._lock:
            if self.last.running:
                raise Busy(f"somebody looks at the networks of {self.loop.path} already")
            self.last = look = Look(self.loop.now(), running=True)
        self.begin(lambda: self._carry_out(look, patience, keep))
        return self.as_json(look)

    def shown(self) -> dict[str, Any]:
        """How far the last one is. Raises the error that ended it."""
        look = self.last
        if look.error and not look.running:
            raise look.error
        return self.as_json(look)

    def as_json(self, look: Look) -> dict[str, Any]:
        """``{stack, running, since, told, result}``."""
        return {
            "stack": str(self.loop.path),
            "running": look.running,
            "since": moments.to_text(look.since) if look.since else None,
            "told": look.told,
            "result": look.result,
        }

    def _carry_out(self, look: Look, patience: float, keep: bool) -> None:
        loop = self.loop
        survey = Survey(loop.engine, loop.site.image, look.tell, loop.now, self.sleep)
        try:
            found = survey.look(loop.path, patience)
            revision = survey.keep(loop.path, found) if keep else ""
            look.result = surveys.as_json(loop.path, found, revision)
        except (Busy, NotFound) as error:
            look.error = error
        except AiltireError as error:
            look.error = Failed(str(error))  # it was the look that failed, and not the question after it
        except Exception:
            log.exception("a look at the networks ended with a mistake of ours")
            look.error = Failed("something went wrong inside the controller; its log says what")
        finally:
            look.running = False
            loop.wake.set()
