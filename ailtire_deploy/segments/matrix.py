"""Who may reach whom, from the definition: directly, on a network that both stand on, or through gateways."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ailtire_deploy import names, topology
from ailtire_deploy.model import Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.segments import members
from ailtire_deploy.segments.members import Member
from ailtire_deploy.segments.ways import Gateways, Way

OUTSIDE = "outside"  # whoever stands on no network of the tree


@dataclass(frozen=True, slots=True)
class Matrix:
    """A tree of stacks.

    ``networks`` says of each by its engine name whether it leads outside, ``owners`` which stack it is of.
    ``ways`` are what gateways answer, by the name of who asks; those of ``OUTSIDE`` begin at a published
    port.
    """

    members: tuple[Member, ...]
    networks: Mapping[str, bool]
    owners: Mapping[str, StackPath]
    ways: Mapping[str, tuple[Way, ...]]

    def shared(self, one: Member, other: Member) -> tuple[str, ...]:
        """The networks on which two stand."""
        return tuple(sorted(one.seats.keys() & other.seats.keys()))

    def leads_outside(self, member: Member) -> bool:
        return any(self.networks.get(each, False) for each in member.seats)

    def bearers(self, network: str, name: str) -> tuple[Member, ...]:
        """Who answers to a name on a network."""
        return tuple(each for each in self.members if name in each.names_on(network))

    def by_service(self) -> Mapping[str, Member]:
        """Members by their engine names."""
        return {each.service: each for each in self.members}

    def rows(self, path: StackPath) -> tuple[Member, ...]:
        """The members of a stack and all below it."""
        return tuple(each for each in self.members if path.covers(each.path))

    def through(self, source: str) -> frozenset[str]:
        """The names of whom a source reaches through gateways."""
        return frozenset(end.name for way in self.ways.get(source, ()) for end in way.ends)


def of_tree(stacks: Iterable[Stack]) -> Matrix:
    """The matrix of all stacks of one tree, or of several trees."""
    found = sorted(stacks, key=lambda each: each.path)
    standing = members.of_tree(found)
    return Matrix(standing, dict(_networks(found)), dict(_owners(found)), dict(_ways(found, standing)))


def _networks(stacks: Iterable[Stack]) -> Iterator[tuple[str, bool]]:
    for stack in stacks:
        for each in topology.decide(stack).networks:
            yield each.name, not each.internal


def _owners(stacks: Iterable[Stack]) -> Iterator[tuple[str, StackPath]]:
    """A family network is of the child, as its labels say."""
    for stack in stacks:
        for each in topology.decide(stack).networks:
            yield each.name, stack.path
    for stack in stacks:
        yield from (
            (names.family_network(stack.path / each.key), stack.path / each.key) for each in stack.children
        )


def _ways(stacks: Collection[Stack], standing: Iterable[Member]) -> Iterator[tuple[str, tuple[Way, ...]]]:
    faces = [(stack, face) for stack in stacks for face in topology.decide(stack).faces]
    gateways = Gateways(faces, {each.service: each for each in standing})
    for member in gateways.known.values():
        if member.kind != "gateway":
            yield member.name, tuple(gateways.ways(member))
    published = tuple(way for stack in stacks for way in _published(stack, gateways))
    if published:
        yield OUTSIDE, published


def _published(stack: Stack, gateways: Gateways) -> Iterator[Way]:
    """What an edge leads on, at each port of the nodes."""
    edge = gateways.known.get(names.in_stack(stack.path, names.EDGE))
    found = tuple(gateways.ways(edge)) if edge else ()
    for port in (each for each in stack.gateway.publish if each.serves != "redirect"):
        for way in found:
            if way.port == port.tcp:
                asked = f":{port.port}" if port.tcp is not None else f":{port.port} {way.asked}"
                yield Way(f"{stack.path}/{names.EDGE}", asked, way.ends, port.tcp)
