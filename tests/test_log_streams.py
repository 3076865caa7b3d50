"""One reader's way through many logs: nothing twice, nothing left out in silence, never too much."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from itertools import islice
from threading import BoundedSemaphore
from typing import Any

import pytest

from ailtire_deploy import log_lines, log_rooms, log_streams, log_tails
from ailtire_deploy.errors import Unreachable
from ailtire_deploy.log_lines import Asked, Source
from ailtire_deploy.log_rooms import Pool
from ailtire_deploy.log_streams import Reading
from ailtire_deploy.log_tails import Tails
from ailtire_deploy.ports import NOTE, LogLine
from tests.fakes import FakeEngine

WEB, OLD, DB = (
    Source("t1", "shop/web.1", "shop_web", True, "one"),
    Source("t0", "shop/web.1", "shop_web", False, "one"),
    Source("t2", "shop/db.1", "shop_db", True, "two"),
)


def moment(second: float) -> str:
    return f"2030-01-01T00:{int(second) // 60:02}:{second % 60:012.9f}Z"


def said(source: Source, second: float, text: str, stream: str = "stdout") -> LogLine:
    return LogLine(source.name, stream, moment(second), text)


class Logs(FakeEngine):
    """The logs of tasks, and of whom they are asked; a node in ``away`` does not answer."""

    def __init__(self, **lines: Sequence[LogLine]) -> None:
        super().__init__()
        self.lines = {task: list(each) for task, each in lines.items()}
        self.away: set[str] = set()
        self.asked_of: list[str] = []

    def logs(self, task_id: str, source: str, *, tail: int, since: float = 0.0) -> Iterator[LogLine]:
        self.asked_of.append(task_id)
        if task_id in self.away:
            raise Unreachable("no answer")
        found = self.lines.get(task_id, [])
        yield from found[max(0, len(found) - tail) :]


def reading(engine: Logs, *sources: Source, **asked: Any) -> Reading:
    return Reading(engine, lambda: sources, Asked(**asked))


def following(engine: Logs, *sources: Source, **asked: Any) -> Iterator[LogLine | None]:
    return reading(engine, *sources, follow=True, **asked).lines()


def texts(lines: Iterator[LogLine | None]) -> list[str]:
    return [line.text for line in lines if line]


def look(coming: Iterator[LogLine | None]) -> list[str]:
    """What comes until there is nothing."""
    found = []
    while line := next(coming):
        found.append(line.text)
    return found


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_streams.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(log_streams, "STOPS", 1 << 20)  # else signs of life come in the midst of a look


def test_the_newest_lines_of_dead_tasks_and_living_ones_come_in_order_of_time() -> None:
    engine = Logs(t0=[said(WEB, 1, "a"), said(WEB, 2, "b")], t1=[said(WEB, 4, "d")], t2=[said(DB, 3, "c")])
    assert texts(reading(engine, OLD, WEB, DB, tail=2).newest()) == ["b", "c", "d"]


def test_what_was_shown_does_not_come_again_when_one_follows() -> None:
    engine = Logs(t1=[said(WEB, 1, "a"), said(WEB, 2, "b")])
    coming = following(engine, WEB)
    assert look(coming) == ["a", "b"]
    engine.lines["t1"] += [said(WEB, 2.000000001, "c"), said(WEB, 3, "d")]
    assert look(coming) == ["c", "d"]
    assert look(coming) == []


def test_a_task_that_began_and_ended_between_two_looks_is_not_missed_and_read_once() -> None:
    sources, engine = [OLD], Logs(t0=[said(WEB, 1, "old")], t1=[said(WEB, 2, "a flash")])
    coming = Reading(engine, lambda: tuple(sources), Asked(tail=0, follow=True)).lines()
    assert look(coming) == []
    sources.append(Source("t1", WEB.name, WEB.service, live=False))
    assert look(coming) == ["a flash"]
    asked = len(engine.asked_of)
    assert look(coming) == []
    assert len(engine.asked_of) == asked


def test_only_lines_with_the_text_come_and_the_newest_of_those() -> None:
    engine = Logs(t1=[said(WEB, n, f"{'ERROR' if n % 10 == 0 else 'fine'} {n}") for n in range(50)])
    coming = following(engine, WEB, tail=2, grep="ERROR")
    assert look(coming) == ["ERROR 30", "ERROR 40"]
    engine.lines["t1"] += [said(WEB, 51, "fine"), said(WEB, 52, "an ERROR")]
    assert look(coming) == ["an ERROR"]


def test_a_text_is_no_pattern() -> None:
    engine = Logs(t1=[said(WEB, 1, "a" * 5000), said(WEB, 2, "(a+)+$")])
    assert texts(reading(engine, WEB, grep="(a+)+$").newest()) == ["(a+)+$"]


def test_a_node_that_is_away_is_spoken_of_once_and_not_asked_again_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second = [0.0]
    monkeypatch.setattr(log_streams.time, "monotonic", lambda: second[0])
    engine = Logs(t1=[said(WEB, 1, "here")], t2=[said(DB, 2, "there")], t3=[said(DB, 3, "there too")])
    engine.away = {"t2"}
    other = Source("t3", "shop/db.2", "shop_db", True, "two")
    coming = following(engine, WEB, DB, other)
    first = list(islice(coming, 3))
    assert [(each.source, each.stream) for each in first if each] == [
        ("shop/db.1", NOTE),
        ("shop/db.2", NOTE),
        ("shop/web.1", "stdout"),
    ]
    assert look(coming) + look(coming) == []
    assert engine.asked_of == ["t1", "t2", "t1"]
    engine.away.clear()
    second[0] += log_streams.RETRY
    assert look(coming) == ["there", "there too"]


def test_who_writes_faster_than_is_read_is_said_to_do_so() -> None:
    most = log_streams.AT_MOST
    engine = Logs(t1=[said(WEB, 0, "first")])
    coming = following(engine, WEB)
    assert look(coming) == ["first"]
    engine.lines["t1"] += [said(WEB, 1 + n / 10_000, str(n)) for n in range(most + 50)]
    assert look(coming) == [log_streams.FASTER, *map(str, range(50, most + 50))]
    engine.lines["t1"] += [said(WEB, 3, "quiet again")]
    assert look(coming) == ["quiet again"]


class Pieces(Logs):
    """Writes lines of a megabyte all the time; counts what is read, as the engine counts: by pieces."""

    read = second = 0

    def logs(self, task_id: str, source: str, *, tail: int, since: float = 0.0) -> Iterator[LogLine]:
        per_line = (1 << 20) // log_streams.PIECE
        whole, rest = divmod(tail, per_line)
        self.second += 10
        sizes = [rest * log_streams.PIECE] * bool(rest) + [1 << 20] * whole
        self.read += sum(sizes)
        for number, size in enumerate(sizes):
            yield LogLine(source, "stdout", moment(self.second + number / 1000), "x", size - 1)


def test_of_lines_without_measure_only_so_much_is_read() -> None:
    engine = Pieces()
    coming = following(engine, WEB, tail=10_000)
    assert [each.text for each in islice(coming, 1) if each] == [log_streams.SHORTER]
    assert engine.read <= log_streams.READ + 2 * log_streams.SAMPLE * log_streams.PIECE
    engine.read = looks = 0
    for line in islice(coming, 60):
        looks += line is not None and line.text == log_streams.FASTER
    assert looks >= 5
    assert engine.read <= 2 * looks * log_streams.LOOK


def test_who_waits_for_a_turn_shows_signs_of_life_and_ends_when_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_streams, "_turns", BoundedSemaphore(1))
    monkeypatch.setattr(log_streams, "WAIT", 0.01)
    log_streams._turns.acquire()
    gone = [False]
    coming = Reading(Logs(), lambda: (WEB,), Asked(follow=True), stop=lambda: gone[0]).lines()
    assert [next(coming), next(coming)] == [None, None]
    gone[0] = True
    assert set(coming) <= {None}


def test_whoever_talks_hides_no_other_and_is_the_first_to_be_cut() -> None:
    loud = [said(WEB, n / 100, "x" * 1000) for n in range(100)]
    tails = Tails(1000, 10 * 1400)
    for line in [*loud, *(said(DB, n, "quiet") for n in range(5))]:
        tails.add(line)
    assert tails.size <= 10 * 1400
    found = list(tails.taken())
    assert [(each.source, each.text) for each in found if each.stream == NOTE] == [
        ("shop/web", log_tails.CUT)
    ]
    assert sum(each.source == "shop/db.1" for each in found) == 5
    assert [each.time for each in found if each.source == "shop/web.1"] == [
        each.time for each in loud[-sum(e.source == "shop/web.1" for e in found) :]
    ]


def test_many_answers_that_nobody_takes_share_a_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(Logs):
        def logs(self, task_id: str, source: str, *, tail: int, since: float = 0.0) -> Iterator[LogLine]:
            return islice((said(WEB, n / 100, "x" * 900 + str(n)) for n in range(3000)), tail)

    pool = Pool(1 << 20)
    monkeypatch.setattr(log_streams, "pool", pool)
    readers = [reading(Endless(), WEB, tail=3000).newest() for _ in range(20)]
    tracemalloc.start()
    try:
        begun = [next(each) for each in readers]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [each.text for each in begun] == [log_tails.CUT] * 20
    assert held < 2 * (1 << 20) + 20 * log_rooms.LEAST
    assert pool.free < (1 << 20) // 10
    for each in readers:
        each.close()  # type: ignore[attr-defined]
    assert pool.free == 1 << 20


def test_a_reader_gives_its_memory_back_when_it_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(1 << 20)
    monkeypatch.setattr(log_streams, "pool", pool)
    lines = reading(Logs(t1=[said(WEB, 1, "a"), said(WEB, 2, "b")]), WEB).newest()
    next(lines)
    assert (1 << 20) - pool.free < 2000
    list(lines)
    assert pool.free == 1 << 20


def test_a_last_line_is_short_and_a_node_that_is_away_waited_for_once() -> None:
    engine = Logs(t1=[said(WEB, 1, "x" * 30_000)])
    engine.away = {"t2", "t3"}
    other = Source("t3", "shop/db.2", "shop_db", True, "two")
    found = log_streams.last_lines(engine, [WEB, DB, other])
    assert {name: len(each.text) for name, each in found.items()} == {"shop_web": log_streams.SHOWN + 1}
    assert engine.asked_of == ["t1", "t2"]


def test_streams_and_notes_are_told_apart_without_colours() -> None:
    lines = [said(WEB, 1, "", "stdout"), said(WEB, 1, "", "stderr"), log_lines.note("a", "b")]
    assert [log_lines.mark(each) for each in lines] == ["|", "!", "#"]
