"""What one logs in with at registries: read as the docker command does, sent to engines, shown to nobody."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy.engine import distribution
from ailtire_deploy.engine.credentials import Logins
from ailtire_deploy.engine.wire import Wire
from ailtire_deploy.errors import Refused, Unreachable

PASSWORD = "hush-hush"
HOST = "r.example:5000"


def logins(folder: Path, config: Any) -> Logins:
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return Logins({"DOCKER_CONFIG": str(folder)})


def helper(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A credential helper called ``shed``."""
    file = folder / "docker-credential-shed"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def auth(user: str, password: str = PASSWORD) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_what_docker_login_wrote_is_found_by_host(tmp_path: Path) -> None:
    said = {
        HOST: auth("ann"),
        "https://index.docker.io/v1/": auth("hub"),
        "t.example": {"identitytoken": "T"},
    }
    found = logins(tmp_path, {"auths": said})
    assert found(HOST) == {"username": "ann", "password": PASSWORD, "serveraddress": HOST}
    assert found("docker.io") == {
        "username": "hub",
        "password": PASSWORD,
        "serveraddress": "https://index.docker.io/v1/",
    }
    assert found("t.example") == {"identitytoken": "T", "serveraddress": "t.example"}
    assert found("elsewhere.example") is None
    assert found.problems == []


@pytest.mark.parametrize("config", ["", "[]", "{}", {"auths": {HOST: {}}}, {"currentContext": "x"}])
def test_without_a_login_there_are_no_credentials(tmp_path: Path, config: Any) -> None:
    found = logins(tmp_path, config)
    assert (found(HOST), found.problems) == (None, [])
    assert Logins({"DOCKER_CONFIG": str(tmp_path / "nowhere")})(HOST) is None


def test_a_helper_is_asked_once_for_each_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.dumps({"ServerURL": HOST, "Username": "ann", "Secret": PASSWORD})
    helper(tmp_path, monkeypatch, f"cat >>{tmp_path}/asked; echo >>{tmp_path}/asked; echo '{answer}'")
    found = logins(tmp_path, {"credHelpers": {HOST: "shed"}})
    for _ in range(2):
        assert found(HOST) == {"username": "ann", "password": PASSWORD, "serveraddress": HOST}
    assert found("other.example") is None
    assert (tmp_path / "asked").read_text().split() == [HOST]


@pytest.mark.parametrize(
    "config",
    [
        {"credHelpers": {HOST: "missing"}},
        {"credsStore": "shed"},
        {"auths": {HOST: {"auth": "%%%"}}},
        {"auths": {HOST: {"auth": base64.b64encode(PASSWORD.encode()).decode()}}},
        {"auths": {HOST: PASSWORD}},
        {"auths": [PASSWORD]},
    ],
)
def test_what_cannot_be_read_is_a_sentence_without_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Any
) -> None:
    helper(tmp_path, monkeypatch, f"echo {PASSWORD}; echo {PASSWORD} >&2; exit 1")
    found = logins(tmp_path, config)
    assert found(HOST) is None
    (said,) = found.problems
    assert f"config.json: the credentials for {HOST} cannot be had" in said
    assert PASSWORD not in said


def test_credentials_go_along_with_images_of_their_registry_only() -> None:
    known = {HOST: {"username": "ann", "password": PASSWORD}}
    sent = distribution.header(f"{HOST}/web:1@sha256:0", known.get)
    assert json.loads(base64.urlsafe_b64decode(sent["X-Registry-Auth"])) == known[HOST]
    assert distribution.header("web:1", known.get) == {}
    assert distribution.header("", known.get) == {}


class Engine(Wire):
    """A wire whose other end answers from a table, and remembers how it was asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str]]] = []

    def ask(self, path: str, seconds: float, headers: Any) -> Any:
        self.asked.append((path, dict(headers)))
        answer = self.answers[path]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_registries_are_asked_for_digests_and_every_answer_counts() -> None:
    digest = f"sha256:{'1' * 64}"
    answers = {
        "good:1": {"Descriptor": {"digest": digest}},
        "odd:1": {"Descriptor": {"digest": "md5:1"}},
        "none:1": {},
        "secret:1": Refused("the engine says: unauthorized: authentication required"),
        "away:1": Unreachable("the engine says: connection refused"),
    }
    wire = Engine({f"/distribution/{image}/json": answer for image, answer in answers.items()})
    found = distribution.ask(wire, answers, lambda host: {"username": "ann"})
    assert {image: each.digest for image, each in found.items() if each.digest} == {"good:1": digest}
    assert [image for image, each in found.items() if each.denied] == ["secret:1"]
    assert all(each.problem for image, each in found.items() if image != "good:1")
    assert all("X-Registry-Auth" in headers for _, headers in wire.asked)


def test_a_registry_that_does_not_answer_holds_nobody_up_for_long() -> None:
    times = iter(range(0, 1000, 5))
    asked = [f"r.example/{number}" for number in range(100)]
    wire = Engine({f"/distribution/{image}/json": Unreachable("timed out") for image in asked})
    found = distribution.ask(wire, asked, distribution.nobody, lambda: next(times))
    assert len(wire.asked) <= distribution.AT_ONCE
    assert not any(each.digest for each in found.values())
    assert {each.problem for each in found.values()} == {"timed out", "r.example did not answer"}


@pytest.mark.parametrize(
    "image", ["../../containers", "a/../b", "a/./b", "a?b=c", "a#b", "", "/a", "a//b", "a b"]
)
def test_what_is_no_reference_is_not_asked_for(image: str) -> None:
    wire = Engine({})
    assert distribution.ask(wire, [image], distribution.nobody)[image].digest == ""
    assert wire.asked == []
