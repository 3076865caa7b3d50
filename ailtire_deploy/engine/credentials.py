"""What whoever runs a command logs in with at registries: the docker configuration and its helpers.

A helper is a program that the configuration names; it is asked only for registries that images name, and its
answers are kept as long as this object lives. Nothing here shows a password.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from docker.auth import INDEX_URL, AuthConfig
from docker.errors import DockerException

from ailtire_deploy.engine.connect import docker_folder, read_json
from ailtire_deploy.images import HUB

SECTIONS = ("auths", "credsStore", "credHelpers")


class Logins:
    """Credentials by a registry's host. ``problems`` are sentences about what could not be read."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._file = docker_folder(environment) / "config.json"
        self._known: dict[str, Mapping[str, str] | None] = {}
        self._config: AuthConfig | None = None
        self.problems: list[str] = []

    def __call__(self, host: str) -> Mapping[str, str] | None:
        """In the words of the engine's API; None where nobody has logged in."""
        if host not in self._known:
            self._known[host] = self._find(host)
        return self._known[host]

    def _find(self, host: str) -> Mapping[str, str] | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that a helper is missing is said below
                return in_words_of_the_api(self._read().resolve_authconfig(host) or {}, host)
        except (DockerException, ValueError, OSError, AttributeError, TypeError, KeyError) as error:
            self.problems.append(
                f"{self._file}: the credentials for {host} cannot be had: {type(error).__name__}"
            )
            return None

    def _read(self) -> AuthConfig:
        if self._config is None:
            said = read_json(self._file)
            given = {key: said[key] for key in SECTIONS if said.get(key)}
            self._config = AuthConfig.load_config(None, given) if given else AuthConfig({})
        return self._config


def in_words_of_the_api(found: Mapping[str, Any], host: str) -> Mapping[str, str] | None:
    """Helpers and files write the same things in different cases."""
    said = {key.lower(): value for key, value in found.items()}
    server = {"serveraddress": INDEX_URL if host == HUB else host}
    if said.get("identitytoken"):
        return {"identitytoken": str(said["identitytoken"]), **server}
    if said.get("username") and said.get("password"):
        return {"username": str(said["username"]), "password": str(said["password"]), **server}
    return None
