"""One entry of a compose file as the engine's service spec, the way ``docker stack deploy`` does it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from ailtire_deploy import images
from ailtire_deploy.specs.document import Document
from ailtire_deploy.specs.mounts import mount
from ailtire_deploy.units import nano_cpus, nanoseconds, size

Entry = Mapping[str, Any]
_MODE = 0o444


def spec(document: Document, key: str) -> dict[str, Any]:
    """The spec of service ``key``, without name and labels."""
    entry = document.services[key]
    deploy = entry.get("deploy", {})
    return {
        "TaskTemplate": {
            "ContainerSpec": container(document, entry),
            "Resources": {
                "Limits": _resources(deploy, "limits"),
                "Reservations": _resources(deploy, "reservations"),
            },
            "LogDriver": _log_driver(entry.get("logging", {})),
            "RestartPolicy": _restart(deploy.get("restart_policy", {})),
            "Placement": _placement(deploy.get("placement", {})),
            "Networks": _networks(document, entry),
        },
        "Mode": _mode(deploy),
        "UpdateConfig": _rolling(deploy.get("update_config")),
        "RollbackConfig": _rolling(deploy.get("rollback_config")),
        "EndpointSpec": {
            "Mode": deploy.get("endpoint_mode"),
            "Ports": [_port(port) for port in entry.get("ports", [])],
        },
    }


def container(document: Document, entry: Entry) -> dict[str, Any]:
    """What runs inside: the part of the spec that a task's container is made of."""
    add, drop = capabilities(entry.get("cap_add", []), entry.get("cap_drop", []))
    return {
        "Image": images.tagged(entry["image"]),
        "Command": words(entry.get("entrypoint", [])),
        "Args": words(entry.get("command", [])),
        "Env": [f"{name}={value}" for name, value in entry.get("environment", {}).items()],
        "User": entry.get("user"),
        "Labels": dict(entry.get("labels", {})),
        "Init": entry.get("init"),
        "ReadOnly": entry.get("read_only"),
        "Dir": entry.get("working_dir"),
        "Hostname": entry.get("hostname"),
        "DNSConfig": {"Nameservers": entry.get("dns", []), "Search": entry.get("dns_search", [])},
        "Hosts": [_host(each) for each in entry.get("extra_hosts", [])],
        "Sysctls": dict(entry.get("sysctls", {})),
        "Ulimits": [
            {"Name": name, "Soft": each["soft"], "Hard": each["hard"]}
            for name, each in sorted(entry.get("ulimits", {}).items())
        ],
        "TTY": entry.get("tty"),
        "OpenStdin": entry.get("stdin_open"),
        "StopSignal": entry.get("stop_signal"),
        "StopGracePeriod": _duration(entry, "stop_grace_period"),
        "Healthcheck": _health(entry.get("healthcheck", {})),
        "OomScoreAdj": entry.get("oom_score_adj"),
        "CapabilityAdd": add,
        "CapabilityDrop": drop,
        "Mounts": [mount(document, each) for each in entry.get("volumes", [])],
        "Configs": [
            {"File": _file(each), "ConfigName": document.config(each["source"])}
            for each in entry.get("configs", [])
        ],
        "Secrets": [
            {"File": _file(each), "SecretName": document.secret(each["source"])}
            for each in entry.get("secrets", [])
        ],
    }


def words(command: str | list[Any]) -> list[str]:
    """A command given as one text is split like a shell would."""
    return shlex.split(command) if isinstance(command, str) else [str(word) for word in command]


def capabilities(add: list[str], drop: list[str]) -> tuple[list[str], list[str]]:
    """Both lists with full names; ALL swallows the rest of its list, and what is added is not dropped."""
    added, dropped = ({_capability(each) for each in given} for given in (add, drop))
    added = {"ALL"} if "ALL" in added else added
    dropped = {"ALL"} if "ALL" in dropped else dropped
    return sorted(added), sorted(dropped - added)


def _capability(name: str) -> str:
    name = name.strip().upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"


def _host(given: str) -> str:
    """As a line of the hosts file: the address first."""
    name, _, address = given.partition(":")
    return f"{address} {name}"


def _log_driver(given: Entry) -> dict[str, Any]:
    return {"Name": given["driver"], "Options": dict(given.get("options", {}))} if given else {}


def _duration(source: Entry, key: str) -> int | None:
    return nanoseconds(source[key]) if key in source else None


def _health(given: Entry) -> dict[str, Any]:
    if given.get("disable"):
        return {"Test": ["NONE"]}
    test = given.get("test", [])
    return {
        "Test": ["CMD-SHELL", test] if isinstance(test, str) else [str(word) for word in test],
        "Interval": _duration(given, "interval"),
        "Timeout": _duration(given, "timeout"),
        "StartPeriod": _duration(given, "start_period"),
        "StartInterval": _duration(given, "start_interval"),
        "Retries": given.get("retries"),
    }


def _file(use: Entry) -> dict[str, Any]:
    return {
        "Name": use.get("target", use["source"]),
        "UID": use.get("uid", "0"),
        "GID": use.get("gid", "0"),
        "Mode": use.get("mode", _MODE),
    }


def _resources(deploy: Entry, kind: str) -> dict[str, Any]:
    given = deploy.get("resources", {}).get(kind, {})
    return {
        "NanoCPUs": nano_cpus(given["cpus"]) if "cpus" in given else None,
        "MemoryBytes": size(given["memory"]) if "memory" in given else None,
        "Pids": given.get("pids"),
        "GenericResources": [
            {"DiscreteResourceSpec": {"Kind": spec["kind"], "Value": spec["value"]}}
            for spec in (each["discrete_resource_spec"] for each in given.get("generic_resources", []))
        ],
    }


def _restart(given: Entry) -> dict[str, Any]:
    return {
        "Condition": given.get("condition"),
        "Delay": _duration(given, "delay"),
        "MaxAttempts": given.get("max_attempts"),
        "Window": _duration(given, "window"),
    }


def _placement(given: Entry) -> dict[str, Any]:
    return {
        "Constraints": list(given.get("constraints", [])),
        "Preferences": [
            {"Spread": {"SpreadDescriptor": each["spread"]}} for each in given.get("preferences", [])
        ],
        "MaxReplicas": given.get("max_replicas_per_node"),
    }


def _networks(document: Document, entry: Entry) -> list[dict[str, Any]]:
    """Aliases are the ones written; the docker client adds the service's key on each network by itself."""
    return [
        {"Target": document.network(key), "Aliases": list((seat or {}).get("aliases", []))}
        for key, seat in entry.get("networks", {}).items()
    ]


def _mode(deploy: Entry) -> dict[str, Any]:
    if deploy.get("mode") == "global":
        return {"Global": {}}
    return {"Replicated": {"Replicas": deploy.get("replicas", 1)}}


def _rolling(given: Entry | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return {
        "Parallelism": given.get("parallelism", 1),
        "Delay": _duration(given, "delay"),
        "FailureAction": given.get("failure_action"),
        "Monitor": _duration(given, "monitor"),
        "MaxFailureRatio": given.get("max_failure_ratio"),
        "Order": given.get("order"),
    }


def _port(given: Entry) -> dict[str, Any]:
    return {
        "Protocol": given.get("protocol", "tcp"),
        "TargetPort": given["target"],
        "PublishedPort": given["published"],
        "PublishMode": given.get("mode", "ingress"),
    }
