"""HAProxy's counters read, and added up over workers and proxies."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ailtire_deploy import traffic
from ailtire_deploy.controller.tallies import Tallies
from ailtire_deploy.gateway.counting import Asking, Counting
from ailtire_deploy.traffic import Counters, Pace

ROWS = "pxname,svname,scur,act,srv_abrt,hrsp_5xx,req_tot,qtime,ctime,rtime"


def said(process: int, **backends: tuple[int, ...]) -> str:
    """As HAProxy 2.6 says it: of each backend sessions, servers, aborts, 5xx, requests, and three means."""
    rows = "\n".join(f"{name},BACKEND,{','.join(map(str, each))}," for name, each in backends.items())
    tables = "# table: _slow.web.500-1000, type: integer, size:1, used:1\n"
    return f"Name: HAProxy\nPid: {process}\nUptime: 1\n\n# {ROWS},\n{rows}\n\n{tables}\n"


def test_a_workers_words_become_counters() -> None:
    found = traffic.read(said(7, web=(3, 2, 1, 4, 100, 0, 1, 20), nowhere=(0, 0, 0, 0, 9, 0, 0, 0)))
    assert found.process == 7
    assert found.traffic == {"web": Counters(100, 5, sessions=3, servers=2), "nowhere": Counters(9)}
    assert found.means == {"web": 21, "nowhere": 0}
    assert found.tables == ("_slow.web.500-1000",)


def test_what_the_controller_would_not_take_is_not_told() -> None:
    found = traffic.read(
        said(7, **{"web": (0, 1, 0, 0, 1, 0, 0, 0), "<Stats>": (0,) * 8, "_slow.web.5": (0,) * 8})
    )
    assert set(found.traffic) == {"web"}
    assert traffic.from_json(traffic.as_json(found.traffic)) == found.traffic


@pytest.mark.parametrize("words", ["", "Can't find the target PID matching the prefix '@!7'\n", "Pid: 1\n"])
def test_other_words_are_none(words: str) -> None:
    with pytest.raises(ValueError, match="does not say"):
        traffic.read(words)


def test_slow_answers_are_read_by_threshold_also_before_the_first() -> None:
    words = (
        "# table: _slow.web.80.500-1000, type: integer, size:1, used:1\n"
        "0x55: key=1 use=0 exp=0 gpc0=2 gpc1=1\n\n"
        "# table: _slow.api.50, type: integer, size:1, used:0\n\n"
    )
    assert traffic.slow(words) == {"web.80": {500: 2, 1000: 1}, "api": {50: 0}}


def test_times_add_up_by_the_mean_of_each_reading() -> None:
    first = traffic.grown({}, traffic.read(said(7, web=(0, 1, 0, 0, 10, 0, 0, 5))), {})
    second = traffic.grown(first, traffic.read(said(7, web=(0, 1, 0, 0, 30, 0, 1, 9))), {"web": {500: 1}})
    assert (first["web"].time, second["web"].time, second["web"].slow) == (50, 250, {500: 1})


def test_what_came_since_is_a_difference_unless_the_counting_began_anew() -> None:
    before = Counters(100, 10, 1000, slow={500: 3})
    assert Counters(150, 12, 1600, 4, 2, {500: 4, 900: 1}).since(before) == Counters(
        50, 2, 600, 4, 2, {500: 1, 900: 1}
    )
    assert Counters(5, 1, 10).since(before) == Counters(5, 1, 10)


def test_a_pace_is_a_second_and_its_errors_are_a_part_of_it() -> None:
    found = traffic.pace(Counters(700, 7, 9000), Counters(100, 1, 3000), 60)
    assert found == Pace(10.0, 0.1, 10.0)
    assert found.failing == pytest.approx(0.01)
    assert traffic.pace(Counters(), Counters(), 60) == Pace(0.0, 0.0, 0.0)


def test_what_an_agent_tells_comes_back_as_it_was() -> None:
    counted = {"web.80": Counters(5, 1, 30, 2, 1, {500: 1}), "_admin": Counters(1)}
    assert traffic.from_json(traffic.as_json(counted)) == counted


@pytest.mark.parametrize(
    "told",
    [
        [],
        {"Web": {}},
        {"a" * 300: {}},
        {"web": 1},
        {"web": {"requests": 1}},
        {"web": {**traffic.as_json({"web": Counters()})["web"], "errors": -1}},
        {"web": {**traffic.as_json({"web": Counters()})["web"], "time": 1.5}},
        {"web": {**traffic.as_json({"web": Counters()})["web"], "requests": True}},
        {"web": {**traffic.as_json({"web": Counters()})["web"], "slow": {"x": 1}}},
        {"web": {**traffic.as_json({"web": Counters()})["web"], "slow": {str(n): 1 for n in range(17)}}},
    ],
)
def test_what_is_no_traffic_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match=r"has to be|is no backend"):
        traffic.from_json(told)


class Workers:
    """What workers answer, by process id; the last is the one that serves."""

    def __init__(self) -> None:
        self.says: dict[int, str] = {}

    def worker(self, question: str) -> str:
        return self.answer(max(self.says), question)

    def old(self) -> Mapping[int, Asking]:
        there = sorted(self.says)[:-1]
        return {process: lambda question, of=process: self.answer(of, question) for process in there}

    def answer(self, process: int, question: str) -> str:
        return self.says[process] if question == traffic.ASKED else ""


def requests(counting: Counting) -> dict[str, int]:
    return {label: each.requests for label, each in counting.read().items()}


def web(number: int) -> tuple[int, ...]:
    return (1, 2, 0, 0, number, 0, 0, 5)


def test_counters_go_on_over_reloads_and_old_workers_are_heard_to_the_end() -> None:
    workers = Workers()
    counting = Counting(workers.worker, workers.old)
    workers.says[1] = said(1, web=web(10))
    assert requests(counting) == {"web": 10}
    workers.says[2] = said(2, web=web(3))
    workers.says[1] = said(1, web=web(12))
    found = counting.read()["web"]
    assert (found.requests, found.sessions, found.servers, found.time) == (15, 2, 2, 75)
    del workers.says[1]
    workers.says[2] = said(2, web=web(4))
    found = counting.read()["web"]
    assert (found.requests, found.sessions, found.servers) == (16, 1, 2)


def test_a_backend_that_was_away_begins_at_nothing_though_an_old_worker_still_counts() -> None:
    workers = Workers()
    counting = Counting(workers.worker, workers.old)
    workers.says[1] = said(1, web=web(10), other=web(1))
    counting.read()
    workers.says[2] = said(2, other=web(1))
    assert requests(counting) == {"other": 2}
    workers.says[3] = said(3, web=web(2), other=web(1))
    assert requests(counting) == {"other": 3, "web": 2}


def test_a_worker_that_does_not_answer_keeps_what_it_said() -> None:
    workers = Workers()
    counting = Counting(workers.worker, workers.old)
    workers.says[1] = said(1, web=web(10))
    assert requests(counting) == {"web": 10}
    workers.says[1] = "nothing of use"
    assert requests(counting) == {"web": 10}


def counted(tallies: Tallies, label: str = "web") -> int:
    return tallies.totals("gateway")[label].requests


def test_sums_of_agents_only_grow_whoever_comes_and_goes() -> None:
    tallies = Tallies()
    tallies.listen("gateway", "one", {"web": Counters(1000, servers=2)}, 0)
    assert counted(tallies) == 0  # what came before anybody listened is not of now
    tallies.listen("gateway", "one", {"web": Counters(1010, servers=2)}, 10)
    tallies.listen("gateway", "two", {"web": Counters(500, servers=1)}, 10)
    tallies.listen("gateway", "two", {"web": Counters(507, servers=1)}, 20)
    assert (counted(tallies), tallies.totals("gateway")["web"].servers) == (17, 2)
    tallies.keep({("gateway", "two")})
    assert (counted(tallies), tallies.totals("gateway")["web"].servers) == (17, 1)
    tallies.listen("gateway", "two", {"web": Counters(2)}, 30)
    assert counted(tallies) == 19
    tallies.listen("gateway", "two", {"api": Counters(5)}, 40)
    assert tallies.totals("gateway") == {"api": Counters(5)}
    assert tallies.totals("edge") == {}


def test_a_pace_is_of_about_a_minute() -> None:
    tallies = Tallies()
    for second in range(0, 301, 10):
        number = 2 * second if second < 200 else 400 + 5 * (second - 200)
        tallies.listen("gateway", "one", {"web": Counters(number)}, second)
    assert tallies.paces("gateway", 300)["web"].requests == pytest.approx(5, rel=0.01)
    assert tallies.paces("gateway", 320)["web"].requests == pytest.approx(5, rel=0.01)
    assert tallies.paces("gateway", 320)["web"].age == 20
    assert tallies.paces("gateway", 400) == {}
    assert Tallies().paces("gateway", 0) == {}


def test_the_pace_of_a_service_is_that_of_all_its_ports() -> None:
    assert traffic.together([]) is None
    assert traffic.together([Pace(9, 0, 10, 1), Pace(3, 0.6, 30, 2)]) == Pace(12, 0.6, 15, 2)
    assert traffic.together([Pace(0, 0, 0)]) == Pace(0, 0, 0)
