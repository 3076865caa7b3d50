"""The values of a stack's compose file: every service, network, config and secret its controller writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ailtire_deploy import assets, gates, names
from ailtire_deploy.documents import digest
from ailtire_deploy.entrances import PublishedPort
from ailtire_deploy.model import ANY_NETWORK, Child, Site, Stack
from ailtire_deploy.render import plain, policy, words
from ailtire_deploy.render.files import (
    CERTIFICATES,
    EDGE,
    FACES,
    GATEWAY,
    ROUTES,
    TLS,
    config_file,
    config_key,
    controller_file,
    hashed,
)
from ailtire_deploy.templating import artifact
from ailtire_deploy.topology import Network, Topology, admin_of

VERSION = "3.9"  # the newest that Debian's docker client reads
NEWER = "3.14"  # knows what only newer engines do
PROXY_USER = "10001:10001"
MTU = "com.docker.network.driver.mtu"
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_NOT_TEXT = frozenset({"y", "yes", "n", "no", "on", "off", "true", "false", "null"})  # to readers of YAML 1.1


def compose(stack: Stack, topology: Topology, site: Site, files: Mapping[str, bytes]) -> bytes:
    """The compose file; ``files`` are the others, which it names by their content."""
    configs = {key: {"file": f"./{name}"} for key, name in sorted(_configs(stack, files).items())}
    values = {
        "version": NEWER if any(gates.used(stack)) else VERSION,
        "proxy_user": PROXY_USER,
        "services": [_service(stack, topology, key) for key in sorted(each.key for each in stack.services)],
        "gateway": _gateway(stack, topology, site, files) if GATEWAY in files else None,
        "edge": _edge(stack, topology, site, files) if EDGE in files else None,
        "controllers": [_controller(stack, topology, child, site) for child in stack.children],
        "networks": dict(sorted(_networks(topology))),
        "volumes": {names.shared_key(key): _volume(stack, key) for key in sorted(stack.volumes)},
        "configs": configs,
        "secrets": dict(sorted([*_secrets(stack), *_agent_keys(stack, topology)])),
    }
    escaped = {name: escape(value) for name, value in values.items()}
    return artifact(
        assets.template("compose.yml.j2"), path=str(stack.path), word=word, site=escape_site(site), **escaped
    ).encode()


def escape(value: Any) -> Any:
    """``$`` doubled in every text: the docker client fills in variables, and these are values."""
    match value:
        case str():
            return value.replace("$", "$$")
        case Mapping():
            return {key: escape(each) for key, each in value.items()}
        case list() | tuple():
            return [escape(each) for each in value]
        case _:
            return value


def escape_site(site: Site) -> Mapping[str, str]:
    found: dict[str, str] = escape({"image": site.image, "socket": site.socket, "user": site.user})
    return found


def word(text: str) -> str | None:
    """A key that YAML reads as itself without quotes; None for any other."""
    return text if _WORD.fullmatch(text) and text.lower() not in _NOT_TEXT else None


def _service(stack: Stack, topology: Topology, key: str) -> dict[str, Any]:
    each = next(service for service in stack.services if service.key == key)
    return {"key": key, "fields": plain.service(stack, each, topology.seats[key])}


def _gateway(stack: Stack, topology: Topology, site: Site, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "agent": _agent(stack, names.GATEWAY, site.build),
        "config": hashed("gateway", files[GATEWAY]),
        "routes": hashed("routes", files[ROUTES]),
        "faces": hashed("faces", files[FACES]),
        "pages": _pages(words.files(stack), files),
        "networks": plain.networks(topology.seats[names.GATEWAY]),
        "policy": policy.rolling("start-first"),
    }


def _pages(names: Iterable[str], files: Mapping[str, bytes]) -> list[dict[str, str]]:
    """Where the pages lie that a proxy sends: beside its configuration."""
    return [
        {"source": hashed("page", files[name]), "target": f"/etc/ailtire/{name}"} for name in sorted(names)
    ]


def _edge(stack: Stack, topology: Topology, site: Site, files: Mapping[str, bytes]) -> dict[str, Any]:
    """A port in mode ``ingress`` needs the engine's balancer, which the mode ``dnsrr`` goes without."""
    published = stack.gateway.publish
    return {
        "agent": _agent(stack, names.EDGE),
        "configs": [
            {"source": hashed(key, files[name]), "target": f"/etc/ailtire/{target}"}
            for key, name, target in _EDGES
            if name in files
        ],
        "pages": _pages(words.edge_files(stack), files),
        "networks": plain.networks(topology.seats[names.EDGE]),
        "ports": [_port(each) for each in sorted(published, key=lambda each: each.port)],
        "endpoint_mode": "vip" if any(each.mode == "ingress" for each in published) else "dnsrr",
        "placement": {key: sorted(given) for key, given in stack.gateway.placement.items()},
        "policy": policy.rolling("stop-first"),
    }


def target(published: PublishedPort) -> int:
    """The port of the edge's container that a published one leads to."""
    return names.EDGE_PORTS[published.serves] if published.tcp is None else published.tcp


def _port(each: PublishedPort) -> dict[str, Any]:
    return {"target": target(each), "published": each.port, "protocol": "tcp", "mode": each.mode}


def _agent(stack: Stack, service: str, build: str = "") -> dict[str, Any]:
    """What a proxy's agent needs to follow the stack's controller.

    A new build of our image replaces gateways, as it does controllers; never an edge, which has nobody to
    take its place.
    """
    admin = names.tasks_of(names.admin_service(stack.path))
    return {
        "environment": {
            "AILTIRE_CONTROLLER": f"{admin}:{names.ADMIN_PORT}",
            "AILTIRE_SERVICENAME": service,
            **({"AILTIRE_BUILD": build} if build else {}),
        },
        "secrets": [
            {"source": _agent_key(service), "target": "/run/secrets/ailtire.key", **_readable(PROXY_USER)}
        ],
    }


def _agent_key(service: str) -> str:
    return f"_{service}.key"


def _readable(user: str) -> dict[str, Any]:
    """Only ``user``, as UID:GID, may read it; by name nobody knows the number, and everybody may."""
    uid, _, gid = user.partition(":")
    return {"uid": uid, "gid": gid, "mode": 0o400} if uid.isdigit() and gid.isdigit() else {}


def _controller(stack: Stack, topology: Topology, child: Child, site: Site) -> dict[str, Any]:
    key = admin_of(child.key)
    owner = _readable(site.user)
    secrets = [{"source": f"_{child.key}.key", "target": "/run/secrets/ailtire.key", **owner}]
    if not stack.path:
        secrets.append({"source": f"_{child.key}.seed", "target": "/run/secrets/ailtire.seed", **owner})
    handed = (*child.registries, *child.certificates)
    secrets += [{"source": name, "target": f"/run/secrets/{name}", **owner} for name in handed]
    return {
        "key": key,
        "env_file": f"./{controller_file(child.key)}",
        "secrets": secrets,
        "networks": plain.networks(topology.seats[key]),
        "policy": policy.rolling("stop-first"),
    }


def _volume(stack: Stack, key: str) -> Mapping[str, Any]:
    """A volume that exists keeps its options whatever is said later, so other options mean another volume."""
    given = stack.volumes[key]
    options = {part: given[part] for part in ("driver", "driver_opts") if part in given}
    if not options:
        return given
    name = names.engine_name(*stack.path.parts, names.shared_key(key), limit=names.LIMIT - 9)
    return {"name": f"{name}-{digest(options)[:8]}", **given}


def _networks(topology: Topology) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for network in topology.networks:
        if network.external:
            yield network.key, {"external": True, "name": network.name}
        else:
            yield network.key, {"driver": "overlay", "internal": network.internal, **_options(network)}


def _options(network: Network) -> Mapping[str, Any]:
    given = network.options
    named = {"name": network.name} if given != ANY_NETWORK else {}
    ranged = {"ipam": {"config": [{"subnet": given.subnet}]}} if given.subnet else {}
    return {**named, **ranged, **({"driver_opts": {MTU: str(given.mtu)}} if given.mtu else {})}


def _configs(stack: Stack, files: Mapping[str, bytes]) -> dict[str, str]:
    """Compose key of each config, and the file that holds it."""
    own = {hashed(key, files[name]): name for key, name in _OURS.items() if name in files}
    own |= {hashed("page", content): name for name, content in words.files(stack).items() if name in files}
    return {**own, **{config_key(stack, key): config_file(key) for key in stack.configs}}


_EDGES = (("edge", EDGE, GATEWAY), ("tls", TLS, TLS), ("certificates", CERTIFICATES, CERTIFICATES))
"""Of an edge's configuration: each config's key, the file that holds it, and what that is called inside."""
_OURS = {"gateway": GATEWAY, "routes": ROUTES, "faces": FACES} | {key: file for key, file, _ in _EDGES}


def _secrets(stack: Stack) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All secrets are made before, from sources that only the command line can read."""
    for key, secret in stack.secrets.items():
        yield key, {"external": True, "name": secret.name or names.in_stack(stack.path, key)}
    for child in stack.children:
        path = stack.path / child.key
        yield f"_{child.key}.key", {"external": True, "name": names.key_secret(path, stack.generation)}
        if not stack.path:
            yield f"_{child.key}.seed", {"external": True, "name": names.seed_secret(path)}
        handed = (*child.registries, *child.certificates)
        yield from ((name, {"external": True, "name": name}) for name in handed)


def _agent_keys(stack: Stack, topology: Topology) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for service in topology.proxies:
        name = names.agent_secret(stack.path, service, stack.generation)
        yield _agent_key(service), {"external": True, "name": name}
