"""On a real swarm: three levels are as the matrix says, and who is attached by hand is found and named.

The tests of this module share one deployment and run in the order in which they stand here.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.proof import Proof
from tests.swarm import Swarm, eventually
from tests.system.small import cleaned, service

TABLE = "control"
ROOT = "atoll"
STACKS = ("atoll", "atoll/lagoon", "atoll/lagoon/grotto")
NETWORKS = 8  # siblings and families of three stacks, the edge's, and one way out
MEMBERS = 12  # three gateways and controllers, the edge, five services
TREE: dict[str, Any] = {
    "name": ROOT,
    "services": {
        "reef": service(),
        "gull": service("/gull", egress=True),
        "lagoon": {
            "type": "stack",
            "interface": {"/lagoon": {"path": "/"}},
            "uses": {"reef": {}},
            "definition": {
                "services": {
                    "fish": service(),
                    "grotto": {
                        "type": "stack",
                        "interface": {"/grotto": {"path": "/"}, "tcp:7000": {"port": 7000}},
                        "definition": {
                            "services": {
                                "eel": service(interface={"/": {"port": 8080}, "tcp:7000": {"port": 8080}}),
                                "crab": {"image": "ailtire-demo/echo", "deploy": {"replicas": 2}},
                            }
                        },
                    },
                }
            },
        },
    },
    "gateway": {"publish": [{"port": 8097}], "admin": True},
}


@pytest.fixture(scope="module")
def atoll(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tree, applied and settled."""
    file = tmp_path_factory.mktemp("atoll") / "atoll.yml"
    file.write_text(yaml.safe_dump(TREE))
    with cleaned(swarm, ROOT):
        swarm.cli("apply", file, code=0)
        yield file


def verified(swarm: Swarm, code: int, path: str = ROOT) -> dict[str, Any]:
    """What a look came to; nothing of it is left behind."""
    outcome = swarm.cli("network", "verify", path, "--output", "json", code=code)
    assert probes(swarm) == [], outcome
    found: dict[str, Any] = outcome.json()
    return found


def probes(swarm: Swarm) -> list[str]:
    return [name for name in swarm.objects("service") if name.endswith("__probe")]


@contextlib.contextmanager
def stranger(swarm: Swarm, network: str) -> Iterator[str]:
    """A service that somebody attached by hand to a network of ours."""
    name = "intruder"
    made = ["--detach", "--network", network, "--endpoint-mode", "dnsrr", "--no-resolve-image"]
    swarm.docker("service", "create", "--name", name, *made, "ailtire-demo/echo")
    try:
        eventually(lambda: swarm.tasks(name), 30, "the stranger runs")
        yield f"service {name}"
    finally:
        swarm.docker("service", "rm", name)
        eventually(lambda: not swarm.containers(name), 30, "the stranger is gone")


def running(swarm: Swarm, service: str) -> list[str]:
    """Containers, also of tasks that shall end and have not yet."""
    return swarm.docker("ps", "--filter", f"name={service}.", "--format", "{{.Names}}").split()


def ours(swarm: Swarm) -> list[str]:
    return [name for name in swarm.objects("network") if name.startswith(f"{ROOT}_")]


def test_a_tree_of_three_levels_is_as_the_matrix_says(swarm: Swarm, atoll: Path, prove_report: Proof) -> None:
    found = verified(swarm, 0)
    prove_report(3, found["pairs"] - len(found["surprises"]), found["pairs"], "pairs as the matrix says")
    assert (found["verdict"], found["surprises"], found["absent"], found["unheard"]) == (
        "as defined",
        [],
        [],
        {},
    )
    assert (found["networks"], found["pairs"]) == (NETWORKS, MEMBERS * MEMBERS)
    swarm.cli("plan", atoll, code=0)


def test_the_result_is_kept_at_the_revision_and_shown(swarm: Swarm, atoll: Path) -> None:
    status = swarm.cli("status", ROOT, "--output", "json", code=0).json()
    kept = status["segmentation"]
    assert (kept["surprises"], kept["pairs"], kept["networks"]) == (0, MEMBERS * MEMBERS, NETWORKS)
    (revision, *_) = swarm.cli("history", ROOT, "--output", "json", code=0).json()["revisions"]
    assert revision["segmentation"]["pairs"] == kept["pairs"]
    assert "0 surprises in 144 pairs" in swarm.cli("status", ROOT, code=0).out


def test_below_a_root_only_the_networks_there_are_asked_on(swarm: Swarm, atoll: Path) -> None:
    found = verified(swarm, 0, STACKS[2])
    assert (found["networks"], found["surprises"]) == (2, [])


def test_a_controller_that_is_asked_over_rest_finds_the_same(swarm: Swarm, atoll: Path) -> None:
    token = swarm.cli("token", ROOT, "--role", "operator", code=0).out.strip()
    afar = ("--url", f"http://{swarm.address}:8097", "--token", token, "--output", "json")
    with stranger(swarm, f"{ROOT}_lagoon_sibling") as name:
        looked = swarm.cli("network", "verify", STACKS[1], *afar, code=4)
    found = looked.json()
    assert probes(swarm) == []
    assert [(each["subject"], each["network"]) for each in found["surprises"]] == [
        (name, f"{ROOT}_lagoon_sibling")
    ]
    assert "has answered, 0 to go" in looked.err
    assert (
        found["revision"]
        == swarm.cli("history", STACKS[1], "--output", "json").json()["revisions"][0]["name"]
    )
    here = swarm.cli("network", "matrix", ROOT, "--output", "json", code=0).json()
    assert swarm.cli("network", "matrix", ROOT, *afar, code=0).json() == here


@pytest.mark.small
def test_a_service_attached_by_hand_to_a_network_of_ours_is_named_and_nothing_else(
    swarm: Swarm, atoll: Path, prove_report: Proof
) -> None:
    network = random.choice([each for each in ours(swarm) if each.endswith("sibling")])
    with stranger(swarm, network) as name:
        found = verified(swarm, 4)
    named = [(each["subject"], each["network"]) for each in found["surprises"]]
    prove_report(3, int(named == [(name, network)]), 1, "a stranger on a network: that one, named")
    assert named == [(name, network)], found
    assert any("open" in said or "refused" in said for said in found["surprises"][0]["seen"])


@pytest.mark.prove
def test_on_every_network_of_the_tree_a_stranger_is_named_and_nothing_else(
    swarm: Swarm, atoll: Path, prove_report: Proof
) -> None:
    good, networks = 0, ours(swarm)
    for network in networks:
        with stranger(swarm, network) as name:
            found = verified(swarm, 4)["surprises"]
        good += [(each["subject"], each["network"]) for each in found] == [(name, network)]
    prove_report(3, good, len(networks), "a stranger on a network: that one, named")
    assert good == len(networks) == NETWORKS


@pytest.mark.prove
def test_a_service_of_ours_on_the_network_of_another_stack_is_named_until_it_is_healed(
    swarm: Swarm, atoll: Path, prove_report: Proof
) -> None:
    """Its controller would take it away at once; so that one is away for the while."""
    swarm.docker("service", "scale", "--detach", f"{ROOT}_admin=0")
    try:
        eventually(lambda: not running(swarm, f"{ROOT}_admin"), 30, "the controller ends")
        swarm.docker(
            "service", "update", "--detach=false", "--network-add", f"{ROOT}_lagoon_sibling", f"{ROOT}_reef"
        )
        found = verified(swarm, 4)
    finally:
        swarm.docker("service", "scale", "--detach", f"{ROOT}_admin=1")
    named = [(each["subject"], each["network"]) for each in found["surprises"]]
    wanted = [(f"{ROOT}/reef", f"{ROOT}_lagoon_sibling")]
    prove_report(3, int(named == wanted), 1, "a service of another stack on a network: that one, named")
    assert named == wanted, found
    assert found["absent"] == [f"{ROOT}/admin"]

    def healed() -> bool:
        spec = swarm.objects("service")[f"{ROOT}_reef"]["Spec"]["TaskTemplate"]
        done = swarm.objects("service")[f"{ROOT}_reef"].get("UpdateStatus", {}).get("State") == "completed"
        return len(spec["Networks"]) == 1 and done and len(swarm.tasks(f"{ROOT}_admin")) == 1

    assert eventually(healed, 60, "its controller puts it back")
    assert verified(swarm, 0)["surprises"] == []


def killed(swarm: Swarm) -> None:
    """A look that ended when all of its probes had been made."""
    with swarm.start_cli("network", "verify", ROOT) as looking:
        eventually(lambda: len(probes(swarm)) == NETWORKS, 20, "all probes are there", pause=0.1)
        looking.send_signal(signal.SIGKILL)


@pytest.mark.prove
def test_what_a_killed_look_left_behind_is_no_drift_and_goes_at_the_next(swarm: Swarm, atoll: Path) -> None:
    killed(swarm)
    assert len(probes(swarm)) == NETWORKS
    swarm.cli("plan", atoll, code=0)
    assert "probe" not in json.dumps(swarm.cli("status", ROOT, "--output", "json", code=0).json())
    assert len(probes(swarm)) == NETWORKS, "no controller removes what may still be at work"
    assert verified(swarm, 0)["surprises"] == []


def test_an_interrupted_look_removes_its_probes(swarm: Swarm, atoll: Path) -> None:
    with swarm.start_cli("network", "verify", ROOT) as looking:
        eventually(lambda: probes(swarm), 20, "probes are there", pause=0.1)
        looking.send_signal(signal.SIGTERM)
        assert looking.wait(30) == 130
    assert probes(swarm) == []


def test_a_killed_look_leaves_probes_that_are_no_drift_and_that_a_shutdown_takes_along(
    swarm: Swarm, atoll: Path
) -> None:
    killed(swarm)
    swarm.cli("plan", atoll, code=0)
    swarm.cli("shutdown", ROOT, "--yes", code=0)
    assert probes(swarm) == []
