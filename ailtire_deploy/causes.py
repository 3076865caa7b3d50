"""What the engine's words for a failure mean, and what a person can do about it.

The words were seen on engine 20.10 and read in moby and swarmkit; the first entry that fits counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """``name`` is one word or two for it. ``certain``: to try again does not help by itself.
    ``outside``: only somebody who changes the swarm, or the definition, can help.
    """

    name: str
    pattern: re.Pattern[str]
    remedy: str
    certain: bool = False
    outside: bool = False


def _cause(name: str, pattern: str, remedy: str, *, certain: bool = False, outside: bool = False) -> Cause:
    return Cause(name, re.compile(pattern, re.I), remedy, certain, outside)


CAUSES = (
    _cause(
        "registry access",
        r"pull access denied|unauthorized|authentication required|denied: requested access",
        "log in to the registry with docker login where you apply, or let the nodes have the image",
        certain=True,
    ),
    _cause(
        "image",
        r"no such image|manifest .*unknown|not found: manifest|invalid reference format",
        "push the image where the nodes can pull it, log in there, or build it on each node; mind its tag",
        certain=True,
    ),
    _cause("nodes", r"not available for new tasks", "nodes are down or drained: see docker node ls"),
    _cause(
        "constraint",
        r"constraints not satisfied",
        "compare deploy.placement with docker node inspect NODE",
        outside=True,
    ),
    _cause(
        "platform", r"unsupported platform", "the image is for another kind of machine than the nodes are"
    ),
    _cause(
        "resources",
        r"insufficient resources",
        "lower deploy.resources.reservations, or add or free a node",
        outside=True,
    ),
    _cause(
        "port",
        r"host-mode port already in use",
        "another service has the port: publish a different one",
        outside=True,
    ),
    _cause(
        "port",
        r"(failed programming external connectivity|address already in use|port is already allocated)",
        "a program of the node itself has the port: stop it, or publish a different one",
        certain=True,
    ),
    _cause(
        "replicas per node",
        r"max replicas per node",
        "raise deploy.placement.max_replicas_per_node, or add a node",
    ),
    _cause(
        "command",
        r"executable file not found|exec: .*(no such file|permission denied)|exec format error"
        r"|no command specified|exit \(12[67]\)",
        "the image has no such program: correct command or entrypoint",
        certain=True,
    ),
    _cause(
        "mount",
        r"invalid mount config|bind source path does not exist|error while mounting volume",
        "the volume or path cannot be mounted on that node",
        certain=True,
    ),
    _cause(
        "health",
        r"unhealthy container|health check did not pass",
        "its health check fails: try the command in the container; start_period gives a slow start time",
    ),
    _cause("memory", r"\(137\)|out of memory|OOM", "it was killed, most likely for its memory limit"),
    _cause(
        "addresses",
        r"no available (IPv4|addresses)|could not find an available.*address|pool overlaps|state new"
        r"|no address yet",
        "its network may have no address left: scale down, or give the network a larger subnet",
    ),
    _cause("exit code", r"non-zero exit|, exit [0-9]+", "its program ended by itself: its log says why"),
    _cause("exit code", r" complete: ", "its program ended, though it is to run for ever: its log says why"),
)


def of(text: str) -> Cause | None:
    """What a sentence of the engine is about."""
    return next((each for each in CAUSES if each.pattern.search(text)), None)


def with_remedy(text: str) -> str:
    """The sentence, and what to do."""
    found = of(text)
    return f"{text}; {found.remedy}" if found else text
