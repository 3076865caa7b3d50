"""What whoever runs a command logs in with at registries: the docker configuration and its helpers.

A helper is a program that the configuration names; it is asked only for registries that images name, and its
answers are kept as long as this object lives. Nothing here shows a password.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ailtire_deploy.engine.connect import docker_folder, read_json
from ailtire_deploy.images import HUB

if TYPE_CHECKING:
    from docker.auth import AuthConfig

SECTIONS = ("auths", "credsStore", "credHelpers")
HUB_SERVER = "https://index.docker.io/v1/"  # what the docker command calls the hub


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
        said = read_json(self._file)
        given = {key: said[key] for key in SECTIONS if said.get(key)}
        return self._resolve(host, given) if given else None

    def _resolve(self, host: str, given: dict[str, Any]) -> Mapping[str, str] | None:
        from docker.auth import AuthConfig
        from docker.errors import DockerException

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that a helper is missing is said below
                self._config = self._config or AuthConfig.load_config(None, given)
                return in_words_of_the_api(self._config.resolve_authconfig(host) or {}, host)
        except (DockerException, ValueError, OSError, AttributeError, TypeError, KeyError) as error:
            self.problems.append(
                f"{self._file}: the credentials for {host} cannot be had: {type(error).__name__}"
            )
            return None


def in_words_of_the_api(found: Mapping[str, Any], host: str) -> Mapping[str, str] | None:
    """Helpers and files write the same things in different cases."""
    said = {key.lower(): value for key, value in found.items()}
    server = {"serveraddress": HUB_SERVER if host == HUB else host}
    if said.get("identitytoken"):
        return {"identitytoken": str(said["identitytoken"]), **server}
    if said.get("username") and said.get("password"):
        return {"username": str(said["username"]), "password": str(said["password"]), **server}
    return None
