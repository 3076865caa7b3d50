"""The facts a launcher hands down to the controllers it starts: found by the command line, passed on by
controllers.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from ailtire_deploy import __version__
from ailtire_deploy.errors import Usage
from ailtire_deploy.model import Site
from ailtire_deploy.ports import EngineInfo

DEFAULT_IMAGE = f"ailtire/deploy:{__version__}"
DEFAULT_SOCKET = "/var/run/docker.sock"
BUILD = "ailtire.inputs"  # the label with which an image says what it was built of
UNPRIVILEGED = 10001
ROOT = "0:0"  # without any capability it may still open a socket that belongs to it


def image(environment: Mapping[str, str]) -> str:
    """The image that controllers and gateways run."""
    return environment.get("AILTIRE_IMAGE") or DEFAULT_IMAGE


def of_engine(
    info: EngineInfo, environment: Mapping[str, str], labels: Mapping[str, str] | None = None
) -> Site:
    """What the command line hands down: the socket is that of the engine in use, as the node sees it.

    ``labels`` are those of the image there.
    """
    address = info.address.partition(" ")[0]  # the rest names the docker context
    socket = address.removeprefix("unix://") if address.startswith("unix://") else DEFAULT_SOCKET
    socket = environment.get("AILTIRE_SOCKET") or socket
    user = environment.get("AILTIRE_SOCKET_USER") or user_of(Path(socket))
    return Site(image(environment), socket, user, info.cluster, (labels or {}).get(BUILD, ""))


def of_environment(environment: Mapping[str, str]) -> Site:
    """What a controller was given, to hand it on. Raises Usage when it was started by hand, without it."""
    try:
        return Site(
            environment["AILTIRE_IMAGE"],
            environment["AILTIRE_SOCKET"],
            environment["AILTIRE_SOCKET_USER"],
            environment["AILTIRE_CLUSTER"],
            environment.get("AILTIRE_BUILD", ""),
        )
    except KeyError as missing:
        raise Usage(f"{missing.args[0]} is not set: controllers are started by apply, not by hand") from None


def user_of(socket: Path) -> str:
    """The least privileged user that may open a socket of this machine; root where it cannot be told."""
    try:
        found = socket.stat()
    except OSError:
        return ROOT
    group_may = found.st_mode & stat.S_IRGRP and found.st_mode & stat.S_IWGRP
    return f"{UNPRIVILEGED}:{found.st_gid}" if group_may and found.st_gid else ROOT
