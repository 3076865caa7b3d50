"""The stacks around one: children that are asked for their status, and that say they are alive."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ailtire_deploy import moments, names, status
from ailtire_deploy.errors import AiltireError, Refused
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Children
from ailtire_deploy.state import State
from ailtire_deploy.status import LogLineInfo, Status

HANDED_DOWN = 0.8  # the part of its time that a call leaves to those below
LEAST = 0.1  # seconds; with less nobody below is asked
AT_ONCE = 32


@dataclass
class Kin:
    """What a controller knows of its children.

    They are known from the definition; a registration says who is alive (``heard``: key and time).
    """

    path: StackPath
    children: Children
    heard: dict[str, float] = field(default_factory=dict)

    def heard_of(self, child: str, url: str, now: float) -> Mapping[str, Any]:
        """Note that a child is alive.

        The address is compared and never fetched. Raises Refused for another one.
        """
        implied = names.admin_url(self.path / child)
        if url != implied:
            raise Refused(f"the controller of {self.path / child} is at {implied}")
        self.heard[child] = now
        return {"parent": str(self.path), "name": child}

    def heartbeats(self, now: float) -> dict[str, float]:
        """How many seconds ago each child said that it is alive; only those that did."""
        return {child: max(0.0, now - heard) for child, heard in self.heard.items()}

    def status(
        self, observed: State, lines: Mapping[str, LogLineInfo], now: float, budget: float
    ) -> Mapping[str, Any]:
        """The tree; each child's part is its own answer, or what the swarm shows when it does not come in
        time.
        """
        tree = status.tree(observed, self.path, lines, now)
        stacks = [each for each in tree["services"] if each["type"] == "Stack"]
        if not stacks or budget < LEAST:
            return tree
        until = time.monotonic() + budget * HANDED_DOWN
        with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(stacks))) as pool:
            answers = pool.map(lambda each: self._ask(each, until, now), stacks)
            told = {each["shortName"]: answer for each, answer in zip(stacks, answers, strict=True)}
        tree["services"] = [
            told.get(each["shortName"], each) if each in stacks else each for each in tree["services"]
        ]
        return tree

    def _ask(self, seen: Status, until: float, now: float) -> Any:
        """A child's own word.

        Without one, what the swarm shows of it, marked when it should have answered.
        """
        child, budget = self.path / seen["shortName"], until - time.monotonic()
        if budget < LEAST:
            return seen
        try:
            reply = self.children.call(
                child, "GET", f"/_admin/status?budget={budget:.2f}", None, "viewer", budget
            )
        except AiltireError as error:
            silent = seen["status"] == "running"
            said = f"{error}; {self._last_heard(child.key, now)}"
            return {**seen, "status": "unreachable", "message": said} if silent else seen
        usable = reply.status == 200 and isinstance(reply.body, dict) and reply.body.get("type") == "Stack"
        if not usable:
            return seen
        above = {"traffic": seen["traffic"]} if "traffic" in seen else {}
        return {**reply.body, **above}  # what is led to it, only the gateway here knows

    def _last_heard(self, child: str, now: float) -> str:
        if child not in self.heard:
            return "it has not registered yet"
        return f"it registered {moments.duration(now - self.heard[child])} ago"
