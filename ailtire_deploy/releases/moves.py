"""The releases of a stack, each a step further where that is due: the label that its revision gets."""

from __future__ import annotations

from dataclasses import replace

from ailtire_deploy import diff, names, proxies, symptoms
from ailtire_deploy.names import LABEL_RELEASE
from ailtire_deploy.releases import candidates, course, stages, wishes
from ailtire_deploy.releases.course import View
from ailtire_deploy.releases.stages import Counts, Stage
from ailtire_deploy.releases.wishes import Release
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Resource, State
from ailtire_deploy.traffic import NOTHING, Counters, Traffic


def moved(desired: State, observed: State, revision: Revision, now: float) -> Resource | None:
    """The revision with what has come about since; None while everything stands where it stood.

    It has to be written before anything that is wished is done: what is known of a release is what the
    swarm knows.
    """
    found = wishes.of(desired).values()
    before = stages.read(revision.found)
    after = before | {each.wish.service: ahead(each, desired, observed, revision, now) for each in found}
    return revision.found.with_labels(**{LABEL_RELEASE: stages.written(after)}) if after != before else None


def ahead(release: Release, desired: State, observed: State, revision: Revision, now: float) -> Stage:
    if not release.known:
        return replace(release.stage, since=now)
    return course.ahead(release.strategy, release.stage, view(release, desired, observed, revision, now))


def view(release: Release, desired: State, observed: State, revision: Revision, now: float) -> View:
    """What is seen of a release."""
    wish = release.wish
    gateway = desired.get("service", names.gateway_service(wish.path))
    return View(
        now,
        ready=_is(release.candidate, observed, now),
        served=gateway is None or _serves(gateway, observed),
        settled=_is(wish, observed, now),
        carries=candidates.serves(observed, wish.name)
        or not candidates.serves(observed, release.candidate.name),
        frozen=revision.outcome == "failed",
        counts=counted(observed.get("service", names.gateway_service(wish.path)), wish.service),
    )


def _is(wish: Resource, observed: State, now: float) -> bool:
    """Whether a service is as wished and has proved it."""
    found = observed.resources.get(wish.key)
    return found is not None and not diff.changes(wish, found) and symptoms.arrived(found, observed, now)


def _serves(gateway: Resource, observed: State) -> bool:
    found = observed.resources.get(gateway.key)
    return found is not None and not proxies.unserved(gateway, found, observed.running(gateway.name))


def counted(gateway: Resource | None, service: str) -> Counts:
    """What the gateway's agents counted for the next version of a service, over all its ports."""
    found: Traffic = gateway.facts.get(proxies.TRAFFIC, NOTHING) if gateway else NOTHING
    own = (each for label, each in found.items() if _is_candidate(label, service))
    added = sum(own, start=Counters())
    return Counts(added.requests, added.errors, dict(added.slow))


def _is_candidate(label: str, service: str) -> bool:
    """A service has a label of its own, and with several ports one for each."""
    return label.startswith(f"{service}.") and label == names.candidate_key(label.rpartition(".")[0])
