"""The whole network and gateway policy: who may meet whom, decided from the model alone.

A plain service sits on its sibling network and nowhere else, plus a private way out if it asked for one. Only
gateways sit on several networks of a tree. No controller sits on a sibling network. What a gateway answers
depends on the network the caller stands on. The tables are in ``seats`` and ``faces``.

The command line's imaginary stack (path ``-``) goes through the same tables: it has a child, the root, and
nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ailtire_deploy import names
from ailtire_deploy.model import Stack
from ailtire_deploy.topology import faces, listeners, seats
from ailtire_deploy.topology.seats import admin_of
from ailtire_deploy.topology.shape import (
    LISTENS,
    Face,
    Listener,
    Network,
    Rule,
    Seat,
    Split,
    Target,
    Topology,
    Watch,
)

__all__ = [
    "LISTENS",
    "Face",
    "Listener",
    "Network",
    "Rule",
    "Seat",
    "Split",
    "Target",
    "Topology",
    "Watch",
    "admin_of",
    "decide",
]


NONE: Mapping[str, int] = MappingProxyType({})


def decide(stack: Stack, weights: Mapping[str, int] = NONE) -> Topology:
    """Where everything of a stack sits and what its gateway answers.

    ``weights`` is for services that are being released: which part of the requests (percent) goes to the
    next version.
    """
    answers = faces.faces(stack)
    splits = tuple(faces.splits(stack.path, answers, weights))
    return Topology(
        stack.path,
        tuple(seats.networks(stack)),
        dict(seats.seats(stack)),
        answers,
        faces.gateway(stack.path, names.GATEWAY) if seats.publishes(stack) else None,
        slow=faces.slow(stack, splits),
        errors=stack.gateway.errors,
        splits=splits,
        passed=tuple(listeners.passed(stack)) if seats.publishes(stack) else (),
    )
