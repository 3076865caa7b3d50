"""What gateways answer to whom: the rules of faces, followed from gateway to gateway to the last service."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ailtire_deploy import names
from ailtire_deploy.model import Stack
from ailtire_deploy.names import EDGE, GATEWAY, StackPath
from ailtire_deploy.segments.members import Member
from ailtire_deploy.topology import Face, Listener, Rule

OURS = ("/_admin", "/_down")  # what is led to controllers
SIGNED = "/_down"  # for controllers above, which sign their calls


@dataclass(frozen=True, slots=True, order=True)
class End:
    """A member that answers in the end, by its name, and its port."""

    name: str
    port: int

    def __str__(self) -> str:
        return f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Way:
    """What a gateway answers: ``asked`` is ``http://orders/``, or ``tcp:5432`` where ``port`` is a number."""

    gateway: str
    asked: str
    ends: tuple[End, ...]
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Gateways:
    """The faces of a tree, each with the stack of its gateway, and the members by their engine names."""

    faces: Collection[tuple[Stack, Face]]
    known: Mapping[str, Member]

    def ways(self, source: Member) -> Iterator[Way]:
        """What the gateways on a member's networks answer to it."""
        for stack, face in self.faces:
            if face.network in source.seats:
                yield from self._answered(source, stack, face)

    def _answered(self, source: Member, stack: Stack, face: Face) -> Iterator[Way]:
        gate = f"{stack.path}/{GATEWAY}"
        for rule in face.rules:
            if rule.target and not rule.segment and _is_open(source, stack, rule):
                ends = self._ends(rule, rule.path, stack.path)
                yield Way(gate, _asked(rule), tuple(dict.fromkeys(ends)))
        for each in face.listeners:
            ends = self._ends_of_bytes(each, stack.path)
            yield Way(gate, f"tcp:{each.port}", tuple(dict.fromkeys(ends)), each.port)

    def _ends(self, rule: Rule, path: str, at: StackPath) -> Iterator[End]:
        """Who answers in the end what the gateway of the stack ``at`` asks for, at and below a path."""
        member = self.known.get(rule.target.service) if rule.target else None
        if member is None or rule.target is None:
            return
        if member.kind != "gateway":
            yield End(member.name, rule.target.port)
        for face in self._met(member, at):
            for each in face.rules:
                if each.target and not each.segment and _fits(each, face, rule.called or rule.host, path):
                    yield from self._ends(each, _below(each, path), member.path)

    def _ends_of_bytes(self, listener: Listener, at: StackPath) -> Iterator[End]:
        member = self.known.get(listener.target.service)
        if member is None:
            return
        if member.kind != "gateway":
            yield End(member.name, listener.target.port)
        for face in self._met(member, at):
            for each in face.listeners:
                if each.port == listener.target.port:
                    yield from self._ends_of_bytes(each, member.path)

    def _met(self, gate: Member, at: StackPath) -> Iterator[Face]:
        """The face with which a gateway hears that of the stack above or below it."""
        network = names.family_network(max(gate.path, at, key=lambda each: len(each.parts)))
        if gate.kind == "gateway":
            yield from (f for stack, f in self.faces if stack.path == gate.path and f.network == network)


def _is_open(source: Member, stack: Stack, rule: Rule) -> bool:
    """What is signed is for controllers alone; an edge leads to those only where it may."""
    if rule.prefix.startswith(SIGNED):
        return False
    if source.key != EDGE:
        return True
    led = any(each.tcp is None and each.serves != "redirect" for each in stack.gateway.publish)
    return led and (stack.gateway.admin or not rule.prefix.startswith(OURS))


def _asked(rule: Rule) -> str:
    url = f"http://{rule.host}{rule.prefix}" if rule.host else rule.prefix
    return f"{rule.method} {url}" if rule.method else url


def _fits(rule: Rule, face: Face, host: str, path: str) -> bool:
    if rule.prefix.startswith(OURS):
        return False
    named = not (rule.host and host) or rule.host == host
    return named and (_within(rule.prefix, path) or _within(path, rule.prefix))


def _within(inner: str, outer: str) -> bool:
    return outer == "/" or inner == outer or inner.startswith(f"{outer}/")


def _below(rule: Rule, path: str) -> str:
    """What is asked for behind a rule: all that it leads on, or the part of it that was asked for."""
    rest = path[len(rule.prefix.rstrip("/")) :].strip("/") if _within(path, rule.prefix) else ""
    return f"{rule.path.rstrip('/')}/{rest}" if rest else rule.path
