"""The command line as the controller of ``-``, the imaginary outermost stack whose only child is the root.

It makes what a launcher makes (family network, key, revision, controller; for a root also seed, salt and the
secrets of the whole tree), then watches. There is no other bootstrap code.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ailtire_deploy import (
    foresight,
    gates,
    handing,
    identity,
    images,
    names,
    pipeline,
    recovery,
    registries,
    remains,
    revisions,
    sealing,
    shutdown,
    verdict,
)
from ailtire_deploy.apply import apply
from ailtire_deploy.custody import Custody
from ailtire_deploy.departures import stand_in
from ailtire_deploy.errors import Busy, Conflict, Failed
from ailtire_deploy.keyring import Keyring
from ailtire_deploy.model import Child, Site, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import Operation, Plan, across, plan
from ailtire_deploy.ports import Engine
from ailtire_deploy.recap import Recap, recap
from ailtire_deploy.registries import Login
from ailtire_deploy.report import Entry as Line
from ailtire_deploy.report import Report
from ailtire_deploy.resolution import Resolver, nobody
from ailtire_deploy.state import Key, Resource, State
from ailtire_deploy.vigil import OUTERMOST, POLL, Vigil, Watch, look
from ailtire_deploy.writer import Writer

if TYPE_CHECKING:
    from ailtire_deploy.loading import Entry

FRESH = 2.0  # seconds for which the look of a plan serves its apply: writes carry versions
ATTEMPTS = 5  # races for a revision's number that may be lost
CLEARING = 10.0  # seconds a node may take to remove the containers of tasks that are gone
SHUTDOWN_PATIENCE = 180.0  # seconds without anything going away


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line wants of the swarm, and the name of the revision that carries it."""

    desired: State
    revision: Resource
    writer: Writer


@dataclass(slots=True)
class Launcher:
    """Plans, applies and shuts down root stacks on one swarm."""

    engine: Engine
    site: Site
    keyring: Keyring
    read: Callable[[Entry, bytes], sealing.Read]
    author: str = ""
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    credentials: Callable[[str], Login | None] = nobody
    again: bool = False  # ask for every tag anew
    overlap: float | None = None  # rotate keys, and for how many seconds the one before stays good
    resolver: Resolver = field(init=False)
    custody: Custody = field(init=False)
    _seen: dict[StackPath, tuple[float, State]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.engine, self.credentials, self.again)
        self.custody = Custody(self.keyring, self.site.cluster, self.now, self.overlap)

    def seen(self, path: StackPath) -> State:
        """The tree as the last plan of it saw it, else as it is."""
        return self._seen[path][1] if path in self._seen else self.engine.observe(path)

    def plan(self, entry: Entry) -> dict[StackPath, Plan]:
        """Every write that ``apply`` would bring about, by the stack whose controller makes it."""
        observed = self.engine.observe(entry.path)
        self._seen[entry.path] = self.now(), observed
        refuse_while_leaving(observed, entry.path)
        wish = self.wish(entry, observed, keep=False)
        first = plan(wish.desired, observed, OUTERMOST, self.now())
        root = foresight.as_revision(entry.path, wish.revision)
        ahead = foresight.with_given(observed, wish.desired)
        found = across({OUTERMOST: first, **dict(foresight.plans(root, ahead, wish.writer, self.now()))})
        salted = observed.get("config", names.salt_config(entry.path)) is not None
        return found if salted else foresight.unsalted(found)

    def apply(self, entry: Entry, watch: Watch, *, patience: float | None = None, wait: bool = True) -> Recap:
        """Write what is missing, then watch until the whole tree has converged or failed.

        Raises Busy when the stack is shutting down, or when somebody else's revision replaces this one.
        """
        before = self._glance(entry.path)
        wish, made = self._commit(entry, before)
        settled = revisions.newest(before, entry.path)
        ours = not (settled and settled.name == wish.revision.name and settled.outcome == "converged")
        vigil = self._vigil(entry.path, wish.revision.name, wish.desired, made)
        vigil.generation = wish.writer.former.generation
        observed, judged = vigil.until_settled(watch, patience, wait=wait)
        return recap(entry.path, observed, Report.of(made), wish.revision.name if ours else "", judged)

    def plan_rollback(self, path: StackPath, number: int | None) -> tuple[Resource, dict[StackPath, Plan]]:
        """The revision that brings an older one back, and all that it would bring about.

        Raises NotFound when there is nothing to go back to, Busy while the stack is shutting down.
        """
        observed = self.engine.observe(path.root)
        old = recovery.target(observed, path, number)
        draft = recovery.restoring(observed, old, self.author)
        return draft, self.plan_draft(path, draft, observed, f"back to {old.name}")

    def plan_draft(
        self, path: StackPath, draft: Resource, observed: State, cause: str
    ) -> dict[StackPath, Plan]:
        """What a revision of ours would bring about at its stack and below."""
        keys = self.custody.keys(path.root, observed, keep=False)[0]
        key, former = keys.key, keys.former
        for part in path.parts[1:]:
            key, former = identity.derive(key, part), former.derived(part)
        ahead = foresight.with_given(observed, State.of([draft]))
        site = replace(self.site, build=build_of(observed, path))
        known = registries.mounted(observed, observed, path)
        writer = Writer(site, key, author=self.author, registries=known, former=former)
        first = Plan(OUTERMOST, (Operation("create", draft, cause=cause),))
        return {OUTERMOST: first} | dict(
            foresight.plans(foresight.as_revision(path, draft), ahead, writer, self.now())
        )

    def carry_out(self, path: StackPath, draft: Resource, watch: Watch) -> Recap:
        """Write that revision, and watch until all below it has converged or failed. Raises Busy."""
        try:
            self.engine.create(draft)
        except Conflict as error:
            raise Busy(f"{path}: somebody else wrote a revision meanwhile; look again") from error
        observed = self.engine.observe(path.root)
        desired = State.of([*observed.owned_by(OUTERMOST), draft])
        made = [Report((Line(str(path), "create", draft.kind, draft.name, "changed"),))]
        seen, judged = self._vigil(path, draft.name, desired, made).until_settled(watch, None)
        return recap(path, seen, Report.of(made), draft.name, judged)

    def _vigil(self, path: StackPath, revision: str, desired: State, made: list[Report]) -> Vigil:
        return Vigil(self.engine, path, revision, desired, self.now, self.sleep, made)

    def _glance(self, path: StackPath) -> State:
        """The swarm as ``plan`` saw it a moment ago, else as it is."""
        taken, seen = self._seen.pop(path, (0.0, State()))
        return seen if 0 <= self.now() - taken < FRESH else self.engine.observe(path)

    def _commit(self, entry: Entry, before: State) -> tuple[Wish, list[Report]]:
        """Write until nothing is refused for somebody else's having been quicker."""
        made: list[Report] = []
        for attempt in range(ATTEMPTS):
            observed = self.engine.observe(entry.path) if attempt else before
            refuse_while_leaving(observed, entry.path)
            wish = self.wish(entry, observed, keep=True)
            if observed.get("config", names.salt_config(entry.path)) is None:
                made.append(apply(plan(salt_of(wish), observed, OUTERMOST, self.now()), self.engine))
                refuse_if_taken(made[-1], names.salt_config(entry.path))
                continue  # names of secrets come from the salt: it has to be known that ours is the one
            made.append(apply(plan(wish.desired, observed, OUTERMOST, self.now()), self.engine))
            refuse_if_taken(made[-1], wish.revision.name)
            if not any(each.name == wish.revision.name for each in made[-1].waiting):
                return wish, [Report(each.changed) for each in made]
        raise Busy(f"{entry.path}: others write revisions faster than this one could be; try again")

    def wish(self, entry: Entry, observed: State, *, keep: bool) -> Wish:
        """What shall be there, of what the command line writes. ``keep`` puts new keys into the key file."""
        gates.refuse(entry.stacks.values(), self._versions)
        keys, salt = self.custody.keys(entry.path, observed, keep=keep)
        build = self.site.build or build_of(observed, entry.path)
        site = replace(self.site, build=build)
        writer = Writer(site, keys.key, author=self.author, former=keys.former)
        sealed = sealing.seal(
            entry.body["definition"], entry.stacks, entry.path, salt, self.read(entry, keys.seed)
        )
        outfit = self.resolver.outfit(entry.stacks, entry.path, observed, salt, self.site)
        writer = replace(writer, registries=outfit.registries)
        child = Child(entry.path.key, sealed.definition, entry.body["parameters"])
        below = images.in_body(outfit.digests, OUTERMOST).get("below", {})
        outermost = Stack(OUTERMOST, context=entry.body["context"], children=(child,), below=below)
        wish = pipeline.child_revision(outermost, child, observed, writer)
        wanted = handing.secrets(entry.stacks[entry.path], sealed)
        child, certificates = handing.equipped(child, wanted, observed, wish)
        outermost = replace(outermost, children=(child,))
        made = [seed_secret(entry.path, keys.seed), salt_config(entry.path, salt)]
        made += [found] if (found := observed.get("config", names.revoked_config(entry.path))) else []
        extra = [*sealed.secrets, *outfit.secrets, *certificates, *made]
        desired = State.of([*pipeline.present(outermost, observed, writer), *extra])
        return Wish(desired, next(newest_first(desired, entry.path)), writer)

    def _versions(self) -> tuple[str, str]:
        info = self.engine.info()
        return info.api, info.version

    def shutdown(self, root: StackPath, watch: Watch) -> Recap:
        """Leaf to root, until nothing but volumes is left. Raises Failed when nothing goes away any more."""
        made: list[Report] = []
        marker, since = -1, self.now()
        services: set[str] = set()
        while True:
            observed = look(self.engine, root, self.now, self.sleep)
            watch(observed)
            services |= {each.name for each in (*observed, *observed.probes) if each.kind == "service"}
            left = sum(1 for _ in observed) + sum(task.live for task in observed.tasks)
            if left == 0:
                self._let_node_clear(services)
                return recap(root, observed, Report.of(made), "", None)
            if left != marker:
                marker, since = left, self.now()
            if self.now() - since > SHUTDOWN_PATIENCE:
                reasons = "; ".join(remains.sentences(observed, root))
                raise Failed(f"{root}: nothing has gone for {SHUTDOWN_PATIENCE:.0f} s: {reasons}")
            made.append(self.sweep_once(root, observed))
            self.sleep(POLL)

    def _let_node_clear(self, services: Collection[str]) -> None:
        """The swarm has forgotten the tasks; the node removes their containers a moment later."""
        deadline = self.now() + CLEARING
        while self.engine.containers(services) and self.now() < deadline:
            self.sleep(POLL / 4)

    def sweep_once(self, root: StackPath, observed: State) -> Report:
        """One round of taking down what the launcher made, and the work of controllers that are not there."""
        gone = verdict.lost_below(observed, OUTERMOST, self.now())
        writer = Writer(self.site, b"", author=self.author, lost=gone)
        desired = State.of(shutdown.departure(root, observed, writer))
        report = apply(plan(desired, observed, OUTERMOST, self.now()), self.engine)
        return Report.of([Report(report.changed), stand_in(self.engine, observed, root, writer, self.now())])


def build_of(observed: State, path: StackPath) -> str:
    """The build of our image that a stack's controller was started for; empty where that is unknown."""
    controller = observed.get("service", names.admin_service(path))
    container = controller.spec.get("TaskTemplate", {}).get("ContainerSpec", {}) if controller else {}
    said = dict(each.partition("=")[::2] for each in container.get("Env") or ())
    return str(said.get("AILTIRE_BUILD", ""))


def refuse_while_leaving(observed: State, root: StackPath) -> None:
    last = revisions.newest(observed, root)
    if last is not None and last.absent:
        raise Busy(f"{root} is shutting down; apply it again when that is done")


def refuse_if_taken(report: Report, name: str) -> None:
    """Raises Conflict when what carries everything else could not be made."""
    for each in report.failed:
        if each.name == name:
            raise Conflict(each.text)


def newest_first(state: State, path: StackPath) -> Iterator[Resource]:
    """The revisions of a stack in a state, newest first."""
    return (each.found for each in revisions.history(state, path))


def salt_of(wish: Wish) -> State:
    return State.of(each for each in wish.desired if each.kind == "config" and each.name.endswith(".salt"))


def seed_secret(root: StackPath, seed: bytes) -> Resource:
    return Resource(
        Key("secret", names.seed_secret(root)), labels=revisions.labels_of(OUTERMOST, root), data=seed
    )


def salt_config(root: StackPath, salt: bytes) -> Resource:
    return Resource(
        Key("config", names.salt_config(root)), labels=revisions.labels_of(OUTERMOST, root), data=salt
    )
