"""The trees that the system tests deploy, and how to look at them: what differs between them is here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.swarm import Swarm
from tests.system.small import left


@dataclass(frozen=True)
class Tree:
    """A definition, and what the tests have to know about it."""

    playbook: str
    root: str
    port: int
    stacks: Mapping[str, tuple[str, ...]]  # path → keys of its plain services
    child: str  # the path of a child of the root
    mount: str  # where that child is mounted
    urls: Mapping[str, int]  # what answers, and how
    parameter: str  # an integer, 2 unless given: the replicas of `scaled`
    scaled: str
    neighbours: Mapping[str, str]  # a service to look from → the child next to it
    lookouts: tuple[str, ...]  # plain services whose image has python3
    volume: str

    @property
    def prefix(self) -> str:
        return f"{self.root}_"

    def engine_name(self, path: str, key: str) -> str:
        return "_".join([*path.split("/"), key])

    @property
    def plain(self) -> tuple[str, ...]:
        """Engine names of all plain services."""
        return tuple(self.engine_name(path, key) for path, keys in self.stacks.items() for key in keys)

    @property
    def controllers(self) -> tuple[str, ...]:
        return tuple(self.engine_name(path, "admin") for path in self.stacks)


GUESTBOOK = Tree(
    playbook="playbooks/guestbook.yml",
    root="guestbook",
    port=8080,
    stacks={"guestbook": ("web",), "guestbook/messages": ("api", "db")},
    child="guestbook/messages",
    mount="/messages",
    urls={"/": 200, "/messages": 200, "/messages/": 200, "/nowhere": 404},
    parameter="web_replicas",
    scaled="guestbook_web",
    neighbours={"guestbook_web": "messages"},
    lookouts=("guestbook_web", "guestbook_messages_api"),
    volume="guestbook_messages_",
)

HARBOUR = Tree(
    playbook="tests/system/harbour/playbook.yml",
    root="harbour",
    port=8090,
    stacks={"harbour": ("quay",), "harbour/fleet": ("deck",), "harbour/fleet/crew": ("galley", "stove")},
    child="harbour/fleet",
    mount="/fleet",
    urls={"/": 200, "/any/where": 200, "/fleet": 200, "/fleet/crew": 200, "/fleet/crew/menu?day=1": 200},
    parameter="berths",
    scaled="harbour_quay",
    neighbours={"harbour_quay": "fleet", "harbour_fleet_deck": "crew"},
    lookouts=("harbour_quay", "harbour_fleet_deck", "harbour_fleet_crew_galley", "harbour_fleet_crew_stove"),
    volume="harbour_fleet_crew_pantry",
)


@dataclass
class Deployed:
    """A tree that was applied to a swarm, and what was seen when it had settled."""

    swarm: Swarm
    tree: Tree
    report: Mapping[str, Any]
    settled: dict[str, tuple[str, int]] = field(default_factory=dict)
    since: float = 0.0
    secrets: set[str] = field(default_factory=set)

    def note(self) -> None:
        """Remember the swarm as it is now."""
        self.settled = self.swarm.dump()
        self.since = time.monotonic()

    def cli(self, verb: str, *args: str, code: int | None = None) -> Any:
        return self.swarm.cli(verb, self.tree.playbook, *args, code=code)

    def http(self, method: str, path: str, **rest: Any) -> Any:
        return self.swarm.http(method, path, port=self.tree.port, **rest)

    def token(self, path: str = "", role: str = "admin", *args: str) -> str:
        """A token as the command line prints it, and nothing else on that line."""
        out = self.swarm.cli("token", path or self.tree.root, "--role", role, *args, code=0).out
        assert out.count("\n") == 1, "only the token is printed"
        return out.strip()

    def status(self, mount: str = "") -> Any:
        answer = self.http("GET", f"{mount}/_admin/status", token=self.token())
        assert answer.status_code == 200, answer.text
        return answer.json()

    def left(self) -> list[str]:
        """What is on the swarm of this tree, volumes aside."""
        return left(self.swarm, self.tree.root)

    def volumes(self) -> list[str]:
        names = self.swarm.docker("volume", "ls", "-q").split()
        return [name for name in names if name.startswith(self.tree.volume)]

    def answers(self) -> bool:
        """Whether all its URLs answer as they should."""
        return all(self.http("GET", url).status_code == code for url, code in self.tree.urls.items())


def remember(deployed: Deployed, note: str) -> None:
    """Leave a note in the tree's volume, as a user would."""
    if deployed.tree is GUESTBOOK:
        assert deployed.http("POST", "/messages/", json={"text": note}).status_code == 201
    else:
        inside = deployed.swarm.inside("harbour_fleet_crew_stove")
        assert inside.run("echo %s >>/pantry/notes", note).rc == 0


def recall(deployed: Deployed) -> Any:
    """The notes that the tree's volume holds."""
    if deployed.tree is GUESTBOOK:
        return [message["text"] for message in deployed.http("GET", "/messages").json()]
    return deployed.swarm.inside("harbour_fleet_crew_stove").file("/pantry/notes").content_string.split("\n")


def shut_down(swarm: Swarm, root: str) -> None:
    """Shut a tree down by the command line, if there is anything of it."""
    if left(swarm, root):
        swarm.cli("shutdown", root, "--yes", code=0)
