"""Which engine is meant: by the rules of the docker command, but never another one than was named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ailtire_deploy.engine import SwarmEngine
from ailtire_deploy.engine.connect import LOCAL, Address, find
from ailtire_deploy.errors import InvalidInput, Unreachable


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose docker configuration knows the contexts ``prod`` and ``safe``."""
    folder = tmp_path / ".docker"
    for name, endpoint in {
        "prod": {"Host": "ssh://me@prod"},
        "safe": {"Host": "tcp://safe:2376", "SkipTLSVerify": True},
    }.items():
        place = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
        place.mkdir(parents=True)
        (place / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    certificates = folder / "contexts" / "tls" / hashlib.sha256(b"safe").hexdigest() / "docker"
    certificates.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"currentContext": "prod"}))
    return tmp_path


def test_what_is_asked_for_comes_before_the_environment(home: Path) -> None:
    environment = {"HOME": str(home), "DOCKER_HOST": "tcp://elsewhere:2375", "DOCKER_CONTEXT": "prod"}
    assert find("unix:///run/it.sock", environment) == Address("unix:///run/it.sock")
    assert find("prod", environment) == Address("ssh://me@prod", "prod")
    assert find("default", environment) == Address(LOCAL)


def test_the_environment_comes_before_the_configuration(home: Path) -> None:
    environment = {"HOME": str(home), "DOCKER_HOST": "tcp://elsewhere:2375", "DOCKER_CONTEXT": "safe"}
    assert find(None, environment).url == "tcp://elsewhere:2375"
    del environment["DOCKER_HOST"]
    assert find(None, environment).context == "safe"
    del environment["DOCKER_CONTEXT"]
    assert str(find(None, environment)) == "ssh://me@prod (context prod)"


def test_without_anything_it_is_the_local_engine(tmp_path: Path) -> None:
    assert find(None, {"HOME": str(tmp_path)}) == Address(LOCAL)


def test_the_folder_of_the_configuration_can_be_named(home: Path) -> None:
    assert find(None, {"DOCKER_CONFIG": str(home / ".docker")}).context == "prod"


def test_an_unknown_context_is_an_error_that_names_the_known_ones(home: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no docker context 'prd' \(there are: default, prod, safe\)"):
        find("prd", {"HOME": str(home)})
    with pytest.raises(InvalidInput):
        find(None, {"HOME": str(home), "DOCKER_CONTEXT": "prd"})


def test_certificates_are_those_of_the_context_or_the_environment(home: Path) -> None:
    found = find("safe", {"HOME": str(home)})
    assert found.certificates is not None
    assert not found.verify
    environment = {"HOME": str(home), "DOCKER_HOST": "tcp://it:2376"}
    assert find(None, environment).certificates is None
    assert find(None, {**environment, "DOCKER_TLS_VERIFY": "1"}).certificates == home / ".docker"
    environment |= {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/keys"}
    assert find(None, environment).certificates == Path("/keys")


@pytest.mark.parametrize(
    "address", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "ssh://nobody@127.0.0.1:1"]
)
def test_an_engine_that_is_not_there_is_unreachable_and_named(address: str) -> None:
    engine = SwarmEngine(address)
    with pytest.raises(Unreachable, match=address):
        engine.info()
    engine.close()


def test_a_broken_address_is_not_taken_for_the_local_engine() -> None:
    engine = SwarmEngine("gopher://nowhere")
    with pytest.raises(Unreachable, match="gopher"):
        engine.info()
    engine.close()
