"""The real controllers of a whole tree behind their REST surfaces, on the engine model, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ailtire_deploy import identity
from ailtire_deploy.controller import Controller
from ailtire_deploy.controller.looks import Looks
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Reply
from ailtire_deploy.rest import app
from tests.household import Household, entry, three_levels
from tests.rest.client import Application, Response, call

SHOP = StackPath(("shop",))


@dataclass
class Below:
    """Calls to children as over the network: signed with the child's key, and nothing else goes along."""

    path: StackPath
    living: Living

    def forward(
        self, child: StackPath, method: str, path: str, query: str, body: bytes, role: str, budget: float
    ) -> Reply:
        target = f"{path}?{query}" if query else path
        key = identity.child_key_for(self.living.key(self.path), self.path, child)
        header = identity.sign(key, method, target, identity.digest(body), role, self.living.house.time)
        found = call(
            self.living.surface(child), method, target, header, body, Content_Type="application/json"
        )
        if found.kind.endswith("json"):
            return Reply(found.status, found.json, found.kind, found.headers.get("Location", ""))
        return Reply(found.status, iter([found.body]), found.kind)

    def call(
        self,
        child: StackPath,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        role: str,
        budget: float,
    ) -> Reply:
        bare, _, query = path.partition("?")
        return self.forward(child, method, bare, query, b"", role, budget)

    def register(self, budget: float) -> Reply:
        return Reply(200, {})


@dataclass
class Living:
    """A tree that has converged. ``again`` puts it back to where it was."""

    folder: Path
    house: Household = field(init=False)
    surfaces: dict[StackPath, Application] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.house = Household(self.folder)
        self.house.apply(entry(three_levels()))
        self.house.settle(5)
        engine = self.house.engine
        self._kept = dict(engine.objects), deepcopy(engine.running), self.house.time

    def again(self) -> None:
        objects, running, self.house.time = self._kept
        self.house.engine.objects, self.house.engine.running = dict(objects), deepcopy(running)
        self.restart()

    def restart(self) -> None:
        """Every controller forgets what it knew."""
        self.house.loops.clear()
        self.surfaces.clear()

    def key(self, path: StackPath) -> bytes:
        return self.house.key(path)

    def controller(self, path: StackPath = SHOP) -> Controller:
        made = Controller(self.house.loop(path), Below(path, self))
        made.looks = Looks(made.loop, lambda do: do(), self.skip)  # a look is over when it has begun
        return made

    def skip(self, seconds: float) -> None:
        """Let much time pass in which nobody does anything."""
        self.house.time += 600 * seconds

    def surface(self, path: StackPath = SHOP) -> Application:
        if path not in self.surfaces:
            self.surfaces[path] = app(self.controller(path), now=self.house.now)
        return self.surfaces[path]

    def bearer(self, role: str = "admin", path: StackPath = SHOP) -> str:
        key = identity.child_key_for(self.key(SHOP), SHOP, path)
        return f"Bearer {identity.issue(key, path, 'alice', role, int(self.house.time) + 3600)}"

    def ask(
        self,
        method: str,
        target: str,
        body: Any = b"",
        role: str = "admin",
        path: StackPath = SHOP,
        **headers: str,
    ) -> Response:
        return call(self.surface(path), method, target, self.bearer(role), body, **headers)
