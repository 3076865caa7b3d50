"""The facts that a launcher hands down."""

from __future__ import annotations

from pathlib import Path

import pytest

from ailtire_deploy import sites
from ailtire_deploy.errors import Usage
from ailtire_deploy.ports import EngineInfo


def info(address: str) -> EngineInfo:
    return EngineInfo(address, "cluster", "20.10.24", "1.41", 1, 1)


@pytest.mark.parametrize(
    ("address", "socket"),
    [
        ("unix:///run/other.sock", "/run/other.sock"),
        ("unix:///run/other.sock (context prod)", "/run/other.sock"),
        ("ssh://node (context prod)", "/var/run/docker.sock"),
    ],
)
def test_the_socket_is_that_of_the_engine_in_use(address: str, socket: str) -> None:
    site = sites.of_engine(info(address), {})
    assert (site.socket, site.cluster, site.image) == (socket, "cluster", sites.DEFAULT_IMAGE)


def test_what_the_environment_says_goes_first() -> None:
    said = {"AILTIRE_IMAGE": "ours:2", "AILTIRE_SOCKET": "/run/s", "AILTIRE_SOCKET_USER": "1:2"}
    site = sites.of_engine(info("unix:///run/other.sock"), said)
    assert (site.image, site.socket, site.user) == ("ours:2", "/run/s", "1:2")


def test_a_socket_that_cannot_be_seen_is_opened_by_root(tmp_path: Path) -> None:
    assert sites.user_of(tmp_path / "none") == sites.ROOT


def test_a_controller_started_by_hand_says_what_is_missing() -> None:
    with pytest.raises(Usage, match="AILTIRE_IMAGE is not set"):
        sites.of_environment({})


def test_another_build_of_the_same_image_is_told_apart() -> None:
    found = sites.of_engine(info("unix:///x"), {}, {sites.BUILD: "0123456789abcdef"})
    assert found.build == "0123456789abcdef"
    assert sites.of_engine(info("unix:///x"), {}, None).build == ""
    given = {f"AILTIRE_{name}": "x" for name in ("IMAGE", "SOCKET", "SOCKET_USER", "CLUSTER")}
    assert sites.of_environment({**given, "AILTIRE_BUILD": "b"}).build == "b"
    assert sites.of_environment(given).build == ""
