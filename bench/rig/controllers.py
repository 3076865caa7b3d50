"""Controllers that serve REST on the loopback, a process each, on the model of an engine the tests have.

What is measured is real: the surface, the server, signed calls from parent to child through a proxy. The
engine behind is a model, so that nothing but the controllers takes the machine's time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ailtire_deploy import identity, revisions
from ailtire_deploy.children import HttpChildren
from ailtire_deploy.controller import Controller
from ailtire_deploy.names import StackPath
from ailtire_deploy.rest import app, serve
from rig.sockets import awaited, free_port

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.household import Household, entry

ROOT = StackPath(("shop",))
FRONT = """frontend {name}
    bind 127.0.0.1:{port}
{rules}
"""
RULE = "    use_backend to.{name} if {{ path_beg /_down/{key}/ }}\n"
BACK = """backend to.{name}
    http-request replace-path ^/_down/[^/]+/(.*)$ /_admin/\\1
    server it 127.0.0.1:{port}
"""
BASE = """global
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
"""


@dataclass(frozen=True, slots=True)
class Controllers:
    """A tree that answers: the port of each controller, and a token for the root."""

    ports: Mapping[StackPath, int]
    bearer: str

    def request(self, target: str = "/_admin/status") -> bytes:
        """One request to the root, as bytes."""
        return f"GET {target} HTTP/1.1\r\nHost: shop\r\nAuthorization: {self.bearer}\r\n\r\n".encode()


@contextmanager
def controllers(folder: Path, definition: Mapping[str, Any], hung: int = 0) -> Iterator[Controllers]:
    """A tree of controllers. Of the root's children the first ``hung`` take calls and never answer."""
    house = Household(folder)
    house.time = time.time()
    house.apply(entry(dict(definition)))
    house.settle(3)
    house.now = time.time  # type: ignore[method-assign]
    paths = sorted(revisions.stacks(house.engine.observe(ROOT), ROOT))
    ports = {path: free_port() for path in paths}
    gateways = {path: free_port() for path in paths}
    silent = [path for path in paths if path.parent == ROOT][:hung]
    bearer = f"Bearer {identity.issue(house.key(ROOT), ROOT, 'bench', 'viewer', int(time.time()) + 3600)}"
    with ExitStack() as stack:
        stack.enter_context(_proxy(folder, ports, gateways))
        for path in paths:
            stack.enter_context(_process(house, path, ports[path], gateways[path], path in silent))
        yield Controllers(ports, bearer)


@contextmanager
def _process(house: Household, path: StackPath, port: int, gateway: int, silent: bool) -> Iterator[None]:
    process = os.fork()
    if not process:
        _serve(house, path, port, gateway, silent)
    try:
        awaited(port, 30)
        yield
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _serve(house: Household, path: StackPath, port: int, gateway: int, silent: bool) -> None:
    """The other process; it ends when it is killed."""
    try:
        if silent:
            import socket

            listener = socket.create_server(("127.0.0.1", port), backlog=512)
            time.sleep(3600)
            listener.close()
        loop = house.loop(path)
        loop.now = time.time
        children = HttpChildren(path, house.key(path), gateway=f"127.0.0.1:{gateway}")
        serve(app(Controller(loop, children)), port, threading.Event(), host="127.0.0.1")
    finally:
        os._exit(1)


@contextmanager
def _proxy(folder: Path, ports: Mapping[StackPath, int], gateways: Mapping[StackPath, int]) -> Iterator[None]:
    """The way down: what each stack's gateway is for its controller."""
    file = folder / "haproxy.cfg"
    file.write_text(BASE + "".join(_front(path, ports, gateways[path]) for path in ports))
    with file.open("a") as more:
        more.writelines(BACK.format(name=_name(path), port=port) for path, port in ports.items())
    process = subprocess.Popen(["haproxy", "-db", "-f", str(file)])
    try:
        awaited(gateways[ROOT])
        yield
    finally:
        process.terminate()
        process.wait()


def _front(path: StackPath, ports: Mapping[StackPath, int], port: int) -> str:
    below = (each for each in ports if each.parent == path)
    rules = "".join(RULE.format(name=_name(each), key=each.key) for each in below)
    return FRONT.format(name=_name(path), port=port, rules=rules)


def _name(path: StackPath) -> str:
    return ".".join(path.parts)
