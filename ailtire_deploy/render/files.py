"""What rendering makes: the files of one stack's folder, and under which keys the compose file names them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ailtire_deploy import names
from ailtire_deploy.model import Stack
from ailtire_deploy.render.narrow import narrow

COMPOSE, GATEWAY, ROUTES, FACES, EDGE, CONTROLLER = (
    "compose.yml",
    "haproxy.cfg",
    "routes.map",
    "faces.map",
    "edge.cfg",
    "controller.env",
)
TLS, CERTIFICATES = names.TLS_FILE, names.CERTIFICATES_FILE


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The files of one stack, by name relative to its folder; a child's folder stands below its parent's.

    ``unaddressed`` are the networks whose subnets are not known yet: until they are, ``faces.map`` has gaps,
    and what uses it has to wait.
    """

    files: Mapping[str, bytes] = field(repr=False)
    unaddressed: tuple[str, ...] = ()

    @property
    def compose(self) -> str:
        return self.files[COMPOSE].decode()


def hashed(key: str, content: bytes) -> str:
    """A config's key in the compose file: content that changes makes another object."""
    return names.hashed_key(key, hashlib.sha256(content).hexdigest())


def config_key(stack: Stack, key: str) -> str:
    """The compose key of a config of the definition."""
    return hashed(key, stack.configs[key])


def config_file(key: str) -> str:
    """The file that holds a config of the definition. No child's folder has a name with a dot."""
    return f"{narrow('key', key)}.config"


def controller_file(child: str) -> str:
    """The environment of a child's controller, in the child's own folder."""
    return f"{child}/{CONTROLLER}"
