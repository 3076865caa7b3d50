"""What runs in our containers: the controller's threads and the sweeper, on the engine model."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import registries, rotation
from ailtire_deploy.cli import containers
from ailtire_deploy.cli.containers import Container, read_logins
from ailtire_deploy.controller import Loop
from ailtire_deploy.errors import Failed, Unreachable, Usage
from ailtire_deploy.model import Site
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Reply
from ailtire_deploy.rotation import NEVER, Former
from ailtire_deploy.state import Key
from tests.fakes import FakeEngine
from tests.household import Household, entry, plain, three_levels

SHOP = StackPath(("shop",))
ENVIRONMENT = {
    "AILTIRE_STACKNAME": "shop/orders",
    "AILTIRE_PARENTHOST": "admin",
    "AILTIRE_PARENTPORT": "80",
}


@pytest.fixture(autouse=True)
def signals_as_before() -> Any:
    kept = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    yield
    for each, handler in kept.items():
        signal.signal(each, handler)


class Parent:
    """A parent that answers the registrations in the order given, the last for ever."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.asked = threading.Event()

    def register(self, budget: float) -> Reply:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.asked.set()
        if isinstance(answer, Exception):
            raise answer
        return Reply(answer, {})


class Engine(FakeEngine):
    """A wait that takes a moment, so that waking the loop is not all that happens."""

    def wait(self, seconds: float) -> None:
        threading.Event().wait(0.05)


def container(path: StackPath = SHOP, cluster: str = "fakecluster", parent: Any = None) -> Container:
    loop = Loop(path, Engine(), Site("image", cluster=cluster), b"k" * 32)
    return Container(loop, parent or Parent(200))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    """Whether the REST surface wants a token."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_admin/status")
        return connection.getresponse().status == 401
    except OSError:
        return False
    finally:
        connection.close()


def when_serving(port: int, do: Callable[[], None]) -> threading.Thread:
    """Call ``do`` from another thread as soon as something answers on the port."""

    def wait() -> None:
        for _ in range(200):
            if answers(port):
                break
            threading.Event().wait(0.05)
        do()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_controller_serves_until_it_is_told_to_end_and_leaves_the_stack_alone() -> None:
    controller, port = container(), free_port()
    thread = when_serving(port, lambda: os.kill(os.getpid(), signal.SIGTERM))
    controller.run(port)
    thread.join()
    assert not controller.loop.engine.writes  # type: ignore[attr-defined]


def test_a_controller_on_another_swarm_ends_and_says_why() -> None:
    with pytest.raises(Failed, match="nothing is written"):
        container(cluster="another").run(free_port())


@pytest.mark.parametrize("part", ["listen", "register", "loop"])
def test_a_mistake_in_any_thread_ends_the_controller(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake")

    controller = container(SHOP / "orders")
    monkeypatch.setattr(
        *{
            "listen": (controller.loop.engine, "wait"),
            "register": (controller.children, "register"),
            "loop": (controller.loop.engine, "observe"),
        }[part],
        broken,
    )
    with pytest.raises(RuntimeError, match="a mistake"):
        controller.run(free_port())


def test_a_port_that_cannot_be_had_ends_the_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(*_: object) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(containers.rest, "serve", serve)
    with pytest.raises(Failed, match="port 3000 cannot be served: Address already in use"):
        container().run(3000)


def test_a_child_says_that_it_is_alive_and_survives_a_parent_that_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(containers, "RETRY", 0.01)
    parent = Parent(Unreachable("no parent"), 503, 200)
    child = container(SHOP / "orders", parent=parent)
    thread = threading.Thread(target=child.register)
    with caplog.at_level(logging.INFO):
        thread.start()
        while len(parent.answers) > 1 or "accepted" not in caplog.text:
            threading.Event().wait(0.01)
        child.end()
        thread.join(5)
    assert [each for each in ("no parent", "refused with 503", "accepted") if each in caplog.text] == [
        "no parent",
        "refused with 503",
        "accepted",
    ]


def test_a_root_registers_nowhere() -> None:
    parent = Parent(200)
    container(parent=parent).register()
    assert not parent.asked.is_set()


def test_the_environment_says_who_a_controller_is() -> None:
    assert containers.path_of(ENVIRONMENT) == SHOP / "orders"
    assert containers.parent_of(ENVIRONMENT) == "admin:80"
    assert containers.parent_of({"AILTIRE_PARENTHOST": ""}) == ""
    with pytest.raises(Usage, match="AILTIRE_STACKNAME"):
        containers.path_of({})


def test_a_controller_without_its_key_says_that_it_was_started_by_hand(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="started by apply"):
        containers.read_key(tmp_path / "none")
    (tmp_path / "key").write_bytes(b"\x00key\n")
    with pytest.raises(Usage, match="no key of a controller"):
        containers.read_key(tmp_path / "key")
    (tmp_path / "key").write_bytes(b"\x00" * 31 + b"\n")
    assert containers.read_key(tmp_path / "key") == (b"\x00" * 31 + b"\n", NEVER)
    (tmp_path / "key").write_bytes(rotation.encode(b"n" * 32, Former(b"f" * 32, 9, 2)))
    assert containers.read_key(tmp_path / "key") == (b"n" * 32, Former(b"f" * 32, 9, 2))


def test_logs_of_controllers_are_harmless_lines_without_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        raise ValueError("\x1b[31m")
    except ValueError as error:
        seen = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.WARNING, "x", 1, "a %s", ("\x1b[2J",), seen)
    form = containers.PlainLines("%(levelname)s %(message)s")
    monkeypatch.setenv("AILTIRE_DEBUG", "1")
    assert "Traceback" in form.format(record)
    record.exc_text = None
    monkeypatch.delenv("AILTIRE_DEBUG")
    assert form.format(record) == "WARNING a \\x1b[2J"


def told_to_go(folder: Path) -> Household:
    """A tree that was told over REST to go, with its controllers still at work."""
    house = Household(folder)
    house.apply(entry(three_levels()))
    from ailtire_deploy import revisions

    observed = house.engine.observe(SHOP)
    house.engine.create(
        revisions.make(observed, SHOP, revisions.ABSENT, cause=revisions.LOCAL, origin="", author="eve")
    )
    house.settle(150)
    return house


def test_the_sweeper_removes_what_the_controllers_leave_and_at_last_itself(tmp_path: Path) -> None:
    house = told_to_go(tmp_path)
    assert Key("service", "shop_sweep") in house.engine.objects
    assert "shop_web" not in house.names("service")
    containers.sweep_until_clean(house.launcher(), SHOP, house.live)
    assert house.names() == []


def test_sweeping_touches_no_other_stack(tmp_path: Path) -> None:
    house = told_to_go(tmp_path)
    house.apply(entry({"name": "shed", "services": {"saw": plain()}}, "shed"))
    kept = [name for name in house.names() if name.startswith("shed")]
    containers.sweep_until_clean(house.launcher(), SHOP, house.live)
    assert house.names() == kept


def test_a_controller_reads_what_it_logs_in_with_and_passes_everything_else_over(tmp_path: Path) -> None:
    made = registries.secret(SHOP, "r.example:5000", {"username": "a", "password": "b"}, b"salt")
    (tmp_path / made.name).write_bytes(made.data or b"")
    (tmp_path / "ailtire.key").write_bytes(b"\xff")
    assert read_logins(tmp_path) == {made.name: ("r.example:5000", {"username": "a", "password": "b"})}
    assert read_logins(tmp_path / "nowhere") == {}
