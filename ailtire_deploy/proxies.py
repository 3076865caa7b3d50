"""A stack's proxies as wishes: what they shall serve, and from which configuration their tasks start.

A task starts from the configuration that its service's spec mounts, the *bootstrap*, and its agent then
follows the controller. So a changed route replaces no container: the bootstrap of the spec that is there is
wished for on as long as nothing else in that spec changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import basename

from ailtire_deploy import identity, names, revisions, rotation, specs, traffic
from ailtire_deploy.names import EDGE, GATEWAY, StackPath, content_id
from ailtire_deploy.state import Key, Resource, State
from ailtire_deploy.traffic import Pace

PROXIES = (GATEWAY, EDGE)
SERVES = "serves"  # among the facts of a wished proxy: its configuration, file by file
SERVING = "serving"  # of a found one: the ids that its agents say are live, one an agent
REFUSED = "refused"  # of a found one: the ids that an agent's proxy refuses, with its words
TRAFFIC = "traffic"  # of a found one: label of a backend -> Counters, the sum of what its agents counted
PACES = "paces"  # of a found one: label of a backend -> Pace over about the last minute


@dataclass(frozen=True, slots=True)
class Offer:
    """What a proxy shall serve: its configuration, file by file, and the certificates that this names."""

    files: Mapping[str, str]
    certificates: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def usable(self) -> Mapping[str, str]:
        """The files that can be served: without all its certificates, what speaks TLS is left out."""
        if set(names.certificates_of(self.files)) <= self.certificates.keys():
            return self.files
        bare = (names.TLS_FILE, names.CERTIFICATES_FILE)
        return {name: text for name, text in self.files.items() if name not in bare}


def settled(made: Iterable[Resource], observed: State, path: StackPath) -> list[Resource]:
    """The wishes of a stack with those for its proxies settled; ``made`` is all that was rendered."""
    wishes = {each.key: each for each in made}
    ours = {names.in_stack(path, service) for service in PROXIES}
    for each in [each for each in wishes.values() if each.kind == "service" and each.name in ours]:
        wish = replace(each, facts={**each.facts, SERVES: configuration(each, wishes)})
        found = observed.resources.get(each.key)
        kept = _with_bootstrap(wish, found) if found else wish
        wishes[each.key] = kept
        wishes |= {
            key: observed.resources[key]
            for key in _mounted(kept)
            if key in observed.resources and key not in wishes
        }
    return list(wishes.values())


def configuration(proxy: Resource, configs: Mapping[Key, Resource]) -> dict[str, str]:
    """The files a proxy's spec mounts, by name."""
    entries = proxy.spec["TaskTemplate"]["ContainerSpec"]["Configs"]
    return {
        basename(each["File"]["Name"]): (configs[Key("config", each["ConfigName"])].data or b"").decode()
        for each in entries
    }


def _with_bootstrap(wish: Resource, found: Resource) -> Resource:
    """The wish with the configuration that is mounted already, if what was wished then differs in no more."""
    entries = found.spec.get("TaskTemplate", {}).get("ContainerSpec", {}).get("Configs", [])
    template = wish.spec["TaskTemplate"]
    container = {**template["ContainerSpec"], "Configs": entries}
    spec = {**wish.spec, "TaskTemplate": {**template, "ContainerSpec": container}}
    mark = specs.content_hash(spec)
    same = found.hash == mark
    return replace(wish, spec=spec, labels={**wish.labels, names.LABEL_HASH: mark}) if same else wish


def _mounted(proxy: Resource) -> Iterator[Key]:
    for each in proxy.spec["TaskTemplate"]["ContainerSpec"]["Configs"]:
        yield Key("config", each["ConfigName"])


def key_secrets(
    path: StackPath, services: Iterable[str], key: bytes, generation: int = 1
) -> Iterator[Resource]:
    """The keys that a stack's proxies share with its controller, whose own ``key`` is."""
    for service in services:
        made = identity.agent_key(key, service)
        labels = {**revisions.labels_of(path, path), names.LABEL_HASH: identity.key_id(made)}
        name = names.agent_secret(path, service, generation)
        facts = rotation.cause(generation)
        yield Resource(Key("secret", name), labels=labels, data=made, facts=facts)


def unserved(wish: Resource, found: Resource, running: int) -> str:
    """Why a proxy does not do what is wished yet; "" when each of its tasks says that it does."""
    if SERVES not in wish.facts:
        return ""
    wanted = content_id(wish.facts[SERVES])
    there = sum(each == wanted for each in found.facts.get(SERVING, ()))
    return "" if there >= max(1, running) else f"{there} of {max(1, running)} serve the newest routes"


def pace(observed: State, path: StackPath, service: str, target: str) -> Pace | None:
    """How much went lately through a proxy of a stack to ``target``, a service or a child, at all its ports.

    None where nothing is led there, or no proxy said anything.
    """
    proxy = observed.get("service", names.in_stack(path, service))
    told = proxy.facts.get(PACES, {}) if proxy else {}
    return traffic.together([each for label, each in told.items() if label.partition(".")[0] == target])


def refusal(wish: Resource, found: Resource) -> str:
    """What a proxy says against the configuration that is wished; "" when nothing."""
    return str(found.facts.get(REFUSED, {}).get(content_id(wish.facts.get(SERVES, {})), ""))
