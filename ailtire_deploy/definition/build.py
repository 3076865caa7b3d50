"""From a definition without mistakes to the model: long forms, and defaults that have a meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ailtire_deploy.definition import forms, pages, tcp, uses
from ailtire_deploy.definition.draft import Draft
from ailtire_deploy.definition.parameters import as_map, section
from ailtire_deploy.definition.routes import routes
from ailtire_deploy.definition.strategies import strategy
from ailtire_deploy.entrances import PublishedPort, Tls
from ailtire_deploy.model import (
    Child,
    Dependency,
    Gateway,
    Job,
    NetworkOptions,
    Secret,
    Service,
    Stack,
)
from ailtire_deploy.passages import Use
from ailtire_deploy.units import SECOND, nanoseconds

_KEPT = (
    "stop_grace_period",
    "stop_signal",
    "init",
    "read_only",
    "working_dir",
    "hostname",
    "stdin_open",
    "tty",
    "oom_score_adj",
)
_TEXTS = ("cpus", "memory")  # Compose reads numbers there too; one form is enough behind this point
GENERATED = {"length": 32, "generation": 1}
YEAR = 365 * 24 * 3600  # seconds: what the lists of browsers ask for at least


def stack(draft: Draft, context: str, environment: Mapping[str, str]) -> Stack:
    """The stack of a draft that has no findings. ``environment`` is what was set beside the definition."""
    data = draft.data
    shared = {**forms.as_map(data.get("environment")), **environment}
    return Stack(
        path=draft.path,
        version=data.get("version", ""),
        context=context,
        services=tuple(_service(draft, key, shared) for key in sorted(draft.plain)),
        children=tuple(_child(draft, key, each) for key, each in sorted(draft.children.items())),
        configs={key: forms.content(each) for key, each in sorted(section(data, "configs").items())},
        secrets={key: _secret(each) for key, each in sorted(section(data, "secrets").items())},
        volumes={key: _volume(each or {}) for key, each in sorted(section(data, "volumes").items())},
        gateway=_gateway(section(data, "gateway")),
        network=_network(section(data, "network")),
        on_failure=section(data, "strategy").get("on_failure", "rollback"),
        deadline=nanoseconds(data["deadline"]) / SECOND if "deadline" in data else None,
        uses=_sorted(draft.uses),
    )


def _sorted(found: Mapping[str, Use]) -> tuple[Use, ...]:
    return tuple(use for _, use in sorted(found.items()))


def _service(draft: Draft, key: str, shared: Mapping[str, str]) -> Service:
    each = draft.plain[key]
    return Service(
        key=key,
        image=each["image"],
        environment={**shared, **forms.as_map(each.get("environment"))},
        routes=tuple(route for _, route in routes(key, each)),
        depends_on=_dependencies(draft, each),
        configs=tuple(use for _, use in forms.file_mounts(each, "configs")),
        secrets=tuple(use for _, use in forms.file_mounts(each, "secrets")),
        mounts=tuple(mount for _, mount in forms.mounts(each)),
        egress=each.get("egress", False),
        options=_options(each),
        job=_job(each) if key in draft.jobs else None,
        strategy=strategy(each),
        tcp=tuple(route for _, route in tcp.routes(key, each)),
    )


def _job(each: Mapping[str, Any]) -> Job:
    timeout = nanoseconds(each["timeout"]) / SECOND if "timeout" in each else Job().timeout
    return Job(timeout, each.get("retries", 0))


def _dependencies(draft: Draft, each: Mapping[str, Any]) -> tuple[Dependency, ...]:
    """One that is not required may be missing altogether."""
    found = (dependency for _, dependency in forms.dependencies(each, draft.jobs))
    return tuple(dependency for dependency in found if dependency.service in draft.services)


def _child(draft: Draft, key: str, each: Mapping[str, Any]) -> Child:
    return Child(
        key=key,
        definition=each["definition"],
        parameters=as_map(each.get("parameters")),
        routes=tuple(route for _, route in routes(key, each)),
        depends_on=_dependencies(draft, each),
        tcp=tuple(route for _, route in tcp.routes(key, each)),
        uses=_sorted(uses.granted(draft, key)),
    )


def _options(each: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {key: each[key] for key in _KEPT if key in each}
    options |= {key: forms.words(each[key]) for key in ("command", "entrypoint") if key in each}
    if "cap_add" in each:
        options["cap_add"] = forms.capabilities(each["cap_add"])
    if "cap_drop" in each:
        options["cap_drop"] = ["ALL"]  # dropping some never means keeping the others
    if "user" in each:
        options["user"] = forms.text(each["user"])
    if each.get("labels"):
        options["labels"] = forms.as_map(each["labels"])
    options |= {key: forms.listed(each[key]) for key in ("dns", "dns_search") if each.get(key)}
    if each.get("extra_hosts"):
        options["extra_hosts"] = [f"{name}:{address}" for name, address in forms.hosts(each["extra_hosts"])]
    if each.get("sysctls"):
        options["sysctls"] = forms.as_map(each["sysctls"])
    if each.get("ulimits"):
        options["ulimits"] = {key: forms.limit(value) for key, value in sorted(_own(each["ulimits"]).items())}
    if each.get("logging"):
        options["logging"] = _logging(_own(each["logging"]))
    if each.get("healthcheck"):
        options["healthcheck"] = _healthcheck(each["healthcheck"])
    if each.get("deploy"):
        options["deploy"] = _deploy(each["deploy"])
    return options


def _healthcheck(given: Mapping[str, Any]) -> dict[str, Any]:
    if given.get("disable"):
        return {"test": ["NONE"]}
    check = {key: value for key, value in _own(given).items() if key != "disable"}
    return {**check, "test": forms.test(given["test"])} if "test" in given else check


def _logging(given: Mapping[str, Any]) -> dict[str, Any]:
    options = forms.as_map(given.get("options", {}))
    return {"driver": given.get("driver", "json-file"), **({"options": options} if options else {})}


def _volume(given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"driver": given["driver"]} if "driver" in given else {}
    return made | {key: forms.as_map(given[key]) for key in ("driver_opts", "labels") if given.get(key)}


def _deploy(given: Mapping[str, Any]) -> dict[str, Any]:
    deploy = {key: _own(value) if isinstance(value, Mapping) else value for key, value in _own(given).items()}
    if "labels" in deploy:
        deploy["labels"] = forms.as_map(given["labels"])
    if "resources" in deploy:
        deploy["resources"] = {kind: _amounts(_own(part)) for kind, part in deploy["resources"].items()}
    return deploy


def _amounts(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: forms.text(value) if key in _TEXTS else value for key, value in part.items()}


def _own(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Without the author's free keys."""
    return {key: value for key, value in mapping.items() if not key.startswith("x-")}


def _secret(each: Mapping[str, Any]) -> Secret:
    if "name" in each:
        return Secret(name=each["name"])
    source = dict(each["from"])
    if "generate" in source:
        wanted = source["generate"]
        source["generate"] = {**GENERATED, **(wanted if isinstance(wanted, Mapping) else {})}
    return Secret(source=source)


def _network(given: Mapping[str, Any]) -> NetworkOptions:
    return NetworkOptions(given.get("subnet", ""), given.get("mtu", 0))


def _gateway(given: Mapping[str, Any]) -> Gateway:
    return Gateway(
        publish=tuple(_published(each) for each in given.get("publish", [])),
        admin=given.get("admin", False),
        placement=dict(given.get("placement", {})),
        errors=pages.pages(given),
        origins=tuple(section(given, "view").get("origins", ())),
        tls=_tls(section(given, "tls")),
    )


def _published(given: int | Mapping[str, Any]) -> PublishedPort:
    if isinstance(given, int):
        return PublishedPort(given)
    port = PublishedPort(given["port"], given.get("mode", "host"), given.get("tcp"))
    if given.get("tls"):
        return replace(port, serves="https")
    return replace(port, serves="redirect") if "redirect" in given else port


def _tls(given: Mapping[str, Any]) -> Tls:
    told = given.get("hsts", False)
    found = Tls(tuple(given.get("certificates", ())), YEAR if told else None)
    return replace(found, **_hsts(told)) if isinstance(told, Mapping) else found


def _hsts(given: Mapping[str, Any]) -> dict[str, Any]:
    flags = {key: given.get(key, False) for key in ("include_subdomains", "preload")}
    return {"hsts": given.get("max_age", YEAR), **flags}
