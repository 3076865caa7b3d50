"""How a service comes to its next version: the short and the long form, and what does not go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from ailtire_deploy.definition import forms
from ailtire_deploy.definition.draft import Draft, ends
from ailtire_deploy.definition.findings import Finding
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.documents import Path
from ailtire_deploy.model import ROLLING, Step, Strategy, Tolerance
from ailtire_deploy.units import SECOND, nanoseconds

PAUSE = "30s"
ALL = 100
CANARY = ({"weight": 10}, {"weight": 50}, {"weight": ALL})
STAGED = ("blue-green", "canary")
WHERE = {
    "steps": ("canary",),
    "pause": ("blue-green",),
    **dict.fromkeys(("promote", "abort_if", "shares_volumes"), STAGED),
}
MILLISECOND = SECOND // 1000


def strategy(service: Mapping[str, Any]) -> Strategy:
    """The strategy of a service without findings."""
    given = _long(service)
    way = given.get("type", "rolling")
    if way not in STAGED:
        return Strategy(way) if way != "rolling" else ROLLING
    manual = given.get("promote") == "manual"
    steps = _steps(given) if way == "canary" else _flip(given, manual)
    return Strategy(way, steps, manual, _tolerance(given.get("abort_if", {})))


def _long(service: Mapping[str, Any]) -> Mapping[str, Any]:
    given = service.get("strategy", {})
    return {"type": given} if isinstance(given, str) else given


def _steps(given: Mapping[str, Any]) -> tuple[Step, ...]:
    """The last step is all: without it, it lasts as long as the one before."""
    steps = tuple(Step(each["weight"], _pause(each)) for each in given.get("steps", CANARY))
    return steps if steps[-1].weight == ALL else (*steps, Step(ALL, steps[-1].pause))


def _flip(given: Mapping[str, Any], manual: bool) -> tuple[Step, ...]:
    """All at once; where a person says when, the new version stands ready without a request before."""
    return (*((Step(0, 0.0),) if manual else ()), Step(ALL, _pause(given)))


def _pause(given: Mapping[str, Any]) -> float:
    return nanoseconds(given.get("pause", PAUSE)) / SECOND


def _tolerance(given: Mapping[str, Any]) -> Tolerance:
    slower = {nanoseconds(time) // MILLISECOND: each for time, each in given.get("slower_than", {}).items()}
    errors = _percent(given["errors"]) if "errors" in given else None
    return Tolerance(errors, tuple((time, _percent(each)) for time, each in sorted(slower.items())))


def _percent(text: str) -> float:
    return float(text.removesuffix("%"))


def findings(draft: Draft) -> Iterator[Finding]:
    """Strategies that cannot be followed: nothing is accepted and then ignored."""
    for key, service in draft.plain.items():
        if key not in draft.jobs and isinstance(_long(service), Mapping) and "strategy" in service:
            yield from _wrong(("services", key), service, _long(service))


def _wrong(at: Path, service: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Finding]:
    way, here = given.get("type"), (*at, "strategy")
    if way is None:
        return
    for part, ways in WHERE.items():
        if part in given and way not in ways:
            yield Finding((*here, part), f"has no meaning with {way}", f"it belongs to {' and '.join(ways)}")
    if way == "recreate":
        yield from _rolled(at, service)
    if way in STAGED:
        yield from _unfit(here, service, way)
        yield from _volumes(here, service, given)
        yield from _order(here, given)


def _rolled(at: Path, service: Mapping[str, Any]) -> Iterator[Finding]:
    update = section(section(service, "deploy"), "update_config")
    for part in ("order", "parallelism"):
        if part in update:
            said = "recreate ends all old tasks first, and then starts all new ones"
            yield Finding((*at, "deploy", "update_config", part), said, "leave one of the two out")


def _unfit(here: Path, service: Mapping[str, Any], way: str) -> Iterator[Finding]:
    if all(str(each).startswith("tcp:") for each in section(service, "interface")):
        said = "it is the gateway that divides the requests; connections of tcp: routes it does not divide"
        yield Finding(here, f"{way} without a route for requests", said)
    if section(service, "deploy").get("mode") == "global":
        yield Finding(here, f"{way} needs a number of replicas", "a global service is replaced by rolling")
    if ends(service):
        yield Finding(here, f"{way} of a service that may end", "let it run on, or roll it")


def _volumes(here: Path, service: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Finding]:
    mounts = (mount for _, mount in forms.mounts(service) if mount.type == "volume" and mount.source)
    shared = [mount for mount in mounts if not mount.read_only]
    if shared and given.get("shares_volumes") is not True:
        said = f"both versions would write to the volume at {shared[0].target} at once"
        yield Finding(here, said, "say shares_volumes: true if the program can do with that")


def _order(here: Path, given: Mapping[str, Any]) -> Iterator[Finding]:
    weights = [each.get("weight") for _, each in forms.items(given.get("steps")) if isinstance(each, Mapping)]
    known = [each for each in weights if isinstance(each, int)]
    if any(after <= before for before, after in pairwise(known)):
        yield Finding((*here, "steps"), "each step has to have more weight than the one before")
