"""The work of controllers that are not there any more: their launcher takes their stacks down with the same
code, and a root without one has itself swept away.
"""

from __future__ import annotations

from dataclasses import replace

from ailtire_deploy import names, pipeline, revisions, shutdown, verdict
from ailtire_deploy.apply import apply
from ailtire_deploy.model import Site
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import plan
from ailtire_deploy.ports import Engine
from ailtire_deploy.report import Report
from ailtire_deploy.state import Key, Resource, State
from ailtire_deploy.writer import Writer


def stand_in(engine: Engine, observed: State, path: StackPath, writer: Writer, now: float) -> Report:
    """One round of taking down a stack that has no controller, and those below it that have none either.

    Only its launcher may do this, and only for a stack that shall go: one writer a stack, at any time.
    """
    if in_charge(observed, path) or not observed.anything_below(path):
        return Report()
    writer = replace(writer, lost=verdict.lost_below(observed, path, now))
    desired = shutdown.whole(path, observed, pipeline.before(observed, path), writer)
    own = apply(plan(desired, observed, path, now), engine)
    children = (each for each in revisions.stacks(observed, path) if each.parent == path)
    return Report.of([own, *(stand_in(engine, observed, child, writer, now) for child in children)])


def in_charge(observed: State, path: StackPath) -> bool:
    """Whether a stack's controller may still write: only one that is stopped for good does not."""
    admin = observed.get("service", names.admin_service(path))
    alive = any(task.live for task in observed.tasks_of(names.admin_service(path)))
    return alive or (admin is not None and not shutdown.is_stopped(admin))


def sweeper(root: StackPath, site: Site) -> Resource:
    """A service of our image, on no network of ours, that removes what is left of a root, and then itself.

    Not in swarm's job mode: that would leave a task record which the API cannot remove.
    """
    container = {
        "Image": site.image,
        "Args": ["sweep", str(root)],
        "User": site.user,
        "ReadOnly": True,
        "CapabilityDrop": ["ALL"],
        "Env": [f"AILTIRE_CLUSTER={site.cluster}"],
        "Mounts": [{"Type": "bind", "Source": site.socket, "Target": "/var/run/docker.sock"}],
    }
    task = {
        "ContainerSpec": container,
        "RestartPolicy": {"Condition": "on-failure"},
        "Placement": {"Constraints": ["node.role == manager"]},
    }
    spec = {"TaskTemplate": task, "Mode": {"Replicated": {"Replicas": 1}}, "EndpointSpec": {"Mode": "dnsrr"}}
    labels = {**revisions.labels_of(StackPath(), root), names.LABEL_SERVICE: names.SWEEP}
    return Resource(Key("service", names.in_stack(root, names.SWEEP)), spec=spec, labels=labels)
