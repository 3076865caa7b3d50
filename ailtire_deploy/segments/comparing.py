"""Where what was found inside the living networks differs from the matrix.

A probe stands for everybody on its network, so what it reaches they reach: an address of that network has to
answer, one of any other must not, and since each network is asked that is seen in both directions. Who stands
where the matrix does not let it is one surprise, with all that follows from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Attachment
from ailtire_deploy.segments.asking import places
from ailtire_deploy.segments.dialogue import OPEN, Answer
from ailtire_deploy.segments.matrix import OUTSIDE, Matrix
from ailtire_deploy.segments.members import Member

MESH = "ingress"  # the engine's own network for ports that every node publishes


@dataclass(frozen=True, slots=True)
class Surprise:
    """Something that is not as the definition says: who or what, on which network, and how it was seen."""

    subject: str
    network: str
    text: str
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look came to.

    ``networks`` and ``pairs`` were looked at, a pair being one who may ask and one who may answer. ``absent``
    are members of which no task ran all the time; ``unheard`` says which networks gave no answer, and why.
    """

    networks: int
    pairs: int
    surprises: tuple[Surprise, ...] = ()
    absent: tuple[str, ...] = ()
    unheard: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """What was seen below ``path``: who stood where all the time, who ever did, and the answers by network.

    ``internal`` are the networks that are there, and whether they are closed to the outside.
    """

    matrix: Matrix
    path: StackPath
    stable: Collection[Attachment]
    ever: Collection[Attachment]
    answers: Mapping[str, Answer]
    internal: Mapping[str, bool]

    @cached_property
    def known(self) -> Mapping[str, Member]:
        return self.matrix.by_service()

    @cached_property
    def there(self) -> frozenset[str]:
        """The engine names of services of which a task ran all the time."""
        return frozenset(each.service for each in self.stable if each.task)

    @cached_property
    def astray(self) -> frozenset[tuple[str, str]]:
        """Who stands where it does not belong: its name and the network."""
        return frozenset((self.called(e), e.network) for e in self.stable if self._is_astray(e))

    def _is_astray(self, each: Attachment) -> bool:
        member = self.known.get(each.service)
        if member and self.path.covers(member.path):
            return each.network not in member.seats and each.network != MESH
        return each.network in self.internal and (member is None or each.network not in member.seats)

    def called(self, each: Attachment) -> str:
        """Members by their path, strangers as the engine calls them."""
        member = self.known.get(each.service)
        if member:
            return member.name
        return f"service {each.service}" if each.service else f"container {each.container or each.task}"

    def on(self, network: str) -> list[str]:
        """Who belongs on a network, and is there."""
        return [m.name for m in self.matrix.members if network in m.seats and m.service in self.there]


def compare(scene: Scene, unheard: Mapping[str, str]) -> Findings:
    """All that is not as the matrix says."""
    members = [each for each in scene.matrix.members if _is_looked_at(each, scene)]
    absent = tuple(each.name for each in members if each.service not in scene.there)
    found = [*_strangers(scene), *_nowhere(scene, members), *_leaks(scene), *_silent(scene)]
    found += [*_wrong_names(scene), *_unknown_names(scene), *_outside(scene)]
    surprises = tuple(sorted(set(found), key=lambda each: (each.network, each.subject, each.text)))
    return Findings(len(scene.answers), pairs(scene, members), surprises, absent, unheard)


def pairs(scene: Scene, members: Iterable[Member]) -> int:
    """How many pairs were looked at: whoever may ask, with each who is there, and with the outside."""
    asking = [each for each in members if each.seats.keys() & scene.answers.keys()]
    answering = {each.name for each in members if each.service in scene.there}
    inside = {each.name for each in members if scene.path.covers(each.path)}
    return sum(
        1 + sum(1 for other in answering if other != each.name and (each.name in inside or other in inside))
        for each in asking
    )


def _is_looked_at(member: Member, scene: Scene) -> bool:
    """Those below the path, and who stands on a network of theirs from above."""
    return scene.path.covers(member.path) or bool(member.seats.keys() & scene.internal.keys())


def _strangers(scene: Scene) -> Iterator[Surprise]:
    for name, network in sorted(scene.astray):
        text = f"{name} stands on {network}, where it does not belong"
        met = [each for each in scene.on(network) if each != name]
        seen = [f"it meets {', '.join(met)} there"] if met else []
        mine = [e for e in scene.stable if e.network == network and scene.called(e) == name and e.task]
        seen += [said for each in mine for said in _answered(scene, each)]
        yield Surprise(name, network, text, tuple(dict.fromkeys(seen)))


def _answered(scene: Scene, each: Attachment) -> Iterator[str]:
    answer = scene.answers.get(each.network, Answer())
    for address, port in places(each, scene.known):
        word = answer.places.get((address, port))
        if word:
            yield f"asked from there, {address} port {port} is {word}"


def _nowhere(scene: Scene, members: Iterable[Member]) -> Iterator[Surprise]:
    """Networks that are missing, and who does not stand where it should."""
    standing = {(each.service, each.network) for each in scene.stable if each.task}
    for member in members:
        for network in member.seats:
            owner = scene.matrix.owners.get(network, member.path)
            if not scene.path.covers(owner):
                continue
            if network not in scene.internal:
                yield Surprise(network, network, f"the network {network} is not there")
            elif member.service in scene.there and (member.service, network) not in standing:
                yield Surprise(member.name, network, f"{member.name} does not stand on {network}")


def _leaks(scene: Scene) -> Iterator[Surprise]:
    """Addresses of other networks that answer."""
    for network, answer in scene.answers.items():
        for each in scene.stable:
            if each.network == network or not each.task:
                continue
            for address, port in places(each, scene.known):
                if answer.places.get((address, port)):
                    name = scene.called(each)
                    text = f"{name} on {each.network} is reached from {network}, at {address} port {port}"
                    yield Surprise(name, network, text)


def _silent(scene: Scene) -> Iterator[Surprise]:
    """Who belongs on a network and does not answer there, or not at a port of its own."""
    for each in scene.stable:
        member = scene.known.get(each.service)
        if not (member and each.task and each.network in scene.answers and each.network in member.seats):
            continue
        said = scene.answers[each.network].places
        asked = [(place, said.get(place, "")) for place in places(each, scene.known)]
        shut = [str(place[1]) for place, word in asked if word != OPEN]
        if not any(word for _, word in asked):
            text = f"{member.name} does not answer on {each.network}, at {each.address}"
            yield Surprise(member.name, each.network, text)
        elif member.ports and shut:
            text = (
                f"{member.name} does not listen on {each.network}, at {each.address} port {', '.join(shut)}"
            )
            yield Surprise(member.name, each.network, text)


def _wrong_names(scene: Scene) -> Iterator[Surprise]:
    """Names that lead to somebody whose they are not, but for who is astray there."""
    owners = {each.address: each for each in scene.ever}
    for network, answer in scene.answers.items():
        for name, addresses in answer.names.items():
            allowed = {each.service for each in scene.matrix.bearers(network, name)}
            for each in (owners[address] for address in addresses if address in owners):
                who = scene.called(each)
                if each.service not in allowed and (who, each.network) not in scene.astray:
                    yield Surprise(who, network, f"{name} means {who} on {network}, at {each.address}")


def _unknown_names(scene: Scene) -> Iterator[Surprise]:
    """Names that somebody should bear, and that lead to nobody of theirs."""
    for network, answer in scene.answers.items():
        for member in scene.matrix.members:
            own = [each for each in scene.ever if each.service == member.service and each.network == network]
            if not any(each in scene.stable and each.task for each in own):
                continue
            for name in member.names_on(network):
                if not {each.address for each in own} & set(answer.names.get(name, ())):
                    yield Surprise(member.name, network, f"{name} does not mean {member.name} on {network}")


def _outside(scene: Scene) -> Iterator[Surprise]:
    for network, answer in scene.answers.items():
        wished = scene.matrix.networks.get(network, not scene.internal.get(network, True))
        if answer.outside and not wished:
            yield Surprise(OUTSIDE, network, f"{network} leads outside, and should not")
        if wished and not answer.outside:
            yield Surprise(OUTSIDE, network, f"{network} does not lead outside, and should")
