"""A rendered compose file, read back the way the docker client reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from posixpath import normpath
from typing import Any

from ailtire_deploy import names
from ailtire_deploy.documents import read_yaml
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import Artifacts
from ailtire_deploy.render.files import COMPOSE

Section = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Document:
    """The sections of a compose file, and how their keys become names on the engine."""

    path: StackPath
    services: Section
    networks: Section
    volumes: Section
    configs: Section
    secrets: Section

    def network(self, key: str) -> str:
        return self._name(self.networks, key)

    def volume(self, key: str) -> str:
        return self._name(self.volumes, key)

    def config(self, key: str) -> str:
        return self._name(self.configs, key)

    def secret(self, key: str) -> str:
        return self._name(self.secrets, key)

    def _name(self, section: Section, key: str) -> str:
        """A name that is given holds; any other key is scoped by the stack."""
        given = section[key].get("name")
        return str(given) if given else names.in_stack(self.path, key)


def read(path: StackPath, artifacts: Artifacts) -> Document:
    """The compose file of a stack, with the environment files it names filled in."""
    data = _parsed(artifacts.compose)
    services = {key: with_environment(each, artifacts) for key, each in data.get("services", {}).items()}
    rest = (data.get(section) or {} for section in ("networks", "volumes", "configs", "secrets"))
    return Document(path, services, *rest)


@lru_cache(maxsize=8)  # a controller renders the same text every round
def _parsed(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = unescape(read_yaml(text, COMPOSE).data)
    return found


def unescape(value: Any) -> Any:
    """``$$`` in values, but not in keys, is how a compose file writes ``$``."""
    match value:
        case str():
            return value.replace("$$", "$")
        case dict():
            return {key: unescape(each) for key, each in value.items()}
        case list():
            return [unescape(each) for each in value]
        case _:
            return value


def with_environment(service: Mapping[str, Any], artifacts: Artifacts) -> dict[str, Any]:
    """A service with its ``env_file`` read into ``environment``, whose own entries win."""
    found = {key: value for key, value in service.items() if key != "env_file"}
    if "env_file" in service:
        given = [
            variable for file in service["env_file"] for variable in _variables(content(artifacts, file))
        ]
        found["environment"] = {**dict(given), **service.get("environment", {})}
    return found


def content(artifacts: Artifacts, file: str) -> bytes:
    """A file that the compose file names. Raises KeyError when it was not rendered."""
    return artifacts.files[normpath(file)]


def _variables(file: bytes) -> list[tuple[str, str]]:
    lines = (line.partition("=") for line in file.decode().splitlines() if line)
    return [(name, value) for name, _, value in lines]
