"""Changing a tree over REST: the same words as with an engine, from whoever has an address and a token."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from ailtire_deploy.cli.console import Console
from ailtire_deploy.cli.progress import Journal
from ailtire_deploy.cli.runs import Run, ask_for_removals, confirm, insist_on_an_answer
from ailtire_deploy.errors import Busy, Failed, InvalidInput, NotFound, Partly, Problem
from ailtire_deploy.names import StackPath
from ailtire_deploy.recap import Recap
from ailtire_deploy.remote import Remote
from ailtire_deploy.status import Status
from ailtire_deploy.views import plain, plans, received, trees

if TYPE_CHECKING:
    from ailtire_deploy.loading import Entry, Playbook
    from ailtire_deploy.plan import Plan

POLL = 1.0  # seconds between two looks
OUTAGE = 60.0  # seconds for which a controller may be silent: its own image may be changing
SILENCE = 5.0  # seconds without an answer after which a stack that was told to go is gone
LEAVING = 600.0  # seconds for a shutdown


@dataclass(slots=True)
class Afar:
    """One command about stacks that are reached by REST."""

    remote: Remote
    run: Run
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    _journal: Journal | None = field(default=None)

    @property
    def console(self) -> Console:
        return self.run.console

    def plan(self, playbook: Playbook) -> int:
        """Show what an apply of the only root would bring about."""
        entry = self._only(playbook)
        return self._checked(self._ask(entry.path, "update", update(self, entry), True, replace=True))

    def apply(
        self, playbook: Playbook, *, yes: bool, wait: bool, prune: bool, interrupt: bool = False
    ) -> int:
        """Replace the definition of the only root of a playbook by that one."""
        entry = self._only(playbook)
        if entry.state == "absent":
            return self.shutdown(entry.path, yes=yes)
        body, more = update(self, entry), {"replace": True, **allowing(prune, interrupt)}
        return self._carried_out(entry.path, "update", body, yes, wait, more)

    def rollback(
        self, stack: StackPath, number: int | None, *, check: bool, yes: bool, prune: bool, interrupt: bool
    ) -> int:
        """Bring an older revision back."""
        self._header("ROLLBACK", stack, f" to {number}" if number else "")
        body = {"revision": number} if number else {}
        if check:
            return self._checked(self._ask(stack, "rollback", body, True))
        return self._carried_out(stack, "rollback", body, yes, True, allowing(prune, interrupt))

    def maintenance(self, path: StackPath, wish: Mapping[str, Any], *, check: bool) -> int:
        """Close a stack or a service to callers, or open it again."""
        self._header(f"MAINTENANCE {'on' if wish['on'] else 'off'}", path)
        stack, service = place(self.remote, path)
        body = {**wish, **({"service": service} if service else {})}
        if check:
            return self._checked(self._ask(stack, "maintenance", body, True))
        return self._carried_out(stack, "maintenance", body, True, True, {})

    def shutdown(self, stack: StackPath, *, yes: bool) -> int:
        """Take a root down, until it does not answer any more."""
        insist_on_an_answer(yes=yes)
        self._header("SHUTDOWN", stack)
        if not yes:
            confirm(f"Shut down {stack}? Everything but volumes will be removed.")
        found, _ = self._ask(stack, "shutdown", {}, False)
        self._until_gone(stack)
        counts = {
            path: {"changed": row["changed"] + row["waiting"]} for path, row in plans.counts(found).items()
        }
        self.run.sum.add_recap(Recap(counts, "gone"))
        self.run.recap()
        return self.run.sum.exit_code

    def _only(self, playbook: Playbook) -> Entry:
        found = [entry for play in playbook.plays for entry in play.entries]
        if len(found) != 1:
            said = f"{len(found)} roots, and --url is the address of one"
            raise InvalidInput([Problem(playbook.file, 0, 0, "", said, "name one definition, or use --tags")])
        self._header("PLAY", found[0].path)
        return found[0]

    def _header(self, what: str, stack: StackPath, more: str = "") -> None:
        if self.remote.is_open:
            self.console.tell("note: this address is not https: others on the way can read the token")
        self.console.header(plain.line(f"{what} [{stack}]{more} on {self.remote}"))

    def _ask(
        self, stack: StackPath, call: str, body: Mapping[str, Any], check: bool, **more: Any
    ) -> tuple[list[Plan], dict[str, int]]:
        """The plan of a change. Raises NotFound when another stack answers at that address."""
        self.remote.insist(stack)
        said, _ = self.remote.post(stack, call, body, check=check or None, **more)
        if not isinstance(said, dict):
            raise received.unforeseen("plan")
        return received.plan(said.get("plan"))

    def _checked(self, found: tuple[list[Plan], dict[str, int]]) -> int:
        self._kept(found[1])
        return self.run.show_plan(found[0])

    def _kept(self, unchanged: Mapping[str, int]) -> None:
        self.run.sum.count({path: {"ok": number} for path, number in unchanged.items()})

    def _carried_out(
        self,
        stack: StackPath,
        call: str,
        body: Mapping[str, Any],
        yes: bool,
        wait: bool,
        more: dict[str, Any],
    ) -> int:
        found, _ = self._ask(stack, call, body, True, **{k: v for k, v in more.items() if k == "replace"})
        self.run.print(found)
        if not yes:
            ask_for_removals(found)
        _, where = self.remote.post(stack, call, body, uuid.uuid4().hex, **more)
        number = where.rpartition("/")[2]
        if not number.isdecimal():
            raise received.unforeseen("address of a revision")
        self.run.sum.add_recap(self._until_settled(stack, number, wait))
        self.run.recap()
        return self.run.sum.exit_code

    def _until_settled(self, stack: StackPath, number: str, wait: bool) -> Recap:
        """What became of a revision. Raises Busy when somebody else's took its place."""
        while True:
            told = patiently(lambda: self.remote.get(stack, f"history/{number}"), self.sleep, self.now)
            try:
                found = told["progress"]
                seen = Recap(found["stacks"], str(found["verdict"]), tuple(map(str, found["reasons"])))
                by = str(found["by"])
            except received.ODD:
                raise received.unforeseen("progress") from None
            self._watch(stack)
            if seen.verdict == "superseded":
                raise Busy(f"{stack}: {told.get('name')} was replaced by {by}")
            if seen.verdict != "pending" or not wait:
                return seen
            self.sleep(POLL)

    def _until_gone(self, stack: StackPath) -> None:
        """Nobody answers any more, for a while. Raises Failed when that takes too long."""
        heard, until = self.now(), self.now() + LEAVING
        while self.now() < until:
            with suppress(Partly):
                try:
                    self._watch(stack, strict=True)
                except NotFound:
                    return
                heard = self.now()
            if self.now() - heard > SILENCE:
                return
            self.sleep(POLL)
        raise Failed(f"{stack} is still there after {LEAVING:.0f} s; `status {stack} --explain` tells why")

    def _watch(self, stack: StackPath, *, strict: bool = False) -> None:
        """Say what has changed since the last look."""
        self._journal = self._journal or Journal(self.console.tell, stack)
        try:
            tree = self.remote.get(stack, "status", budget=1)
            nodes = {each["name"]: each for _, each in trees.walk(cast("Status", tree))}
        except (Partly, NotFound, *received.ODD):
            if strict:
                raise
            return
        if not self.console.quiet:
            self._journal.note(nodes)


def patiently(ask: Callable[[], Any], sleep: Callable[[float], None], now: Callable[[], float]) -> Any:
    """Ask again for a minute where nobody answers: a controller may be taking its successor's place."""
    until = now() + OUTAGE
    while True:
        try:
            return ask()
        except Partly:
            if now() >= until:
                raise
            sleep(POLL)


def allowing(prune: bool, interrupt: bool) -> dict[str, Any]:
    """What a change may bring about, as its query says it."""
    return {"allow_prune": prune or None, "allow_interruption": interrupt or None}


def place(remote: Remote, path: StackPath) -> tuple[StackPath, str]:
    """Whether a path is that of a stack, which then answers there, or of a service in one."""
    with suppress(NotFound):
        told = remote.get(path, "status", budget=0.2)
        if not path.parent or (isinstance(told, dict) and told.get("name") == str(path)):
            return path, ""
    return path.parent, path.key


def of(remote: Remote, console: Console, diff: bool = False) -> Afar:
    """One command over REST."""
    return Afar(remote, Run(console, None, diff))


def update(afar: Afar, entry: Entry) -> dict[str, Any]:
    """What an update says to mean an entry; with the values of its secrets, for whoever may set them."""
    from ailtire_deploy import identity, sealing
    from ailtire_deploy.cli.swarms import sources

    body = {key: entry.body[key] for key in ("context", "parameters", "environment", "definition")}
    if identity.role_of(afar.remote.token) != "admin":
        return body
    read = sources(entry, b"")
    return {**body, "secrets": sealing.values(entry.stacks, read)}
