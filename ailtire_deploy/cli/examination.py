"""What ``doctor`` looks at, one finding after the other; what cannot be known is said to be unknown."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ailtire_deploy import sites
from ailtire_deploy.cli.swarms import Swarm, connected, keyring
from ailtire_deploy.errors import DONE, AiltireError, Failed, Unreachable
from ailtire_deploy.views import plain
from ailtire_deploy.views.paint import Paint

MARKS = {"ok": "ok", "warning": "warning", "unknown": "unknown", "failed": "failed", "unreachable": "failed"}


@dataclass(frozen=True, slots=True)
class Finding:
    outcome: Literal["ok", "warning", "unknown", "failed", "unreachable"]
    subject: str
    message: str


def examine(engine: str | None) -> list[Finding]:
    """All findings. An engine that does not answer ends what can be said of it."""
    try:
        with connected(engine) as swarm:
            found = list(of_swarm(swarm))
    except Unreachable as error:
        found = [Finding("unreachable", "engine", str(error))]
    return [*found, key_file()]


def of_swarm(swarm: Swarm) -> Iterator[Finding]:
    info = swarm.info
    yield Finding("ok", "engine", f"{info.address} answers: version {info.version}, API {info.api}")
    yield Finding("ok", "swarm", f"{info.cluster[:12]} is active, and this node is a manager")
    yield managers(info.managers, info.nodes)
    yield image(swarm)
    yield Finding("unknown", "virtual addresses", "not tried; services use dnsrr, which needs none")
    site = sites.of_engine(info, os.environ)
    yield Finding(
        "warning",
        "socket",
        f"controllers mount {site.socket} as {site.user}: whoever has it is root on the swarm",
    )


def managers(number: int, nodes: int) -> Finding:
    """Controllers run on managers; an even number of them survives no more losses than one less."""
    told = f"{number} of {nodes} nodes"
    if number % 2:
        return Finding("ok", "managers", told)
    return Finding("warning", "managers", f"{told}; an odd number survives as many losses with less to lose")


def image(swarm: Swarm) -> Finding:
    """Our image on the node that was asked; other nodes may have to pull it."""
    name = sites.of_engine(swarm.info, os.environ).image
    try:
        there = swarm.engine.image_labels(name) is not None
    except AiltireError as error:
        return Finding("unknown", "image", f"{name}: {error}")
    if there:
        return Finding("ok", "image", f"{name} is on this node")
    return Finding(
        "failed", "image", f"{name} is not on this node; build or pull it, or name another in AILTIRE_IMAGE"
    )


def key_file() -> Finding:
    """The user's keys: whoever has them speaks for every controller."""
    path = keyring().path
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return Finding("ok", "key file", f"{path} is not there yet; the first apply makes it")
    except OSError as error:
        return Finding("failed", "key file", f"{path} cannot be read: {error.strerror}")
    if stat.S_IMODE(mode) & 0o077:
        return Finding("warning", "key file", f"{path} can be read by others: chmod 600 {path}")
    return Finding("ok", "key file", f"{path} is readable by its owner only")


def verdict(findings: Iterable[Finding]) -> str:
    outcomes = {each.outcome for each in findings}
    return next((word for word in ("unreachable", "failed", "warning") if word in outcomes), "ok")


def exit_code(findings: Iterable[Finding]) -> int:
    codes = {"unreachable": Unreachable.exit_code, "failed": Failed.exit_code}
    return codes.get(verdict(findings), DONE)


def as_text(findings: Iterable[Finding], colour: Paint) -> list[str]:
    return [
        f"{colour(each.outcome, MARKS[each.outcome])}: {each.subject}: {plain.line(each.message)}"
        for each in findings
    ]
