"""What passed its schema is not looked at again, and a memory that cannot be trusted is no memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment

from ailtire_deploy import checked, templating
from ailtire_deploy.definition import schema, validator
from ailtire_deploy.templating import artifacts

GOOD = {"services": {"web": {"image": "web"}}}
BAD = {"services": {"web": {"image": "web", "imagine": 1}}}


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """How often the validator was asked, from an empty memory on."""
    asked: list[str] = []
    real = validator.findings

    def counted(data: object, name: str) -> object:
        asked.append(name)
        return real(data, name)

    monkeypatch.setattr(validator, "findings", counted)
    monkeypatch.setattr(schema, "passed", {})
    yield asked


def test_what_passed_is_not_looked_at_twice(looks: list[str]) -> None:
    assert schema.check(GOOD, "stack") == schema.check(dict(GOOD), "stack") == []
    assert len(looks) == 1


def test_what_did_not_pass_is_complained_about_each_time(looks: list[str]) -> None:
    assert schema.check(BAD, "stack") == schema.check(BAD, "stack") != []
    assert len(looks) == 2
    assert not schema.passed


def test_a_number_a_truth_value_and_a_text_are_told_apart(looks: list[str]) -> None:
    for value in (1, True, "1"):
        schema.check({**GOOD, "x-note": value}, "stack")
    assert len(looks) == 3


def test_the_memory_forgets_the_oldest() -> None:
    for number in range(schema.KEPT + 5):
        schema.remember(str(number))
    assert len(schema.passed) == schema.KEPT
    assert "4" not in schema.passed and "5" in schema.passed


def test_the_next_run_knows_what_passed_in_the_last(tmp_path: Path, looks: list[str]) -> None:
    for _ in range(2):
        schema.passed.clear()
        with checked.remembered(tmp_path / "cache" / "checked"):
            assert schema.check(GOOD, "stack") == []
    assert len(looks) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"not a mark\n", b"0" * 10_000_000])
def test_a_memory_that_is_spoilt_is_none(tmp_path: Path, looks: list[str], content: bytes) -> None:
    file = tmp_path / "checked"
    file.write_bytes(content)
    with checked.remembered(file):
        assert schema.check(GOOD, "stack") == []
    assert len(looks) == 1


def test_a_memory_that_others_may_write_is_not_believed(tmp_path: Path, looks: list[str]) -> None:
    file = tmp_path / "checked"
    with checked.remembered(file):
        schema.check(GOOD, "stack")
    file.chmod(0o666)
    schema.passed.clear()
    with checked.remembered(file):
        schema.check(GOOD, "stack")
    assert len(looks) == 2


def test_a_folder_that_cannot_be_written_costs_no_more_than_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with checked.remembered(tmp_path / "file" / "checked"):
        assert schema.check(GOOD, "stack") == []


def test_the_memory_is_in_the_cache_folder_of_the_user() -> None:
    assert checked.default_path({"HOME": "/home/ada"}) == Path("/home/ada/.cache/ailtire-deploy/checked")
    assert checked.default_path({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/ailtire-deploy/checked")


@pytest.fixture
def compiled(tmp_path: Path) -> Iterator[checked.Compiled]:
    """A store of compiled templates that is in use."""
    store = checked.Compiled(tmp_path / "compiled")
    templating.keep_compiled(store)
    artifacts._compiled.cache_clear()
    yield store
    templating.keep_compiled(None)
    artifacts._compiled.cache_clear()


def again(monkeypatch: pytest.MonkeyPatch) -> str:
    """A template as the next process renders it; says so when it is compiled once more."""
    artifacts._compiled.cache_clear()
    told: list[str] = []
    real = Environment.compile

    def heard(self: Environment, *given: object, **named: object) -> object:
        told.append("compiled: ")
        return real(self, *given, **named)  # type: ignore[call-overload]

    with monkeypatch.context() as patch:
        patch.setattr(Environment, "compile", heard)
        text = templating.artifact("{{ word | json }}", word="it's")
    return "".join(told) + text


def test_a_template_is_compiled_once_for_all_runs(
    compiled: checked.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [again(monkeypatch) for _ in range(3)] == ['compiled: "it\'s"', '"it\'s"', '"it\'s"']


@pytest.mark.parametrize("spoilt", ["open to others", "cut short", "something else", "too large"])
def test_a_compiled_template_that_cannot_be_trusted_is_made_anew(
    compiled: checked.Compiled, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    again(monkeypatch)
    (file,) = compiled.folder.iterdir()
    if spoilt == "open to others":
        file.chmod(0o666)
    else:
        made = {
            "cut short": file.read_bytes()[:40],
            "something else": b"no code",
            "too large": b"0" * (2 << 20),
        }
        file.write_bytes(made[spoilt])
    assert again(monkeypatch) == 'compiled: "it\'s"'


def test_compiled_templates_of_old_releases_do_not_gather(compiled: checked.Compiled) -> None:
    for number in range(checked.TEMPLATES + 5):
        compiled.put(str(number), b"x")
    assert len(list(compiled.folder.iterdir())) == 5
