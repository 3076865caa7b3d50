"""Random wishes and random starting points for them, on the model of the engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from ailtire_deploy.names import LABEL_JOB, LABEL_OWNER, LABEL_PATH, LABEL_ROOT, LABEL_RUN, StackPath
from ailtire_deploy.plan.holding import references
from ailtire_deploy.state import Key, Need, Resource, State
from tests.contract import wishes
from tests.contract.wishes import ROOT, mounted, wish
from tests.fakes import FakeEngine

KID = ROOT / "kid"
NETWORKS = ("sibling", "kid-family", "way-out")
FILES = ("page-000000000001", "page-000000000002", "note-000000000003")
SERVICES = ("a", "b", "c", "d")
JOB = "c"  # runs once

PARTS = {
    each.key: each
    for each in (
        *(wishes.network(name) for name in NETWORKS),
        *(wishes.config(name, f"{name}\n".encode()) for name in FILES),
        *(wishes.secret(name) for name in FILES),
    )
}
"""All that a service may name."""


@st.composite
def services(draw: st.DrawFn, name: str) -> Resource:
    """A service that may need any service before it in the alphabet."""
    earlier = [each for each in SERVICES if each < name]
    needed = draw(st.sets(st.sampled_from(earlier))) if earlier else set()
    condition = draw(st.sampled_from(["started", "healthy"]))
    container = {
        "Image": draw(st.sampled_from(["web:1", "web:2"])),
        "Env": draw(st.sampled_from([[], ["A=1"], ["A=2", "B="]])),
        "Configs": [mounted(each) for each in draw(st.sets(st.sampled_from(FILES)))],
        "Secrets": [mounted(each, "Secret") for each in draw(st.sets(st.sampled_from(FILES)))],
        "Mounts": draw(st.sampled_from([[], [{"Type": "volume", "Source": "data", "Target": "/data"}]])),
    }
    on = [{"Target": f"contract_{each}"} for each in sorted(draw(st.sets(st.sampled_from(NETWORKS))))]
    needs = tuple(
        Need("service", f"contract_{each}", "completed" if each == JOB else condition)
        for each in sorted(needed)
    )
    template: dict[str, object] = {"ContainerSpec": container, "Networks": on}
    if name == JOB:
        template["RestartPolicy"] = {"Condition": "none", "MaxAttempts": 1}
        once = wish(
            "service", name, {"TaskTemplate": template, "Mode": {"Replicated": {"Replicas": 1}}}, None, *needs
        )
        return once.with_labels(**{LABEL_JOB: "600", LABEL_RUN: "contract.r1"})
    replicated = {"Replicated": {"Replicas": draw(st.integers(1, 3))}}
    mode = draw(st.sampled_from([replicated, replicated, {"Global": {}}]))
    return wish("service", name, {"TaskTemplate": template, "Mode": mode}, None, *needs)


@st.composite
def desires(draw: st.DrawFn) -> State:
    """A wish that is whole: what a service names or needs is wished as well."""
    chosen = [draw(services(name)) for name in sorted(draw(st.sets(st.sampled_from(SERVICES))))]
    there = {each.name for each in chosen}
    kept = [replace(each, needs=tuple(n for n in each.needs if n.name in there)) for each in chosen]
    spare = draw(st.sets(st.sampled_from(sorted(PARTS))))
    return State.of([*kept, *(PARTS[key] for key in {*spare, *named_by(kept)})])


def named_by(chosen: Iterable[Resource]) -> set[Key]:
    """The networks, configs and secrets that services name."""
    return {key for each in chosen for key in references(each.spec)}


def moved(resource: Resource, owner: StackPath, about: StackPath) -> Resource:
    """The same thing under another name, written by another controller."""
    labels = {**resource.labels, LABEL_ROOT: str(about.root), LABEL_OWNER: str(owner), LABEL_PATH: str(about)}
    return replace(resource, key=Key(resource.kind, f"{about.engine}_own"), labels=labels)


ALONE = wish("service", "alone", {"TaskTemplate": {"ContainerSpec": {"Image": "web:1"}}})

OTHERS = (
    Resource(Key("network", "theirs"), {"Driver": "overlay"}),
    Resource(Key("service", "theirs"), ALONE.spec, {"com.docker.stack.namespace": "contract"}),
    Resource(Key("secret", "theirs"), {}, {LABEL_ROOT: "contract"}),
    moved(ALONE, KID, KID),
    moved(wishes.config(), KID, KID),
    moved(wishes.network(), StackPath(), ROOT),
    moved(wishes.secret(), StackPath(("other",)), StackPath(("other",))),
)
"""What is not ours to write: of strangers, of a child, of the command line, of another tree."""


@dataclass(frozen=True)
class Start:
    """Where a swarm stands before anything is applied."""

    there: tuple[Resource, ...]
    lag: int

    def engine(self) -> FakeEngine:
        """A swarm that stands there; always the same one."""
        engine = FakeEngine(self.lag)
        for each in (*OTHERS, *self.there):
            engine.put(each)
        return engine


@st.composite
def starts(draw: st.DrawFn) -> Start:
    """What is left of another wish: some of it missing, some of it changed by hand."""
    before = draw(desires())
    chosen = [each for each in before if each.kind != "service" or draw(st.integers(0, 3))]
    drifted = [draw(drift(each)) if each.kind == "service" else each for each in chosen]
    return Start(tuple(drifted), draw(st.integers(1, 2)))


@st.composite
def drift(draw: st.DrawFn, service: Resource) -> Resource:
    """A service as somebody may have changed it, whose labels still say what was wished."""
    hand = draw(services("a"))
    return replace(service, spec=draw(st.sampled_from([service.spec, service.spec, hand.spec])), needs=())
