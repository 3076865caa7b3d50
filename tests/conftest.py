"""What all tests share: a real swarm of the session's own, started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.swarm import Swarm, running_swarm


@pytest.fixture(scope="session")
def swarm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    """A one-node swarm that nobody else uses, with our images; gone without a trace afterwards."""
    with running_swarm(tmp_path_factory.mktemp("swarm")) as found:
        yield found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs an engine, and run it last: a broken rule of the pure layers shows in seconds."""
    for item in items:
        if "swarm" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)
    items.sort(key=lambda item: ("engine" in item.keywords, "system" in Path(item.path).parts))
