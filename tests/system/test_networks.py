"""On a real swarm: a network with a subnet of its own, another one in its place, and one that clashes.

On the way it is counted how often ``plan`` asks the engine for a list.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.proxy import proxied
from tests.swarm import Swarm, eventually
from tests.system.small import PORT, cleaned, service, write

LISTS = ("/networks", "/configs", "/secrets", "/services", "/tasks", "/nodes")
MOST = 8  # list calls of a plan for a stack


def shape(swarm: Swarm) -> dict[str, tuple[str, str]]:
    """Subnet and MTU of the stack's own networks."""
    ids = swarm.docker("network", "ls", "-q", "--filter", "name=nebula_sibling").split()
    found = json.loads(swarm.docker("network", "inspect", *ids)) if ids else []
    mtu = "com.docker.network.driver.mtu"
    return {
        each["Name"]: (each["IPAM"]["Config"][0]["Subnet"], each["Options"].get(mtu, "")) for each in found
    }


def answers(swarm: Swarm) -> bool:
    return swarm.http("GET", "/", port=PORT).status_code == 200


def test_other_options_move_the_tasks_to_another_network_and_a_clash_is_refused(
    swarm: Swarm, tmp_path: Path
) -> None:
    def defined(**network: object) -> Path:
        return write(tmp_path, "nebula", {"gas": service()}, network=network)

    with cleaned(swarm, "nebula"):
        swarm.cli("apply", defined(subnet="10.99.1.0/24"), code=0)
        ((first, made),) = shape(swarm).items()
        assert made == ("10.99.1.0/24", "")
        clash = swarm.cli("apply", defined(subnet="10.99.0.0/22"), code=4)
        assert f"overlaps 10.99.1.0/24 of the network {first}" in clash.err
        wanted = defined(subnet="10.99.2.0/24", mtu=1350)
        with proxied(swarm.socket, tmp_path) as proxy:
            plan = swarm.cli("plan", wanted, code=2, DOCKER_HOST=proxy.host)
            lists = [call.path for call in proxy.calls if call.path.endswith(LISTS)]
        assert "replace network (2 task restarts)" in plan.out
        assert 0 < len(lists) <= MOST, lists
        swarm.cli("apply", wanted, code=0)
        assert eventually(lambda: first not in shape(swarm), 20, "the first network goes")
        assert list(shape(swarm).values()) == [("10.99.2.0/24", "1350")]
        assert eventually(lambda: answers(swarm), 20, "the service answers")
        swarm.cli("plan", wanted, code=0)
