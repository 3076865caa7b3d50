"""Planning and applying whole playbooks: play by play, root by root."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from ailtire_deploy import foresight, interruption, pruning
from ailtire_deploy.cli import progress
from ailtire_deploy.cli.console import Console
from ailtire_deploy.cli.options import Anew
from ailtire_deploy.cli.saved import SavedPlan
from ailtire_deploy.cli.sums import Sum
from ailtire_deploy.cli.swarms import Swarm, certificate_notes, entries_on
from ailtire_deploy.errors import Usage
from ailtire_deploy.plan import Plan
from ailtire_deploy.recap import Recap
from ailtire_deploy.views import plain, plans, recaps

if TYPE_CHECKING:
    from ailtire_deploy.loading import Entry, Play, Playbook


@dataclass(slots=True)
class Run:
    """One command over one playbook: what it says, and what it came to."""

    console: Console
    engine: str | None
    diff: bool = False
    sum: Sum = field(default_factory=Sum)
    plans: list[Plan] = field(default_factory=list)
    saved: SavedPlan | None = None
    anew: Anew = field(default_factory=Anew)
    prune: bool = False  # more than half of a stack
    interrupt: bool = False  # published ports
    _told: set[str] = field(default_factory=set)

    def plan(self, playbook: Playbook) -> int:
        """Show every write that would be made; make none."""
        for swarm, entry in self._entries(playbook):
            found = self._plans(swarm, entry)
            self._show(found)
            if self.saved:
                observed = swarm.launcher().seen(entry.path)
                self.saved.note(swarm.info.cluster, str(entry.path), observed, found)
        return self._finish_plan()

    def show_plan(self, found: list[Plan]) -> int:
        """The same of plans made elsewhere."""
        self._show(found)
        return self._finish_plan()

    def _finish_plan(self) -> int:
        self.console.text(recaps.as_text(self.sum.stacks, colour=self.console.paint))
        if self.console.format != "text":
            self.console.result(
                text=list,
                data=lambda: plans.as_json(self.plans),
                markdown=lambda: plans.as_markdown(self.plans),
            )
        return self.sum.exit_code

    def apply(self, playbook: Playbook, *, yes: bool, wait: bool, patience: float | None) -> int:
        """Make the swarms equal to the files; with a saved plan, only as that says. Raises StalePlan."""
        for swarm, entry in self._entries(playbook):
            found = self._plans(swarm, entry)
            self.print(found)
            observed = swarm.launcher().seen(entry.path)
            if self.saved:
                self.saved.insist(swarm.info.cluster, str(entry.path), observed, found)
            pruning.refuse_hopeless(found)
            if not self.prune and entry.state == "present":
                pruning.refuse_excess({each.owner: each for each in found}, observed)
            if not self.interrupt and entry.state == "present":
                interruption.refuse(found)
            if not yes:
                ask_for_removals(found)
            self.sum.add_recap(self._carry_out(swarm, entry, wait, patience))
        self.recap()
        return self.sum.exit_code

    def recap(self) -> None:
        """The last word of a run that changed something."""
        total, paint = self.sum, self.console.paint
        self.console.result(
            text=lambda: recaps.as_text(total.stacks, total.reasons, paint, total.verdict),
            data=lambda: recaps.as_json(total.stacks, total.verdict, total.reasons),
            markdown=lambda: recaps.as_markdown(total.stacks, total.verdict, total.reasons),
        )

    def _entries(self, playbook: Playbook) -> Iterator[tuple[Swarm, Entry]]:
        def announce(play: Play, swarm: Swarm) -> None:
            name = play.name or ", ".join(str(entry.path) for entry in play.entries)
            self.console.header(plain.line(f"PLAY [{name}] on {swarm}"))

        return entries_on(playbook, self.engine, announce)

    def _carry_out(self, swarm: Swarm, entry: Entry, wait: bool, patience: float | None) -> Recap:
        launcher = swarm.launcher()
        with progress.watching(self.console, entry.path) as watch:
            if entry.state == "absent":
                return launcher.shutdown(entry.path, watch)
            return launcher.apply(entry, watch, patience=patience, wait=wait)

    def _plans(self, swarm: Swarm, entry: Entry) -> list[Plan]:
        """The plans of an entry; beside them, what has to be said about its images and certificates."""
        swarm.resolve, swarm.overlap = self.anew.resolve, self.anew.overlap
        found = plans_of(swarm, entry)
        problems = swarm.logins.problems if swarm.logins else []
        asked = swarm.launcher().resolver
        beside = [note for plan in found for note in plan.notes]
        beside += certificate_notes(entry)
        for note in [*problems, *beside, *asked.notes(verbose=self.console.verbosity > 0)]:
            if note not in self._told:
                self.console.tell(plain.line(f"note: {note}"))
            self._told.add(note)
        return found

    def _show(self, found: list[Plan]) -> None:
        self.plans += found
        self.sum.add_plans(found)
        self.print(found)

    def print(self, found: list[Plan]) -> None:
        """Show plans as text."""
        verbose = self.console.verbosity > 0
        self.console.text(plans.as_text(found, diff=self.diff, verbose=verbose, colour=self.console.paint))


def plans_of(swarm: Swarm, entry: Entry) -> list[Plan]:
    """Every write that an entry of a playbook brings about."""
    if entry.state == "absent":
        return foresight.removal(swarm.engine.observe(entry.path), entry.path)
    return list(swarm.launcher().plan(entry).values())


def ask_for_removals(found: list[Plan]) -> None:
    """On a terminal, what would be taken away has to be confirmed. Raises click.Abort."""
    removed = [each for plan in found for each in plan.operations if each.verb == "remove"]
    services = [each.key.name for each in removed if each.key.kind == "service"]
    if services and is_interactive():
        confirm(f"Remove {', '.join(services)}? Volumes stay.")


def insist_on_an_answer(*, yes: bool) -> None:
    """What takes everything away needs a yes. Raises Usage where nobody can be asked for it."""
    if not yes and not is_interactive():
        raise Usage("this takes things away: say --yes where nobody can be asked")


def confirm(question: str) -> None:
    """Ask on stderr. Raises click.Abort for anything but a yes."""
    click.confirm(question, abort=True, err=True)


def is_interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()
