"""Whether a job has to run: its spec is the key to its runs, and a way back needs none.

Going back to a revision that converged brings back services, not what a job did to their data: the job ran
with those inputs, and what ran since cannot be undone by running it once more. So its service is left as it
is, with its output, and bears the hash of the inputs that count as done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ailtire_deploy.names import LABEL_DONE, LABEL_RUN
from ailtire_deploy.plan.holding import references
from ailtire_deploy.state import Resource, State


def asked_for(made: Iterable[Resource], observed: State, revision: str, back: bool) -> list[Resource]:
    """The resources of a stack, its jobs as ``revision`` asks for them; ``back``: it is a way back."""
    wishes = [wish(each, observed, revision, back) if each.is_job else each for each in made]
    kept = (each for job in wishes if LABEL_DONE in job.labels for each in named_by(job, observed))
    return [*kept, *wishes]  # what is made for this revision has the last word


def wish(job: Resource, observed: State, revision: str, back: bool) -> Resource:
    """A job that says which revision asks for it: one that failed is run again for a newer one only."""
    asked = job.with_labels(**{LABEL_RUN: revision})
    found = observed.resources.get(job.key)
    if found is None or not found.is_job or found.owner != job.owner or found.hash == job.hash:
        return asked
    counts = back or found.labels.get(LABEL_DONE) == job.hash
    return done(found, job.hash) if counts else asked


def done(found: Resource, inputs: str) -> Resource:
    """The job as it is, with a word that it need not run for these inputs."""
    return replace(found, labels={**found.labels, LABEL_DONE: inputs}, needs=())


def named_by(job: Resource, observed: State) -> Iterator[Resource]:
    """What a job that is left as it is still mounts."""
    found = (observed.resources.get(key) for key in references(job.spec) if key.kind != "network")
    return (each for each in found if each is not None and each.owner == job.owner)
