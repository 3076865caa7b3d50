"""Progress: a line a change off a terminal, never silence, and no drawing where there is no terminal."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from ailtire_deploy.cli.console import Console
from ailtire_deploy.cli.live import picture
from ailtire_deploy.cli.progress import Journal, watching
from ailtire_deploy.state import State
from tests.cli.running import BAD, environment, stack
from tests.test_deadlines import BODY
from tests.test_status import ORDERS, SHOP, healthy, revision, service, task


class Watch:
    """A journal with a clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0
        self.told: list[str] = []
        self.journal = Journal(self.told.append, SHOP, lambda: self.time)

    def see(self, observed: State, after: float = 1.0) -> list[str]:
        self.time += after
        before = len(self.told)
        self.journal(observed)
        return self.told[before:]


def on_its_way(state: str) -> State:
    web = service(SHOP, "web")
    rest = healthy(service(SHOP, "admin"), revision(SHOP, 1, "pending"))
    return State.of([*rest, web], tasks=(*rest.tasks, task(web, state=state, age=1)))


def arrived() -> State:
    return healthy(service(SHOP, "admin"), service(SHOP, "web"), revision(SHOP, 1))


def test_a_line_is_told_whenever_a_status_changes() -> None:
    watch = Watch()
    assert watch.see(on_its_way("preparing"))[-1] == "   0s shop/web starting: 0 of 1 tasks run (preparing)"
    assert watch.see(on_its_way("preparing")) == []
    assert watch.see(on_its_way("starting")) == []
    assert watch.see(arrived(), 10) == ["  12s shop running", "  12s shop/web running"]


def test_what_runs_at_the_first_look_is_not_told() -> None:
    assert Watch().see(arrived()) == []


def test_what_goes_is_told() -> None:
    watch = Watch()
    watch.see(arrived())
    assert watch.see(State()) == ["   1s shop gone", "   1s shop/admin gone", "   1s shop/web gone"]


def test_long_work_is_never_silent_for_half_a_minute() -> None:
    watch = Watch()
    watch.see(on_its_way("preparing"))
    silent = 0
    for _ in range(100):
        silent = 0 if watch.see(on_its_way("preparing")) else silent + 1
        assert silent < 30
    assert watch.told[-1].startswith("  75s still at work: ") or watch.told[-1].startswith(
        " 100s still at work: "
    )
    assert "shop/web starting" in watch.told[-1]


def test_a_stack_does_not_repeat_what_something_in_it_says() -> None:
    web = service(SHOP, "web")
    held = task(web, state="pending", error="no suitable node", age=1)
    rest = healthy(service(SHOP, "admin"), revision(SHOP, 1, "pending"))
    stuck = State.of([*rest, web], tasks=(*rest.tasks, held))
    watch = Watch()
    assert watch.see(stuck) == [
        "   0s shop waiting: see shop/web",
        "   0s shop/web waiting: no suitable node",
    ]
    [still] = watch.see(stuck, 26)
    assert still.count("no suitable node") == 1


def test_how_long_is_waited_is_said_at_first_and_while_nothing_happens() -> None:
    watch = Watch()
    parts = [service(SHOP, "admin"), service(SHOP, "web")]
    made = replace(revision(SHOP, 1, "pending", **BODY), created=watch.time)
    way = State.of([*(replace(each, created=watch.time) for each in parts), made])
    assert watch.see(way)[0] == "   0s shop fails in about 59s unless something comes further"
    assert watch.see(way, 26)[0].endswith("shop fails in about 33s unless something comes further")


def test_foreign_text_in_progress_is_harmless() -> None:
    web = service(SHOP, "web")
    evil = task(web, state="pending", error="\x1b[2Jno node\n")
    lines = Watch().see(State.of([web, revision(SHOP, 1, "pending")], tasks=(evil,)))
    assert any("\\x1b[2Jno node\\n" in line for line in lines)
    assert not any("\x1b" in line or "\n" in line for line in lines)


def test_a_quiet_console_watches_in_silence() -> None:
    with watching(Console(progress="quiet"), SHOP) as watch:
        watch(arrived())


def test_nothing_is_drawn_off_a_terminal_even_on_demand() -> None:
    with watching(Console(progress="tty"), SHOP) as watch:
        assert isinstance(watch, Journal)


def test_the_drawing_is_the_tree_under_the_time_it_took() -> None:
    lines = picture(healthy(service(ORDERS, "db")), SHOP, 65, 80).plain.splitlines()
    assert lines[0] == "shop: 1m5s"
    assert [line.split()[1] for line in lines[1:]] == ["shop", "orders", "db"]
    assert picture(State(), SHOP, 0, 80).plain.splitlines()[1] == "nothing of it is there"


def on_a_terminal(home: Path, code: str, *arguments: str, **variables: str) -> str:
    """What a terminal receives from a process whose stderr it is."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", code, *arguments]
    settings = environment(home, **{"TERM": "xterm-256color", **variables})
    with subprocess.Popen(
        command, env=settings, stdout=subprocess.DEVNULL, stderr=theirs, cwd=home
    ) as process:
        os.close(theirs)
        received = read_all(ours)
        process.wait(timeout=30)
    return received


def read_all(handle: int) -> str:
    received = io.BytesIO()
    while True:
        try:
            piece = os.read(handle, 65536)
        except OSError:  # how a terminal says that nobody writes any more
            piece = b""
        if not piece:
            os.close(handle)
            return received.getvalue().decode()
        received.write(piece)


DRAW = """
import sys
from ailtire_deploy.cli.console import Console
from ailtire_deploy.cli.progress import watching
from tests.cli.test_progress import arrived, SHOP
with watching(Console(colour=sys.argv[1], progress=sys.argv[2]), SHOP) as watch:
    watch(arrived())
    watch(arrived())
"""
PROJECT = str(Path(__file__).parent.parent.parent)
UP = "\x1b[1A"
GREEN = "\x1b[32m"


def test_a_terminal_gets_a_tree_that_is_drawn_over_and_wiped_away(tmp_path: Path) -> None:
    received = on_a_terminal(tmp_path, DRAW, "auto", "auto", PYTHONPATH=PROJECT)
    assert UP in received
    assert GREEN in received
    assert "\x1b[?25h" in received, "the cursor is shown again"


def test_no_colour_means_no_colour_on_a_terminal_too(tmp_path: Path) -> None:
    received = on_a_terminal(tmp_path, DRAW, "auto", "auto", PYTHONPATH=PROJECT, NO_COLOR="1")
    assert UP in received
    assert GREEN not in received


def test_plain_lines_on_a_terminal_move_no_cursor(tmp_path: Path) -> None:
    assert on_a_terminal(tmp_path, DRAW, "auto", "plain", PYTHONPATH=PROJECT) == ""
    assert UP not in on_a_terminal(tmp_path, DRAW, "auto", "auto", PYTHONPATH=PROJECT, TERM="dumb")


def test_errors_are_coloured_on_a_terminal_only(tmp_path: Path) -> None:
    file = str(stack(tmp_path, BAD))
    code = "import sys\nfrom ailtire_deploy.cli import main\nmain(sys.argv[1:])"
    assert "\x1b[1m" in on_a_terminal(tmp_path, code, "validate", file)
    assert "\x1b" not in on_a_terminal(tmp_path, code, "validate", file, NO_COLOR="1")
