"""What the engine leaves out of its sentences: which constraint, how much, which port, and who holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ailtire_deploy.state import Resource, State
from ailtire_deploy.units import SECOND

MEBIBYTE = 2**20
Tell = Callable[[Resource, State], str]


def added(text: str, service: Resource, observed: State) -> str:
    """A sentence of the engine's about a service, with what is known beyond it."""
    found = next((tell(service, observed) for words, tell in TOLD if words in text), "")
    return f"{text} [{found}]" if found else text


def constraints(service: Resource, observed: State) -> str:
    wanted = template(service).get("Placement", {}).get("Constraints") or ()
    return f"it wants {', '.join(wanted)}" if wanted else ""


def reservations(service: Resource, observed: State) -> str:
    amounts = template(service).get("Resources", {}).get("Reservations", {})
    return f"it reserves {reserved(amounts)}" if reserved(amounts) else ""


def reserved(amounts: Mapping[str, Any]) -> str:
    """Reservations as a person writes them."""
    processors, memory = amounts.get("NanoCPUs", 0) / SECOND, amounts.get("MemoryBytes", 0) / MEBIBYTE
    shown = ((processors, f"{processors:g} CPUs"), (memory, f"{memory:.0f} MiB of memory"))
    return " and ".join(text for amount, text in shown if amount)


def port_of_a_service(service: Resource, observed: State) -> str:
    held = ", ".join(sorted(holders(service, observed)))
    return ports(service, held or "a service of another stack")


def port_of_a_process(service: Resource, observed: State) -> str:
    return ports(service, "a process of the node, or a container that is not the swarm's")


def ports(service: Resource, holder: str) -> str:
    wanted = sorted(host_ports(service))
    return f"port {', '.join(map(str, wanted))} of the node is held by {holder}" if wanted else ""


def host_ports(service: Resource) -> frozenset[int]:
    """The ports of the node itself that a service wants."""
    found = service.spec.get("EndpointSpec", {}).get("Ports") or ()
    return frozenset(each["PublishedPort"] for each in found if each.get("PublishMode") == "host")


def holders(service: Resource, observed: State) -> Iterator[str]:
    """The other services of the tree that want the same port."""
    for each in observed:
        if each.kind == "service" and each.name != service.name and host_ports(each) & host_ports(service):
            yield f"{each.path}/{each.service}"


def template(service: Resource) -> Mapping[str, Any]:
    found: Mapping[str, Any] = service.spec.get("TaskTemplate", {})
    return found


def check(service: Resource, observed: State) -> str:
    """A program that is told to end for its health may well end with 0."""
    test = template(service).get("ContainerSpec", {}).get("Healthcheck", {}).get("Test", ["NONE"])
    return "its health check did not pass, or it ended by itself" if test != ["NONE"] else ""


TOLD: tuple[tuple[str, Tell], ...] = (
    ("constraints not satisfied", constraints),
    (" complete: ", check),
    ("insufficient resources", reservations),
    ("host-mode port already in use", port_of_a_service),
    ("programming external connectivity", port_of_a_process),
    ("port is already allocated", port_of_a_process),
)
