"""A whole tree in one process: the real launcher and the real controllers, on the engine model.

Controllers come alive where the model runs a task of their service, in an order drawn by chance, and may die
at any call. Time is a number that each look moves on.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

from ailtire_deploy import names, proxies, registries, rotation
from ailtire_deploy.controller import Loop
from ailtire_deploy.controller.offers import Offers
from ailtire_deploy.definition import fill_tree
from ailtire_deploy.errors import AiltireError
from ailtire_deploy.keyring import Keyring
from ailtire_deploy.launcher import Launcher
from ailtire_deploy.model import Site
from ailtire_deploy.names import StackPath, content_id
from ailtire_deploy.state import Key
from tests.fakes import Crash, FakeEngine

ROUNDS = 400


@dataclass
class Household:
    """One swarm, whoever applies to it, and the controllers that live on it."""

    folder: Path
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    time: float = 1_000_000.0
    engine: FakeEngine = field(default_factory=FakeEngine)
    loops: dict[StackPath, Loop] = field(default_factory=dict)
    dead: set[StackPath] = field(default_factory=set)
    tasks: dict[StackPath, str] = field(default_factory=dict)
    credentials: dict[str, dict[str, str]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict, repr=False)  # of secrets, by PATH/KEY

    def __post_init__(self) -> None:
        self.engine.now = self.now
        self.site = Site("ailtire/deploy:test", cluster="fakecluster")

    def now(self) -> float:
        return self.time

    def launcher(self, again: bool = False, overlap: float | None = None) -> Launcher:
        ring = Keyring(self.folder / "keys.json")
        return Launcher(
            *(self.engine, self.site, ring, self.read, "anna", self.now, self.live),
            credentials=self.credentials.get,
            again=again,
            overlap=overlap,
        )

    def read(self, entry, seed):
        """What reads the sources of secrets."""
        return lambda path, key, _: self.values.get(f"{path}/{key}", f"value of {path}/{key}").encode()

    def live(self, seconds: float = 1.0) -> None:
        """Let time pass: every controller that has a running task makes a round."""
        self.time += seconds
        present = sorted(self.controllers())
        self.chance.shuffle(present)
        for path in present:
            self.round(path)

    def round(self, path: StackPath) -> None:
        loop = self.loop(path)
        secrets = (self.engine.objects.get(Key("secret", name)) for name in loop.handed)
        self.engine.caller = {
            each.labels[names.LABEL_REGISTRY] for each in secrets if each and registries.is_one(each)
        }
        try:
            loop.reconcile()
        except Crash:
            del self.loops[path]
        except AiltireError:
            pass

    def loop(self, path: StackPath) -> Loop:
        """The controller in the task that runs now; another task is another process."""
        name = names.admin_service(path)
        own = [each for each in self.engine.running if each.service == name and each.state == "running"]
        id, files = (own[0].id, own[0].files) if own else (self.tasks.get(path, ""), ())
        if path not in self.loops or self.tasks.get(path) != id:
            self.tasks[path] = id
            own = {names.seed_secret(path), *self.key_names(path)}
            handed = frozenset(each.name for each in files if each.kind == "secret") - own
            self.loops[path] = Loop(
                *(path, self.engine, self.site, *self.mounted(path)[:1], self.now),
                former=self.mounted(path)[1],
                offers=Obedient(),
                handed=handed,
            )
        return self.loops[path]

    def key_names(self, path: StackPath) -> list[str]:
        """The secrets that hold keys of a controller, the newest last."""
        found = {names.key_generation(path, key.name): key.name for key in self.engine.objects}
        return [found[number] for number in sorted(number for number in found if number)]

    def mounted(self, path: StackPath) -> tuple[bytes, rotation.Former]:
        """The key as the controller finds it mounted, and the one before; without a task, the newest."""
        known = self.key_names(path)
        name = names.admin_service(path)
        files = [e.files for e in self.engine.running if e.service == name and e.state == "running"]
        own = [each.name for each in files[0] if each.name in known] if files else known[-1:]
        return rotation.decode(self.engine.objects[Key("secret", own[0])].data or b"")

    def key(self, path: StackPath) -> bytes:
        return self.mounted(path)[0]

    def controllers(self) -> set[StackPath]:
        """Stacks whose controller has a running task."""
        running = {task.service for task in self.engine.running if task.state == "running"}
        services = (each for each in self.engine.objects.values() if each.kind == "service")
        admins = {each.path for each in services if each.service == "admin" and each.name in running}
        return admins - self.dead

    def apply(self, entry, again: bool = False, overlap: float | None = None, **options):
        return self.launcher(again, overlap).apply(entry, lambda observed: None, **options)

    def shutdown(self, name: str):
        return self.launcher().shutdown(StackPath((name,)), lambda observed: None)

    def settle(self, rounds: int = 60) -> None:
        for _ in range(rounds):
            self.live()

    def names(self, kind: str = "") -> list[str]:
        return sorted(key.name for key in self.engine.objects if kind in ("", key.kind))


def entry(definition, name: str = "shop", **parameters):
    """What loading makes of a definition."""
    body = {"format": 1, "name": name, "context": "", "parameters": parameters, "environment": {}}
    body["definition"] = definition
    path = StackPath((name,))
    return SimpleNamespace(path=path, body=body, stacks=fill_tree(body, path))


class Obedient(Offers):
    """Proxies that serve at once what they are offered, and count what they are told."""

    traffic: Mapping[str, object] = MappingProxyType({})

    def facts(self, service: str) -> dict[str, object]:
        live = content_id(self._files[service]) if service in self._files else ""
        return {proxies.SERVING: (live,) * 9, proxies.REFUSED: {}, proxies.TRAFFIC: dict(self.traffic)}


def three_levels(**more) -> dict:
    """A stack, in it a stack, in it a stack; each with a service that waits for what is below."""
    ledger = {"name": "ledger", "services": {"book": plain(interface={"/": {"port": 8080}})}}
    orders = {
        "name": "orders",
        "parameters": {"size": {"type": "integer", "default": 1}},
        "services": {
            "api": plain(interface={"/": {"port": 8080}}, depends_on={"ledger": {"condition": "healthy"}}),
            "ledger": {"type": "stack", "definition": ledger, "interface": {"/ledger": {}}},
            "store": plain(deploy={"replicas": "{{ size }}"}),
        },
    }
    return {
        "name": "shop",
        "parameters": {
            "replicas": {"type": "integer", "default": 2},
            "size": {"type": "integer", "default": 1},
        },
        "gateway": {"publish": [{"port": 8080}]},
        "secrets": {"token": {"from": {"env": "TOKEN"}}},
        "services": {
            "web": plain(
                interface={"/": {"port": 8080}},
                depends_on={"orders": {"condition": "healthy"}},
                deploy={"replicas": "{{ replicas }}"},
                secrets=["token"],
            ),
            "orders": {
                "type": "stack",
                "definition": orders,
                "interface": {"/orders": {}},
                "parameters": {"size": "{{ size }}"},
            },
        },
        **more,
    }


def plain(**more) -> dict:
    return {"image": "ailtire-demo/echo", **more}
