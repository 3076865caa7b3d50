"""Which engine is meant, and a connection to it, by the rules of the docker command.

In this order: what was asked for (an address or the name of a docker context), ``DOCKER_HOST``,
``DOCKER_CONTEXT``, the current context of the docker configuration, the local socket. A context that does not
exist is an error; it never means the local engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ailtire_deploy.engine.errors import reaching
from ailtire_deploy.engine.transport import TIMEOUT, Request, Transport
from ailtire_deploy.errors import InvalidInput, Problem, Unreachable

LOCAL = "unix:///var/run/docker.sock"
OLDEST_API = (1, 41)  # engine 20.10
NEWEST_API = "1.45"  # engine 26.0; what docker-py 7.2 speaks


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


def connect(address: Address) -> tuple[Transport, str]:
    """A way to the engine, and the newest version of the API both sides know. Raises Unreachable."""
    with reaching(str(address)):
        transport = _transport(address)
        try:
            version = min(_spoken(transport), NEWEST_API, key=_numbers)
        except BaseException:
            transport.close()
            raise
    if _numbers(version) < OLDEST_API:
        transport.close()
        said = f"the engine at {address} speaks API {version}; 1.41 (Docker 20.10) is needed"
        raise Unreachable(said)
    return transport, version


def _transport(address: Address) -> Transport:
    if address.url.startswith("unix://"):
        from ailtire_deploy.engine.local import Local

        return Local("/" + address.url.removeprefix("unix://").lstrip("/"))
    from ailtire_deploy.engine.distant import Distant

    return Distant(address)


def _spoken(transport: Transport) -> str:
    """The version of the API the engine offers. Raises ValueError for what is no engine."""
    answer = transport.send(Request("GET", "/version", TIMEOUT))
    said = json.loads(answer.read())
    if not isinstance(said, dict) or "ApiVersion" not in said:
        raise ValueError(f"it says no version of its API (HTTP {answer.status})")
    return str(said["ApiVersion"])


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
