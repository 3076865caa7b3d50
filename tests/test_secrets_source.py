"""Sources of secrets: variables, files, the seed. A value is given to who asks, and shown to nobody."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy import identity
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.loading import Folder
from ailtire_deploy.model import Secret, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.secrets_source import LIMIT, check, reader

SHOP = StackPath(("shop",))
SEED = b"s" * 32
PLANTED = "hunter2-planted"


def read(
    source: Mapping[str, Any], folder: Path = Path("/nowhere"), path: StackPath = SHOP, **environ: str
) -> bytes:
    return reader({SHOP: Folder(folder, folder)}, environ, SEED)(path, "key", Secret(source=source))


def refused(source: Mapping[str, Any], folder: Path = Path("/nowhere"), **environ: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(source, folder, **environ)
    assert PLANTED not in str(caught.value)
    return str(caught.value)


def test_a_variable_is_a_source() -> None:
    assert read({"env": "PASSWORD"}, PASSWORD=f" {PLANTED}\n") == f" {PLANTED}\n".encode()


def test_a_variable_of_odd_bytes_keeps_them() -> None:
    assert read({"env": "PASSWORD"}, PASSWORD=os.fsdecode(b"\xff\xfe")) == b"\xff\xfe"


def test_a_file_is_a_source_and_its_last_line_end_is_not_part_of_it(tmp_path: Path) -> None:
    for content, value in ((b"a\n", b"a"), (b"a\r\n", b"a"), (b"a\n\n", b"a\n"), (b"\x00a", b"\x00a")):
        (tmp_path / "file").write_bytes(content)
        assert read({"file": "file"}, tmp_path) == value


def test_a_stack_that_stands_in_its_parent_s_file_shares_its_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a")
    assert read({"file": "file"}, tmp_path, SHOP / "in" / "deeper") == b"a"


def test_what_cannot_be_read_is_named_by_its_source(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "huge").write_text(PLANTED * (LIMIT // 10))
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert refused({"env": "PASSWORD"}) == "shop: secrets.key.from: the variable PASSWORD is not set"
    assert "is empty" in refused({"env": "PASSWORD"}, PASSWORD="")
    assert "too long" in refused({"env": "PASSWORD"}, PASSWORD=PLANTED * (LIMIT // 10))
    assert "is empty" in refused({"file": "empty"}, tmp_path)
    assert "larger" in refused({"file": "huge"}, tmp_path)
    for name in ("nope", "fifo", "link", "/etc/passwd", "../x", ""):
        assert "secrets.key.from" in refused({"file": name}, tmp_path)


def generated(path: StackPath = SHOP, key: str = "key", seed: bytes = SEED, **more: int) -> bytes:
    source = {"generate": {"length": 32, "generation": 1, **more}}
    return reader({}, {}, seed)(path, key, Secret(source=source))


@given(st.integers(12, 128))
def test_a_generated_value_has_the_length_asked_for(length: int) -> None:
    value = generated(length=length)
    assert len(value) == length
    assert value.decode().isalnum()


def test_a_generated_value_is_the_same_for_the_same_stack_key_and_generation() -> None:
    assert generated() == generated() == identity.generate(SEED, SHOP, "key").encode()
    others = {
        generated(SHOP / "in"),
        generated(key="other"),
        generated(seed=b"t" * 32),
        generated(generation=2),
    }
    assert len(others | {generated()}) == 5


def test_all_sources_are_checked_before_anything_begins() -> None:
    secrets = {
        "a": Secret(source={"env": "A"}),
        "b": Secret(source={"env": "B"}),
        "c": Secret(name="shop_c-0123456789ab"),
        "d": Secret(source={"generate": {"length": 32, "generation": 1}}),
        "e": Secret(source={"file": "x"}),
    }
    stacks = {SHOP: Stack(SHOP, secrets=secrets), SHOP / "in": Stack(SHOP / "in", secrets=secrets)}
    with pytest.raises(InvalidInput) as caught:
        check(stacks, {}, {"A": PLANTED})
    assert [(each.file, each.path) for each in caught.value.problems] == [
        ("shop", "secrets.b.from"),
        ("shop", "secrets.e.from"),
        ("shop/in", "secrets.b.from"),
        ("shop/in", "secrets.e.from"),
    ]
    assert PLANTED not in str(caught.value)
    check({SHOP: Stack(SHOP, secrets={"a": secrets["a"]})}, {}, {"A": PLANTED})
