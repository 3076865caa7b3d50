"""What went through a stack's proxies: the sum over their agents, and how much it was lately.

The sums only grow. Each agent adds to them what it counted since it was heard first, so they begin at nothing
with each controller, and keep what an agent counted that is gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from dataclasses import dataclass, field, replace

from ailtire_deploy import traffic
from ailtire_deploy.traffic import Counters, Pace, Traffic

MINUTE = 60.0  # seconds that a pace is about
APART = 5.0  # seconds between two sums that are kept for it


@dataclass
class Tally:
    """Of one proxy: what each agent said last, what all added, and that at some times (monotonic seconds).

    ``heard``: when an agent said something last.
    """

    told: dict[str, Traffic] = field(default_factory=dict)
    added: Traffic = field(default_factory=dict)
    sums: deque[tuple[float, Traffic]] = field(default_factory=deque)
    heard: float = 0.0

    def listen(self, agent: str, counted: Traffic, now: float) -> None:
        before = self.told.get(agent, counted)
        grown = {label: each.since(before.get(label, Counters())).past for label, each in counted.items()}
        self.told[agent], self.heard = counted, now
        known = {label for each in self.told.values() for label in each}
        added = traffic.total([self.added, grown])
        self.added = {label: each for label, each in added.items() if label in known}
        if not self.sums or now - self.sums[-1][0] >= APART:
            self.sums.append((now, self.added))
        while now - self.sums[0][0] > MINUTE + APART:
            self.sums.popleft()

    def total(self) -> Traffic:
        """What was counted, with the sessions and servers of now."""
        now = traffic.total(self.told.values())
        return {
            label: replace(each, sessions=now[label].sessions, servers=now[label].servers)
            for label, each in self.added.items()
            if label in now
        }

    def paces(self, now: float) -> dict[str, Pace]:
        if not self.sums or self.heard - self.sums[0][0] < APART or now - self.heard > MINUTE:
            return {}
        then, before = self.sums[0]
        between, age = self.heard - then, now - self.heard
        return {
            label: traffic.pace(each, before.get(label, Counters()), between, age)
            for label, each in self.added.items()
        }


@dataclass
class Tallies:
    """By the key of a proxy's service. Not for many threads at once: its owner locks."""

    _of: dict[str, Tally] = field(default_factory=dict)

    def listen(self, service: str, agent: str, counted: Traffic, now: float) -> None:
        """Note what an agent has counted since it began. Labels that no agent names are forgotten."""
        self._of.setdefault(service, Tally()).listen(agent, counted, now)

    def keep(self, agents: Container[tuple[str, str]]) -> None:
        """These are there; what the others counted stays in the sums."""
        for service, tally in self._of.items():
            tally.told = {agent: each for agent, each in tally.told.items() if (service, agent) in agents}

    def totals(self, service: str) -> Traffic:
        """By label of the backend, what all agents of a proxy counted while they were heard here."""
        return self._of[service].total() if service in self._of else traffic.NOTHING

    def paces(self, service: str, now: float) -> dict[str, Pace]:
        """By label of the backend, how it did in about the last minute; none before two words lie apart."""
        return self._of[service].paces(now) if service in self._of else {}
