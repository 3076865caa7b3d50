"""What all tests share: a real swarm of the session's own, started when the first test asks for it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof import Proof
from tests.swarm import Swarm, running_swarm

PROOF = pytest.StashKey[Proof]()


@pytest.fixture(scope="session")
def swarm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    """A one-node swarm that nobody else uses, with our images; gone without a trace afterwards."""
    with running_swarm(tmp_path_factory.mktemp("swarm")) as found:
        yield found


@pytest.fixture
def prove_report(request: pytest.FixtureRequest) -> Proof:
    """Call it with row, good rounds, all rounds, and what they were; the run ends with all of these lines."""
    return request.config.stash[PROOF]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Say of each row of the table how many rounds went well."""
    lines = list(config.stash[PROOF].lines())
    if lines:
        terminalreporter.section("rounds that went well")
        terminalreporter.write_line("\n".join(lines))


def pytest_configure(config: pytest.Config) -> None:
    """In a job that a shell put into the background SIGINT is ignored, and so it would be in every child."""
    config.stash[PROOF] = Proof()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs an engine, and run it last: a broken rule of the pure layers shows in seconds."""
    for item in items:
        if "swarm" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)
    items.sort(key=lambda item: ("engine" in item.keywords, "system" in Path(item.path).parts))
