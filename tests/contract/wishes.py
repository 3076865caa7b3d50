"""Wishes for the contract tests, made as the product makes them: in normal form, labelled, with a hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ailtire_deploy import names, specs
from ailtire_deploy.documents import digest
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import labels_of
from ailtire_deploy.state import Key, Kind, Need, Resource

ROOT = StackPath(("contract",))
IMAGE = "ailtire-demo/echo:latest"


def wish(
    kind: Kind, name: str, spec: Mapping[str, Any] | None = None, data: bytes | None = None, *needs: Need
) -> Resource:
    """A resource of stack ``contract``, owned by its controller."""
    normal = specs.normalise(kind, spec or {})
    said = digest({"spec": normal, "data": hashlib.sha256(data).hexdigest() if data else ""})
    labels = {**labels_of(ROOT, ROOT), names.LABEL_HASH: said}
    return Resource(Key(kind, f"contract_{name}"), normal, labels, data, needs)


def network(name: str = "sibling", internal: bool = True) -> Resource:
    return wish("network", name, {"Driver": "overlay", "Internal": internal})


def config(name: str = "page-0123456789ab", data: bytes = b"hello\n") -> Resource:
    return wish("config", name, {}, data)


def secret(name: str = "word-0123456789ab", data: bytes = b"hush") -> Resource:
    return wish("secret", name, {}, data)


def service(
    name: str = "web",
    *needs: Need,
    replicas: int = 1,
    image: str = IMAGE,
    env: Mapping[str, str] = {},
    **more: Any,
) -> Resource:
    """A small service on the sibling network that does nothing and ends at once when told to."""
    container = {
        "Image": image,
        "Command": ["sleep", "1000"],
        "Init": True,
        "Env": [f"{key}={value}" for key, value in env.items()],
        **more,
    }
    spec = {
        "TaskTemplate": {
            "ContainerSpec": container,
            "Networks": [{"Target": "contract_sibling", "Aliases": [name]}],
        },
        "Mode": {"Replicated": {"Replicas": replicas}},
        "EndpointSpec": {"Mode": "dnsrr"},
    }
    return wish("service", name, spec, None, *needs)


def job(code: int = 0, retries: int = 0, revision: str = "contract.r1", **more: Any) -> Resource:
    """A service that runs once, and ends with that exit code."""
    plain = service("job", Command=["/bin/sh", "-c", f"exit {code}"], **more)
    condition = "on-failure" if retries else "none"
    policy = {"Condition": condition, "Delay": 100_000_000, "MaxAttempts": max(1, retries)}
    rolling = {"Parallelism": 1, "FailureAction": "continue", "Order": "stop-first", "Monitor": 5_000_000_000}
    spec = {**plain.spec, "TaskTemplate": {**plain.spec["TaskTemplate"], "RestartPolicy": policy}}
    made = wish("service", "job", {**spec, "UpdateConfig": rolling})
    return made.with_labels(**{names.LABEL_JOB: "600", names.LABEL_RUN: revision})


def mounted(name: str, kind: str = "Config") -> dict[str, Any]:
    """One config (or secret) as a container sees it."""
    file = {"Name": f"/files/{name}", "UID": "0", "GID": "0", "Mode": 0o444}
    return {f"{kind}Name": f"contract_{name}", "File": file}


FULL: Mapping[str, Any] = {
    "User": "10001:10001",
    "ReadOnly": True,
    "CapabilityDrop": ["ALL"],
    "CapabilityAdd": ["CAP_NET_BIND_SERVICE"],
    "StopSignal": "SIGUSR1",
    "StopGracePeriod": 3_000_000_000,
    "Labels": {"theirs": "", "also": "x"},
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1_000_000_000, "Retries": 2},
    "Mounts": [
        {"Type": "tmpfs", "Target": "/tmp", "TmpfsOptions": {"SizeBytes": 1 << 20, "Mode": 0o1777}},
        {
            "Type": "volume",
            "Source": "contract_data",
            "Target": "/data",
            "VolumeOptions": {"Labels": {"a": "b"}},
        },
    ],
    "Configs": [mounted("page-0123456789ab")],
    "Secrets": [mounted("word-0123456789ab", "Secret")],
}
"""Every field of a container that this project sets."""

POLICIES: Mapping[str, Any] = {
    "UpdateConfig": {
        "Parallelism": 1,
        "FailureAction": "pause",
        "Monitor": 5_000_000_000,
        "Order": "start-first",
        "MaxFailureRatio": 0.5,
        "Delay": 1_000_000_000,
    },
    "RollbackConfig": {"Parallelism": 0, "Order": "stop-first"},
}


def full(replicas: int = 2) -> Resource:
    """A service with everything the product may ask for."""
    plain = service("full", replicas=replicas, env={"B": "2", "A": "1=1", "EMPTY": ""}, **FULL)
    template = {
        **plain.spec["TaskTemplate"],
        "Resources": {
            "Limits": {"NanoCPUs": 500_000_000, "MemoryBytes": 64 << 20, "Pids": 100},
            "Reservations": {"MemoryBytes": 8 << 20},
        },
        "RestartPolicy": {
            "Condition": "any",
            "Delay": 2_000_000_000,
            "MaxAttempts": 0,
            "Window": 1_000_000_000,
        },
        "Placement": {"Constraints": ["node.role == manager"], "MaxReplicas": 4},
    }
    return wish("service", "full", {**plain.spec, **POLICIES, "TaskTemplate": template})


def everywhere() -> Resource:
    """A global service that publishes a port of the node."""
    plain = service("edge")
    port = {"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 18080, "PublishMode": "host"}
    endpoint = {"Mode": "dnsrr", "Ports": [port]}
    return wish("service", "edge", {**plain.spec, "Mode": {"Global": {}}, "EndpointSpec": endpoint})
