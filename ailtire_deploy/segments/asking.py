"""What is asked inside a network, and the service that does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ailtire_deploy import names, revisions
from ailtire_deploy.ports import Attachment
from ailtire_deploy.segments.dialogue import SPARE, Place, Question, packed
from ailtire_deploy.segments.matrix import Matrix
from ailtire_deploy.segments.members import Member
from ailtire_deploy.state import Key, Resource


def question(matrix: Matrix, standing: Iterable[Attachment], network: str) -> Question:
    """What to ask inside a network.

    Where it leads outside, only who stands on it is asked for: the address of another network may be
    somebody's in the world out there.
    """
    known, all_of = matrix.by_service(), list(standing)
    asked = [each for each in all_of if each.task and _concerns(each, known, network, matrix)]
    near = {place for each in asked if each.network == network for place in places(each, known)}
    far = () if matrix.networks.get(network, False) else (p for each in asked for p in places(each, known))
    there = {each.service for each in asked if each.network == network}
    borne = [m for m in matrix.members if m.service in there]
    hoped = (name for each in borne for name in each.names_on(network))
    every = (name for m in matrix.members for seat in m.seats for name in m.names_on(seat))
    return Question(
        tuple(sorted(set(every))), tuple(sorted({*near, *far})), (*sorted({*hoped}), *sorted(near))
    )


def _concerns(each: Attachment, known: Mapping[str, Member], network: str, matrix: Matrix) -> bool:
    return each.service in known or each.network == network or each.network in matrix.networks


def places(each: Attachment, known: Mapping[str, Member]) -> list[Place]:
    """Where it is asked whether somebody is there."""
    member = known.get(each.service)
    return [(each.address, port) for port in (member.ports if member else ()) or (SPARE,)]


def probe(network: Resource, asked: Question, image: str, lasts: int, look: str) -> Resource:
    """The service that asks inside a network, on no other, with no right to anything, once.

    It is owned by whoever owns the network: nobody removes that while something stands on it.
    """
    container: dict[str, Any] = {
        "Image": image,
        "Args": ["probe", packed(asked)],
        "Env": ["RES_OPTIONS=timeout:1 attempts:2"],
        "ReadOnly": True,
        "CapabilityDrop": ["ALL"],
    }
    task = {
        "ContainerSpec": container,
        "RestartPolicy": {"Condition": "none"},
        "Networks": [{"Target": network.name}],
        "LogDriver": {"Name": "json-file"},
    }
    spec = {"TaskTemplate": task, "Mode": {"Replicated": {"Replicas": 1}}, "EndpointSpec": {"Mode": "dnsrr"}}
    labels = {**revisions.labels_of(network.owner, network.path), names.LABEL_PROBE: str(lasts)}
    labels[names.LABEL_LOOK] = look
    return Resource(Key("service", names.probe_service(network.name)), spec=spec, labels=labels)
