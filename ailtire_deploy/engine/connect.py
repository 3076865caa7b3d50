"""Which engine is meant, and a connection to it, by the rules of the docker command.

In this order: what was asked for (an address or the name of a docker context), ``DOCKER_HOST``,
``DOCKER_CONTEXT``, the current context of the docker configuration, the local socket. A context that does not
exist is an error; it never means the local engine.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.tls import TLSConfig

from ailtire_deploy.engine.errors import reaching
from ailtire_deploy.errors import InvalidInput, Problem, Unreachable

LOCAL = "unix:///var/run/docker.sock"
OLDEST_API = (1, 41)  # engine 20.10
TIMEOUT = 20.0  # seconds; no wait of more than half a minute without a word
POOL = 64  # connections kept: a controller answers many at once


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine is: the URL, the context that named it, and the folder with its certificates."""

    url: str
    context: str = ""
    certificates: Path | None = None
    verify: bool = True

    def __str__(self) -> str:
        return f"{self.url} (context {self.context})" if self.context else self.url


def find(target: str | None, environment: Mapping[str, str]) -> Address:
    """The engine that is meant. Raises InvalidInput for a context that does not exist."""
    folder = docker_folder(environment)
    if target:
        return _from_url(target, environment) if "://" in target else _from_context(target, folder)
    if environment.get("DOCKER_HOST"):
        return _from_url(environment["DOCKER_HOST"], environment)
    name = environment.get("DOCKER_CONTEXT") or str(
        read_json(folder / "config.json").get("currentContext", "")
    )
    return _from_context(name or "default", folder)


def docker_folder(environment: Mapping[str, str]) -> Path:
    """Where the docker command keeps its configuration."""
    return Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME", "/")) / ".docker")


def connect(address: Address) -> docker.APIClient:
    """A client that speaks the newest version both sides know. Raises Unreachable."""
    with reaching(str(address)):
        _knock(address.url)
        client = _client(address, None)
        spoken = min(_numbers(client.api_version), _numbers(DEFAULT_DOCKER_API_VERSION))
        if spoken != _numbers(client.api_version):
            client.close()
            client = _client(address, ".".join(map(str, spoken)))
    if spoken < OLDEST_API:
        client.close()
        said = f"the engine at {address} speaks API {client.api_version}; 1.41 (Docker 20.10) is needed"
        raise Unreachable(said)
    return client


def _knock(url: str) -> None:
    """See by hand what docker-py says badly: a local socket that fails (it leaks it too), or no ssh."""
    if url.startswith("ssh://") and importlib.util.find_spec("paramiko") is None:
        raise ValueError("ssh needs one more package: pip install 'ailtire-deploy[ssh]'")
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(TIMEOUT)
            door.connect("/" + url.removeprefix("unix://").lstrip("/"))


def _client(address: Address, version: str | None) -> docker.APIClient:
    client = docker.APIClient(
        base_url=address.url,
        version=version,
        timeout=int(TIMEOUT),
        tls=_tls(address),
        use_ssh_client=True,
        max_pool_size=POOL,
    )
    if address.url.startswith(("unix://", "ssh://")):
        client.trust_env = (
            False  # no proxy stands before a socket; looking for one costs a millisecond a call
        )
    return client


def _tls(address: Address) -> TLSConfig | bool:
    folder = address.certificates
    if folder is None:
        return False
    pair = (str(folder / "cert.pem"), str(folder / "key.pem")) if (folder / "key.pem").is_file() else None
    authority = str(folder / "ca.pem") if (folder / "ca.pem").is_file() else None
    return TLSConfig(client_cert=pair, ca_cert=authority, verify=address.verify)


def _from_url(url: str, environment: Mapping[str, str]) -> Address:
    if not url.startswith("tcp://") or not environment.get("DOCKER_TLS_VERIFY"):
        return Address(url)
    home = Path(environment.get("HOME", "/"))
    return Address(url, certificates=Path(environment.get("DOCKER_CERT_PATH") or home / ".docker"))


def _from_context(name: str, folder: Path) -> Address:
    if name == "default":
        return Address(LOCAL)
    place = hashlib.sha256(name.encode()).hexdigest()
    endpoint = (
        read_json(folder / "contexts" / "meta" / place / "meta.json").get("Endpoints", {}).get("docker", {})
    )
    if not endpoint.get("Host"):
        known = ", ".join(["default", *_contexts(folder)])
        said = f"there is no docker context {name!r}"
        raise InvalidInput([Problem("docker context", 0, 0, "", said, f"there are: {known}")])
    certificates = folder / "contexts" / "tls" / place / "docker"
    return Address(
        endpoint["Host"],
        name,
        certificates if certificates.is_dir() else None,
        not endpoint.get("SkipTLSVerify", False),
    )


def _contexts(folder: Path) -> list[str]:
    return sorted(str(read_json(each).get("Name", "")) for each in folder.glob("contexts/meta/*/meta.json"))


def read_json(file: Path) -> dict[str, Any]:
    """The JSON object in a file of the docker configuration; nothing when there is no such file."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
