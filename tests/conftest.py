"""What all tests share: a real swarm of the session's own, started when the first test asks for it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings

from tests import attacks
from tests.proof import Count, Proof, table_of
from tests.swarm import Swarm, running_swarm

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

PROOF = pytest.StashKey[Proof]()
EAR = pytest.StashKey["Ear"]()
COUNTED = "counted"  # among the properties of a test's report, which also come from other processes


@pytest.fixture(scope="session")
def swarm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    """A one-node swarm that nobody else uses, with our images; gone without a trace afterwards."""
    with running_swarm(tmp_path_factory.mktemp("swarm")) as found:
        yield found


@pytest.fixture
def prove_report(request: pytest.FixtureRequest) -> Proof:
    """Call it with row, good rounds, all rounds, and what they were; the run ends with all of these lines."""
    told = request.node.user_properties
    return Proof(table=table_of(request.module), tell=lambda count: told.append((COUNTED, astuple(count))))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``make prove`` gives the one option, ``make test`` the other."""
    parser.addoption("--prove", metavar="TABLE", help="run what counts for a table of promises, '' for all")
    parser.addoption("--attacks", action="store_true", help="count every attack of tests/attacks.py")


@dataclass(eq=False)
class Ear:
    """Hears what tests counted and what became of them, be it in a process of their own."""

    proof: Proof
    outcomes: dict[str, str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != attacks.PASSED:
            self.outcomes[report.nodeid] = report.outcome
        told = (value for name, value in report.user_properties if name == COUNTED)
        self.proof.counts += [Count(*each) for each in told if report.when == "teardown"]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Say of each row of the table how many rounds went well."""
    proof = config.stash[PROOF]
    lines = [*proof.lines(), *(f"{table} row {row}: not counted  SHORT" for table, row in missing(config))]
    if lines:
        terminalreporter.section("rounds that went well")
        terminalreporter.write_line("\n".join(lines))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A row that fell short is a failure, also when no test says so."""
    if counts_attacks(session.config):
        found = attacks.counted(session.config.stash[EAR].outcomes)
        told = (Count(attacks.TABLE, row, what, good, of) for row, good, of, what in found)
        session.config.stash[PROOF].counts += told
    if exitstatus == pytest.ExitCode.OK and (missing(session.config) or session.config.stash[PROOF].short):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def counts_attacks(config: pytest.Config) -> bool:
    """Whether this process hears of every test of a run that is to have all attacks."""
    asked = config.getoption("--attacks") or config.getoption("--prove") in ("", attacks.TABLE)
    return asked and not config.option.collectonly and not hasattr(config, "workerinput")


def missing(config: pytest.Config) -> list[tuple[str, int]]:
    """The rows that were to be counted and were not."""
    table = config.getoption("--prove")
    return [] if table is None or config.option.collectonly else config.stash[PROOF].missing(table)


def pytest_configure(config: pytest.Config) -> None:
    """In a job that a shell put into the background SIGINT is ignored, and so it would be in every child."""
    config.stash[PROOF] = Proof()
    config.stash[EAR] = Ear(config.stash[PROOF])
    config.pluginmanager.register(config.stash[EAR])
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs an engine, and run it last: a broken rule of the pure layers shows in seconds."""
    table = config.getoption("--prove")
    if table is not None:
        config.hook.pytest_deselected(items=[each for each in items if not counts_for(each, table)])
        items[:] = [each for each in items if counts_for(each, table)]
    for item in items:
        if "swarm" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)
    items.sort(key=lambda item: ("engine" in item.keywords, "system" in Path(item.path).parts))


def counts_for(item: pytest.Item, table: str) -> bool:
    """Whether a test belongs to the proof of a table."""
    if table in ("", attacks.TABLE) and item.nodeid.partition("[")[0] in attacks.PLACES:
        return True
    counts = "prove" in item.keywords or "prove_report" in getattr(item, "fixturenames", ())
    module = getattr(item, "module", None)
    return counts and "small" not in item.keywords and table in ("", table_of(module))
