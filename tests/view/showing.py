"""A controller that shows a tree made for looking at, and the page of it on a server of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ailtire_deploy import identity
from ailtire_deploy.log_lines import Asked
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Accepted, LogLine, Reply, Stop
from ailtire_deploy.rest import app, server
from tests.rest.client import KEY, SHOP, Remembering

NODES = ("blue", "green", "red")
SEEN = {
    "time": "2027-01-15T08:00:00Z",
    "networks": 8,
    "pairs": 144,
    "surprises": 1,
    "unheard": 0,
    "told": ["service intruder stands on shop_orders_sibling, where it does not belong"],
}


def service(name: str, status: str = "running", *, tasks: int = 2, **more: Any) -> dict[str, Any]:
    """A service as ``status`` answers it."""
    running = tasks if status in ("running", "shutdown") else 0
    found = {
        "type": "Service",
        "name": name,
        "shortName": name.rpartition("/")[2],
        "status": status,
        "line": f"{name} listens on 8080",
        "message": "",
        "revision": None,
        "since": "2027-01-15T08:00:00Z",
        "image": f"registry.example/{name.rpartition('/')[2]}:1.4@sha256:0123456789abcdef",
        "desired": tasks,
        "running": running,
        "age": 42,
        "tasks": [
            {"slot": str(slot + 1), "node": NODES[slot % 3], "state": "running" if running else "failed"}
            for slot in range(tasks)
        ],
        "services": [],
    }
    return {**found, **more}


def stack(name: str, *services: Mapping[str, Any], status: str = "running", **more: Any) -> dict[str, Any]:
    """A stack as ``status`` answers it, its gateway and controller beside its services."""
    own = [service(f"{name}/{key}", tasks=1, image="ailtire/deploy:0.1.0") for key in ("admin", "gateway")]
    found = service(name, status, tasks=0)
    held = [*own, *services]
    counts = {key: sum(each[key] for each in held) for key in ("desired", "running")}
    return {**found, **counts, "type": "Stack", "image": None, "revision": 7, "services": held, **more}


def shop(status: str = "running") -> dict[str, Any]:
    """A shop with two levels below it; with another status its worst service is the reason."""
    message = (
        "" if status == "running" else "no suitable node (scheduling constraints not satisfied on 3 nodes)"
    )
    ledger = stack("shop/orders/ledger", service("shop/orders/ledger/book", tasks=1), revision=2)
    orders = stack(
        "shop/orders",
        service("shop/orders/api", status, tasks=3, message=message),
        service("shop/orders/db", tasks=1, image="postgres:16"),
        ledger,
        status=status,
        message=f"shop/orders/api: {message}" if message else "",
        revision=4,
    )
    own = [
        service("shop/edge", tasks=3, image="ailtire/deploy:0.1.0"),
        service("shop/web"),
        service("shop/search", "starting", tasks=1),
        service("shop/mail", "shutdown", tasks=1),
        service("shop/images", "warning", tasks=2, message="1 of 2 tasks was restarted 4 times"),
    ]
    return stack("shop", *own, orders, status=status, message=orders["message"], segmentation=SEEN)


def network(name: str, stack: str, kind: str, *members: str, **more: Any) -> dict[str, Any]:
    found = {"name": name, "stack": stack, "kind": kind, "subnets": ["10.0.7.0/24"], "internal": True}
    return {**found, "members": list(members), **more}


def drawn(path: str, *routes: tuple[str, str, int | None], **more: Any) -> dict[str, Any]:
    interface = [
        {
            "host": "",
            "prefix": prefix,
            "service": to,
            "type": "Service" if port else "Stack",
            "port": port,
            "path": "/",
            "methods": [],
        }
        for prefix, to, port in routes
    ]
    found = {"path": path, "version": "", "publishes": [], "interface": interface, "parameters": []}
    return {**found, **more}


PARAMETERS = [
    {"name": "replicas", "type": "integer", "default": 2, "minimum": 1, "maximum": 9, "value": 2,
     "description": "How many web servers run"},
    {"name": "tag", "type": "string", "default": "1.4", "value": "1.4"},
    {"name": "currency", "type": "string", "enum": ["EUR", "USD"], "default": "EUR", "value": "EUR"},
    {"name": "debug", "type": "boolean", "default": False, "value": False},
]  # fmt: skip
TOPOLOGY = {
    "stack": "shop",
    "stacks": [
        drawn("shop", ("/", "web", 8080), ("/images", "images", 8080), ("/orders", "orders", None),
              publishes=[80], version="1.4.0", parameters=PARAMETERS),
        drawn("shop/orders", ("/", "api", 8080), ("/ledger", "ledger", None)),
        drawn("shop/orders/ledger", ("/", "book", 8080)),
    ],
    "networks": [
        network("shop_edge", "shop", "edge", "shop/edge", internal=False),
        network("shop_family", "shop", "family", "shop/edge", "shop/gateway", "shop/admin"),
        network("shop_sibling", "shop", "sibling", "shop/gateway", "shop/web", "shop/search", "shop/mail",
                "shop/images"),
        network("shop_mail_egress", "shop", "egress", "shop/mail", internal=False),
        network("shop_orders_family", "shop/orders", "family", "shop/gateway", "shop/orders/gateway",
                "shop/orders/admin"),
        network("shop_orders_sibling", "shop/orders", "sibling", "shop/orders/gateway", "shop/orders/api",
                "shop/orders/db"),
        network("shop_orders_ledger_family", "shop/orders/ledger", "family", "shop/orders/gateway",
                "shop/orders/ledger/gateway", "shop/orders/ledger/admin"),
        network("shop_orders_ledger_sibling", "shop/orders/ledger", "sibling", "shop/orders/ledger/gateway",
                "shop/orders/ledger/book"),
    ],
}  # fmt: skip
REVISIONS = [
    {
        "number": number,
        "name": f"shop.r{number}",
        "created": f"2027-01-{10 + number}T08:00:00Z",
        "outcome": outcome,
        "cause": "local" if number % 2 else "command line",
        "origin": f"shop.r{number}",
        "author": "alice",
        "restores": "",
        "undoes": "",
        "digests": {},
        "report": {"stacks": {"shop": [6, 2, 0, 0]}, "reasons": reasons},
    }
    for number, outcome, reasons in (
        (7, "converged", []),
        (6, "failed", ["service shop/web: No such image: shop/web:1.5"]),
        (5, "superseded", []),
        (4, "converged", []),
    )
]
CHANGE = {"path": "TaskTemplate.ContainerSpec.Image", "before": "web:1.4", "after": "web:1.5"}
PLAN = {
    "verdict": "changes",
    "stacks": {
        "shop": [
            {"verb": "update", "kind": "service", "name": "shop_web", "cause": "changed: the definition",
             "impact": "rolling, 2 tasks",
             "changes": [CHANGE, {"path": "Mode.Replicated.Replicas", "before": 2, "after": 3}]},
            {"verb": "create", "kind": "service", "name": "shop_cron", "cause": "in the definition, not here",
             "impact": "none", "changes": [], "waiting": "service shop_web to be healthy"},
        ],
        "shop/orders": [
            {"verb": "remove", "kind": "config", "name": "shop_orders_old-1234", "cause": "not used any more",
             "impact": "none", "changes": []},
        ],
    },
}  # fmt: skip


@dataclass
class Showing(Remembering):
    """Answers what it is given, and follows a log for ever: a line of ``lines`` now and then."""

    tree: dict[str, Any] = field(default_factory=shop)
    topology_: dict[str, Any] = field(default_factory=lambda: TOPOLOGY)
    plan_: dict[str, Any] = field(default_factory=lambda: PLAN)
    revisions: list[dict[str, Any]] = field(default_factory=lambda: REVISIONS)
    changes: list[dict[str, Any]] = field(default_factory=lambda: [CHANGE])

    def status(self, budget: float) -> Mapping[str, Any]:
        self._note("status")
        return self.tree

    def topology(self) -> Mapping[str, Any]:
        self._note("topology")
        return self.topology_

    def plan(self) -> Mapping[str, Any]:
        return self.plan_

    def history(self) -> list[dict[str, Any]]:
        return self.revisions

    def revision(self, number: int) -> dict[str, Any]:
        found = next((each for each in self.revisions if each["number"] == number), self.revisions[0])
        progress = {"verdict": "converged", "arrived": 3, "of": 3, "open": [], "stacks": {}, "by": ""}
        return {**found, "progress": {**progress, "reasons": []}}

    def difference(self, number: int, other: int | None) -> Mapping[str, Any]:
        self._note("difference", number, other)
        return {"stack": str(self.path), "from": other, "to": number, "changes": self.changes}

    def update(self, request: Mapping[str, Any], author: str, check: bool, *more: Any) -> Accepted:
        self._note("update", dict(request), author, check)
        return Accepted("" if check else "shop.r7", self.plan_)

    def rollback(self, number: int | None, author: str, check: bool = False, *more: Any) -> Accepted:
        self._note("rollback", number, author, check)
        return Accepted("" if check else "shop.r7", self.plan_)

    def shutdown(self, author: str, check: bool = False, *more: Any) -> Any:
        self._note("shutdown", author, check)
        return Accepted("" if check else "shop.r7", self.plan_)

    def log(self, asked: Asked, stop: Stop) -> Iterator[LogLine | None]:
        service = asked.service
        self._note("log", service)
        yield from (
            line for line in self.lines if line and (service is None or f"/{service}." in line.source)
        )
        while asked.follow and not stop.is_set():
            time.sleep(0.1)
            yield None

    def forward(
        self, child: str, method: str, subpath: str, query: str, body: bytes, role: str, budget: float
    ) -> Reply:
        """A child answers as this one does, about itself: it is asked at its own address."""
        self._note("forward", child, method, subpath)
        name = subpath.rpartition("/")[2]
        own = {"status": self._below(child), "history": self.revisions, "plan": self.plan_}
        answers: dict[str, Any] = {**own, "topology": self.topology_}
        if name == "log":
            return Reply(200, iter([b""]), "application/x-ndjson")
        return Reply(200, answers.get(name, {"plan": self.plan_}))

    def _below(self, child: str) -> Mapping[str, Any]:
        found = (each for each in self.tree["services"] if each["shortName"] == child)
        return next(found, self.tree)


@dataclass(frozen=True)
class Site:
    """A page on a server: where it is, and tokens for it."""

    address: str
    key: bytes = KEY

    def token(self, role: str = "admin", path: StackPath = SHOP, ttl: float = 3600) -> str:
        own = identity.child_key_for(self.key, SHOP, path)
        return identity.issue(own, path, "alice", role, int(time.time() + ttl))


@contextmanager
def served(controller: Any) -> Iterator[Site]:
    """A real server on loopback for as long as the block runs."""
    stop = threading.Event()
    made = server.make(app(controller, stop=stop), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=(made, stop))
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{made.effective_port}")
    finally:
        stop.set()
        thread.join()
