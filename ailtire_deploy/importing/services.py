"""Services of a Compose file, key by key."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ailtire_deploy.importing import ports
from ailtire_deploy.importing.notes import Notes

Read = Callable[[str], str]
DROPPED = {
    "container_name": "containers are named by the swarm",
    "expose": "on a stack's own network every port is open",
    "links": "services of a stack reach each other by their keys",
    "networks": "a service stands on its stack's own network",
    "pull_policy": "each node pulls what it does not have",
    "attach": "it says nothing on a swarm",
}
LIMITS = {
    "cpus": ("limits", "cpus"),
    "mem_limit": ("limits", "memory"),
    "pids_limit": ("limits", "pids"),
    "mem_reservation": ("reservations", "memory"),
}
RESTART = {"no": "none", "always": "any", "unless-stopped": "any", "on-failure": "on-failure"}


def translated(given: dict[str, Any], notes: Notes, read: Read) -> dict[str, Any]:
    """``services`` of a definition, and the ``gateway`` that their ports need."""
    renamed = {key: _key(key) for key in given}
    made: dict[str, Any] = {}
    for key, each in given.items():
        if not isinstance(each, dict):
            notes.impossible(("services", key), "a service is a mapping")
            continue
        made[renamed[key]] = _Service(key, each, notes, read, renamed).translated()
        if renamed[key] != key:
            said = f"a service is called {renamed[key]} here; whoever reaches it by name has to as well"
            notes.translated(("services", key), said)
    return {"services": made, **ports.published(given, made, renamed, notes)}


def _key(key: str) -> str:
    found = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-") or "service"
    return found if found[0].isalpha() else f"s-{found}"


class _Service:
    """One service on its way."""

    def __init__(self, key: str, given: dict[str, Any], notes: Notes, read: Read, renamed: dict[str, str]):
        self.at = ("services", key)
        self.key, self.given, self.notes, self.read, self.renamed = key, given, notes, read, renamed
        self.made: dict[str, Any] = {}

    def translated(self) -> dict[str, Any]:
        for key, value in self.given.items():
            own = getattr(self, f"_{key}", None)
            if key in DROPPED:
                self.notes.translated((*self.at, key), DROPPED[key])
            elif key in LIMITS:
                self._limit(key, value)
            elif own is not None:
                own(value)
            elif key != "ports":
                self.made[key] = value
                self.notes.kept((*self.at, key))
        self.made.setdefault("image", self.key.lower())
        return self.made

    def _build(self, value: Any) -> None:
        image = self.given.get("image") or self.key.lower()
        self.notes.impossible((*self.at, "build"), f"build the image before, and push it as {image}")

    def _restart(self, value: Any) -> None:
        word, _, most = str(value).lower().partition(":")
        condition = RESTART.get("no" if value is False else word)
        if condition is None:
            self.notes.impossible((*self.at, "restart"), "there is no such policy")
            return
        policy = {"condition": condition} | ({"max_attempts": int(most)} if most.isdecimal() else {})
        self._deploy_of("restart_policy", {**policy, **self._deployed("restart_policy")})
        self.notes.translated((*self.at, "restart"), "deploy.restart_policy")

    def _scale(self, value: Any) -> None:
        self._deploy_of("replicas", value)
        self.notes.translated((*self.at, "scale"), "deploy.replicas")

    def _limit(self, key: str, value: Any) -> None:
        kind, name = LIMITS[key]
        resources = self.made.setdefault("deploy", {}).setdefault("resources", {})
        resources.setdefault(kind, {}).setdefault(name, value)
        self.notes.translated((*self.at, key), f"deploy.resources.{kind}.{name}")

    def _deploy(self, value: Any) -> None:
        if isinstance(value, dict):
            self.made["deploy"] = {**value, **self.made.get("deploy", {})}
            self.notes.kept((*self.at, "deploy"))
        else:
            self.made["deploy"] = value

    def _depends_on(self, value: Any) -> None:
        if isinstance(value, dict):
            self.made["depends_on"] = {
                self.renamed.get(key, key): {k: v for k, v in each.items() if k != "restart"}
                if isinstance(each, dict)
                else each
                for key, each in value.items()
            }
        elif isinstance(value, list):
            self.made["depends_on"] = [self.renamed.get(str(each), each) for each in value]
        self.notes.kept((*self.at, "depends_on"))

    def _environment(self, value: Any) -> None:
        """A name without a value is one of the shell's, which nobody has on a swarm."""
        pairs = value if isinstance(value, dict) else {}
        for index, each in enumerate(value if isinstance(value, list) else []):
            name, equals, content = str(each).partition("=")
            pairs[name] = content if equals else None
            if not equals:
                self.notes.impossible((*self.at, "environment", index), "it has no value: give it one")
        known = {name: "" if each is None else each for name, each in pairs.items()}
        self.made["environment"] = {**self.made.get("environment", {}), **known}
        self.notes.kept((*self.at, "environment"))

    def _env_file(self, value: Any) -> None:
        found: dict[str, str] = {}
        for each in value if isinstance(value, list) else [value]:
            name = each.get("path", "") if isinstance(each, dict) else str(each)
            try:
                found |= _variables(self.read(name))
            except ValueError as error:
                self.notes.impossible((*self.at, "env_file"), f"{name} {error}")
                return
        self.made["environment"] = {**found, **self.made.get("environment", {})}
        self.notes.translated((*self.at, "env_file"), "its variables stand in environment")

    def _volumes(self, value: Any) -> None:
        self.made["volumes"] = value
        self.notes.kept((*self.at, "volumes"))

    def _deployed(self, part: str) -> dict[str, Any]:
        found = self.made.get("deploy", {}).get(part)
        return found if isinstance(found, dict) else {}

    def _deploy_of(self, part: str, value: Any) -> None:
        self.made.setdefault("deploy", {})[part] = value


def _variables(text: str) -> dict[str, str]:
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): content.strip().strip("\"'") for name, _, content in pairs}
