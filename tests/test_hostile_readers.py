"""A planted secret, looked for in all that a tree says of itself and in what a crash would leave behind."""

from __future__ import annotations

import base64
import json
import traceback
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy.rest import ENDPOINTS
from ailtire_deploy.state import Resource
from tests.household import Household, entry, three_levels
from tests.rest.living import Living

PLANTED = "correct-horse-battery-staple-29"
FORMS = {
    PLANTED,
    PLANTED.encode().hex(),
    *(base64.b64encode(b"x" * shift + PLANTED.encode()).decode()[4:-4] for shift in range(3)),
}
"""The value as text, in hex, and in base64 wherever it may begin."""


def shows(text: str) -> bool:
    return any(form in text for form in FORMS)


def kept(each: Resource) -> Iterator[str]:
    """What the engine shows to whoever may read: all of a config, and all but the value of a secret."""
    yield repr(each)
    yield json.dumps([each.name, dict(each.labels), dict(each.spec), dict(each.facts)], default=str)
    if each.kind == "config" and each.data:
        yield each.data.decode(errors="replace")
        with suppress(zlib.error):
            yield zlib.decompress(each.data).decode()


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Living:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Household, "read", lambda *_: lambda *__: PLANTED.encode())
        return Living(tmp_path_factory.mktemp("living"))


def test_the_value_reaches_its_secret_and_nothing_else_on_the_swarm(living: Living) -> None:
    values = [each for each in living.house.engine.objects.values() if each.data == PLANTED.encode()]
    assert [each.kind for each in values] == ["secret"]
    found = [(str(each.key), text) for each in living.house.engine.objects.values() for text in kept(each)]
    assert len(found) > 20
    assert [name for name, text in found if shows(text)] == []


READS = [each for each in ENDPOINTS if each.method == "GET" and each.name != "events"]


@pytest.mark.parametrize("way", ["/_admin/", "/orders/_admin/"])
@pytest.mark.parametrize("endpoint", READS, ids=lambda each: each.name)
def test_no_answer_shows_it(living: Living, endpoint: Any, way: str) -> None:
    name = endpoint.name.replace("<n>/diff", "1/diff").replace("<n>", "1").replace("<file>", "element.js")
    found = living.ask("GET", way + name)
    assert found.status in (200, 404)
    assert not shows(found.text + json.dumps(dict(found.headers)))


def test_neither_an_update_with_it_nor_its_refusal_repeats_it(living: Living) -> None:
    for wrong in ({"shop/token": PLANTED}, {"shop/nothing": PLANTED}, {"shop/token": [PLANTED]}, PLANTED):
        found = living.ask("POST", "/_admin/update?check=true", {"secrets": wrong})
        assert found.status in (200, 422)
        assert not shows(found.text)


def test_a_crash_at_any_write_leaves_nothing_of_it_behind(tmp_path: Path) -> None:
    """The messages say all that the program has at hand, as a careless line of code would."""
    house = Household(tmp_path)
    house.values["shop/token"] = PLANTED
    left: list[str] = []

    def crash(number: int) -> None:
        if number % 2:
            everything = [*house.engine.objects.values(), *house.loops.values(), house.launcher()]
            raise RuntimeError(f"write {number}: {everything!r}")

    house.engine.before = crash
    for _ in range(80):
        try:
            house.apply(entry(three_levels()), wait=False)
            house.live()
        except RuntimeError:
            left.append(traceback.format_exc())
    assert len(house.names("service")) > 5, "it has come far"
    assert len(left) > 10
    assert [text for text in left if shows(text)] == []
