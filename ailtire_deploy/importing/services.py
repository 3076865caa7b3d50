"""Services of a Compose file, key by key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from ailtire_deploy.documents import Path
from ailtire_deploy.documents.scalars import ends_raw, raw
from ailtire_deploy.importing import environment_files, ports
from ailtire_deploy.importing.notes import Notes

Read = Callable[[str], str]
DROPPED = {
    "container_name": "containers are named by the swarm",
    "expose": "on a stack's own network every port is open",
    "pull_policy": "each node pulls what it does not have",
    "attach": "it says nothing on a swarm",
}
LIMITS = {
    "cpus": ("limits", "cpus"),
    "mem_limit": ("limits", "memory"),
    "pids_limit": ("limits", "pids"),
    "mem_reservation": ("reservations", "memory"),
}
ALREADY = "says something else, and counts"
NO_VALUE = "it has no value, and is empty here: give it one"
OWN_NETWORK = "the network is the stack's own, and the engine chooses addresses"
RESTART = {"no": "none", "always": "any", "unless-stopped": "any", "on-failure": "on-failure"}


def translated(given: dict[str, Any], parameters: dict[str, Any], notes: Notes, read: Read) -> dict[str, Any]:
    """``services`` of a definition, and the ``gateway`` that their ports need."""
    notes.renamed = renamed = _keys(given)
    made: dict[str, Any] = {}
    for key, each in given.items():
        if not isinstance(each, dict):
            notes.impossible(("services", key), "a service is a mapping")
            continue
        made[renamed[key]] = _Service(key, each, notes, read, renamed).translated()
        if renamed[key] != key:
            said = f"a service is called {renamed[key]} here; whoever reaches it by name has to as well"
            notes.translated(("services", key), said)
    return {"services": made, **ports.published(given, made, renamed, parameters, notes)}


def _keys(given: Iterable[str]) -> dict[str, str]:
    """What each service is called here; two are never called the same."""
    found: dict[str, str] = {}
    for key in given:
        word = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-") or "service"
        word = word if word[0].isalpha() else f"s-{word}"
        taken = sum(other == word or other.startswith(f"{word}-again") for other in found.values())
        found[key] = f"{word}-again{taken if taken > 1 else ''}" if taken else word
    return found


class _Service:
    """One service on its way."""

    def __init__(self, key: str, given: dict[str, Any], notes: Notes, read: Read, renamed: dict[str, str]):
        self.at = ("services", key)
        self.key, self.given, self.notes, self.read, self.renamed = key, given, notes, read, renamed
        self.made: dict[str, Any] = {}

    def translated(self) -> dict[str, Any]:
        for key, value in sorted(self.given.items(), key=lambda each: each[0] != "deploy"):
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

    def _links(self, value: Any) -> None:
        self.notes.translated((*self.at, "links"), "services of a stack reach each other by their keys")
        for index, each in enumerate(value if isinstance(value, list) else []):
            if ":" in str(each):
                self.notes.impossible((*self.at, "links", index), "a service has no other name than its key")

    def _networks(self, value: Any) -> None:
        self.notes.translated((*self.at, "networks"), "a service stands on its stack's own network")
        for key, each in value.items() if isinstance(value, dict) else ():
            for part in each if isinstance(each, dict) else ():
                said = "a service has no other name than its key" if part == "aliases" else OWN_NETWORK
                self.notes.impossible((*self.at, "networks", key, part), said)

    def _restart(self, value: Any) -> None:
        word, _, most = str(value).lower().partition(":")
        condition = RESTART.get("no" if value is False else word)
        if condition is None:
            self.notes.impossible((*self.at, "restart"), "there is no such policy")
            return
        policy = {"condition": condition} | ({"max_attempts": int(most)} if most.isdecimal() else {})
        if isinstance(self._deployed().get("restart_policy"), dict):
            self.notes.translated((*self.at, "restart"), f"deploy.restart_policy {ALREADY}")
            return
        self._deployed()["restart_policy"] = policy
        self.notes.translated((*self.at, "restart"), "deploy.restart_policy")

    def _scale(self, value: Any) -> None:
        self._deployed().setdefault("replicas", value)
        self.notes.translated((*self.at, "scale"), "deploy.replicas")

    def _limit(self, key: str, value: Any) -> None:
        kind, name = LIMITS[key]
        part = self._deployed().setdefault("resources", {})
        part = part.setdefault(kind, {}) if isinstance(part, dict) else {}
        said = f"deploy.resources.{kind}.{name}"
        if isinstance(part, dict) and part.setdefault(name, value) == value:
            self.notes.translated((*self.at, key), said)
        else:
            self.notes.translated((*self.at, key), f"{said} {ALREADY}")

    def _deploy(self, value: Any) -> None:
        self.made["deploy"] = {} if value is None else deepcopy(value)
        self.notes.kept((*self.at, "deploy"))

    def _depends_on(self, value: Any) -> None:
        if isinstance(value, dict):
            self.made["depends_on"] = {
                self.renamed.get(key, key): {k: v for k, v in each.items() if (k, v) != ("restart", False)}
                if isinstance(each, dict)
                else each
                for key, each in value.items()
            }
        elif isinstance(value, list):
            self.made["depends_on"] = [self.renamed.get(str(each), each) for each in value]
        self.notes.kept((*self.at, "depends_on"))

    def _environment(self, value: Any) -> None:
        """A name without a value is one of the shell's, which nobody has on a swarm."""
        pairs: dict[str, tuple[Any, Any]] = {}
        for name, content in value.items() if isinstance(value, dict) else ():
            pairs[name] = content, name
        for index, each in enumerate(value if isinstance(value, list) else []):
            name, equals, content = str(each).partition("=")
            pairs[name] = content if equals else None, index
        for content, at in pairs.values():
            if content is None:
                self.notes.impossible((*self.at, "environment", at), NO_VALUE)
        known = {name: "" if content is None else content for name, (content, _) in pairs.items()}
        self.made["environment"] = {**self.made.get("environment", {}), **known}
        self.notes.kept((*self.at, "environment"))

    def _env_file(self, value: Any) -> None:
        """Files in their order; what ``environment`` says goes before them."""
        found: dict[str, str] = {}
        listed = value if isinstance(value, list) else [value]
        for index, each in enumerate(listed):
            at = (*self.at, "env_file", index) if isinstance(value, list) else (*self.at, "env_file")
            name = each.get("path", "") if isinstance(each, dict) else str(each)
            try:
                found |= self._variables(name, at)
            except ValueError as error:
                optional = isinstance(each, dict) and each.get("required") is False
                (self.notes.translated if optional else self.notes.impossible)(at, f"{name} {error}")
        if found:
            self.made["environment"] = {**found, **self.made.get("environment", {})}

    def _variables(self, name: str, at: Path) -> dict[str, str]:
        """Those of one file. Raises ValueError."""
        found, bare = environment_files.read(self.read(name))
        self.notes.translated(at, "its variables stand in environment")
        if bare:
            self.notes.impossible(at, f"no value: {', '.join(bare)[:200]}; give each one in environment")
        return {
            name: raw(text) if "{" in text else text for name, text in found.items() if not ends_raw(text)
        }

    def _volumes(self, value: Any) -> None:
        self.made["volumes"] = value
        self.notes.kept((*self.at, "volumes"))

    def _deployed(self) -> dict[str, Any]:
        """The mapping ``deploy`` as far as it is made; what is no mapping is left to the checks."""
        found = self.made.setdefault("deploy", {})
        return found if isinstance(found, dict) else {}
