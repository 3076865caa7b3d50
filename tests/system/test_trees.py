"""One tree from its first apply to its shutdown: the guestbook, and a three-level tree with other names.

The tests of this module share one deployment per tree and run in the order in which they stand here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.proof import Proof
from tests.swarm import TRACEBACK, Swarm, eventually
from tests.system.looking import (
    addresses,
    check_order,
    everything_said,
    forms,
    has_scaled,
    probe,
    removals,
    secrets_of,
    walk,
)
from tests.system.trees import GUESTBOOK, HARBOUR, Deployed, Tree, recall, remember, shut_down

PORTS = (22, 80, 2375, 3000, 5432, 8080)
NOTE = "left before the shutdown"
only_guestbook = pytest.mark.parametrize(
    "deployed", [GUESTBOOK], indirect=True, ids=["guestbook"], scope="module"
)


@pytest.fixture(scope="module", params=[GUESTBOOK, HARBOUR], ids=lambda tree: tree.root)
def deployed(request: pytest.FixtureRequest, swarm: Swarm) -> Iterator[Deployed]:
    """A tree, applied."""
    tree: Tree = request.param
    shut_down(swarm, tree.root)
    try:
        report = swarm.cli("apply", tree.playbook, "--output", "json", code=0).json()
        yield Deployed(swarm, tree, report)
    finally:
        shut_down(swarm, tree.root)


def test_a_first_apply_reports_every_stack_and_all_urls_answer(deployed: Deployed) -> None:
    recap = deployed.report["stacks"]
    assert set(deployed.tree.stacks) <= set(recap)
    assert all(recap[path]["changed"] > 0 and recap[path]["failed"] == 0 for path in deployed.tree.stacks)
    seen = {url: deployed.http("GET", url).status_code for url in deployed.tree.urls}
    assert seen == deployed.tree.urls


def test_a_second_apply_writes_nothing(deployed: Deployed, prove_report: Proof) -> None:
    deployed.note()
    containers = deployed.swarm.containers(deployed.tree.prefix)
    report = deployed.cli("apply", "--output", "json", code=0).json()
    changed = {path: line["changed"] for path, line in report["stacks"].items() if line["changed"]}
    after = deployed.swarm.dump()
    same = deployed.swarm.containers(deployed.tree.prefix) == containers
    good = not changed and after == deployed.settled and same
    prove_report(1, int(good), 1, f"second apply of {deployed.tree.playbook}, no registry")
    assert changed == {}
    assert same, "nothing restarts"
    assert set(deployed.tree.stacks) <= set(report["stacks"])
    assert after == deployed.settled


def test_plan_of_the_same_definition_finds_nothing(deployed: Deployed) -> None:
    deployed.cli("plan", code=0)
    deployed.cli("apply", "--check", code=0)


def test_plan_shows_one_service_with_more_replicas_and_writes_nothing(deployed: Deployed) -> None:
    """The revision that carries the change is the only other write, and the swarm is as before."""
    tree = deployed.tree
    plan = deployed.cli("plan", "-e", f"{tree.parameter}=3", "--output", "json", code=2).json()
    operations = [each for stack in plan["stacks"].values() for each in stack]
    writes = [each for each in operations if each["verb"] not in ("ok", "keep", "none")]
    services = [each for each in writes if each["kind"] == "service"]
    assert [(each["verb"], each["name"]) for each in services] == [("update", tree.scaled)], plan
    changes = services[0]["changes"]
    assert [(each["before"], each["after"]) for each in changes] == [(2, 3)], changes
    assert "replicas" in changes[0]["path"].lower()
    assert {each["kind"] for each in writes} <= {"service", "config"}
    assert all(each["name"].startswith(f"{tree.root}.r") for each in writes if each["kind"] == "config")
    assert deployed.swarm.dump() == deployed.settled


def test_docker_itself_shows_the_stacks_of_the_tree(deployed: Deployed) -> None:
    shown = deployed.swarm.docker("stack", "ls", "--format", "{{.Name}}").split()
    assert {path.replace("/", "_") for path in deployed.tree.stacks} <= set(shown)


def test_status_is_the_nested_tree(deployed: Deployed) -> None:
    tree = deployed.tree
    status = deployed.swarm.cli("status", tree.root, "--output", "json", code=0).json()
    found = {(each["type"], each["name"]): each for each in walk(status)}
    assert {("Stack", path) for path in tree.stacks} <= set(found)
    services = {("Service", f"{path}/{key}") for path, keys in tree.stacks.items() for key in keys}
    assert services <= set(found)
    assert {found[each]["status"] for each in services} == {"running"}
    assert all(isinstance(each["line"], str) for each in found.values())
    assert any(found[each]["line"] for each in services), "the last log line"
    assert [each["name"] for each in status["services"]] == sorted(
        each["name"] for each in status["services"]
    )


def test_rest_shows_the_same_tree_to_who_has_a_token(deployed: Deployed) -> None:
    tree, token = deployed.tree, deployed.token()
    above = deployed.http("GET", "/_admin/status", token=token)
    below = deployed.http("GET", f"{tree.mount}/_admin/status", token=token)
    assert (above.status_code, below.status_code) == (200, 200), (above.text, below.text)
    assert above.headers["Content-Type"].startswith("application/json")
    assert {each["name"] for each in walk(above.json()) if each["type"] == "Stack"} == set(tree.stacks)
    assert below.json()["name"] == tree.child
    assert {each["name"] for each in walk(below.json())} < {each["name"] for each in walk(above.json())}


def counted(deployed: Deployed, way: str = "") -> dict[tuple[str, str], float]:
    """What a controller says about its proxies: requests by proxy and backend."""
    found = deployed.http("GET", f"{way}/_admin/metrics", token=deployed.token())
    assert found.status_code == 200, found.text
    families = {each.name: each for each in text_string_to_metric_families(found.text)}
    samples = families["ailtire_proxy_requests"].samples if "ailtire_proxy_requests" in families else ()
    return {(each.labels["proxy"], each.labels["backend"]): each.value for each in samples}


def test_what_goes_through_is_counted_and_shown(deployed: Deployed) -> None:
    """Edge and gateway say so within ten seconds; the child's own controller counts what went to it."""
    tree = deployed.tree
    eventually(lambda: counted(deployed) and counted(deployed, tree.mount), 30, "the proxies were heard")
    before, below = counted(deployed), counted(deployed, tree.mount)
    for _ in range(10):
        for url in tree.urls:
            deployed.http("GET", url)
    sent, edge, child = 10 * len(tree.urls), ("edge", "gateway"), ("gateway", tree.child.rpartition("/")[2])
    mounted = 10 * sum(url.startswith(tree.mount) for url in tree.urls)
    eventually(lambda: counted(deployed).get(edge, 0) >= before[edge] + sent, 25, "the edge counted them")
    eventually(lambda: counted(deployed).get(child, 0) >= before[child] + mounted, 25, "to the child")
    eventually(
        lambda: sum(counted(deployed, tree.mount).values()) >= sum(below.values()) + mounted, 25, "below"
    )
    status = deployed.http("GET", "/_admin/status", token=deployed.token()).json()
    busy = {each["name"]: each["traffic"]["requests"] for each in walk(status) if "traffic" in each}
    assert busy[tree.root] > 0
    assert busy[tree.child] > 0


@pytest.mark.parametrize("call", ["status", "log", "topology", "metrics"])
def test_without_a_token_there_is_no_answer(deployed: Deployed, call: str) -> None:
    for mount in ("", deployed.tree.mount):
        assert deployed.http("GET", f"{mount}/_admin/{call}").status_code == 401
        assert deployed.http("GET", f"{mount}/_admin/{call}", token="e30.e30").status_code == 401


def test_a_token_is_good_for_its_path_and_role_only(deployed: Deployed) -> None:
    tree = deployed.tree
    child = deployed.token(tree.child)
    assert deployed.http("GET", f"{tree.mount}/_admin/status", token=child).status_code == 200
    assert deployed.http("GET", "/_admin/status", token=child).status_code in (401, 403, 404)
    viewer = deployed.token(role="viewer")
    assert deployed.http("GET", "/_admin/status", token=viewer).status_code == 200
    for call in ("update", "shutdown"):
        assert deployed.http("POST", f"/_admin/{call}", token=viewer, json={}).status_code in (403, 404)
    brief = deployed.token("", "admin", "--ttl", "1s")
    time.sleep(2.1)
    assert deployed.http("GET", "/_admin/status", token=brief).status_code == 401


def test_logs_come_from_every_service_by_command_and_by_rest(deployed: Deployed) -> None:
    tree = deployed.tree
    lines = deployed.swarm.cli("logs", tree.root, "--tail", "5", code=0).out
    path, keys = next(iter(tree.stacks.items()))
    assert f"{path}/{keys[0]}.1" in lines
    answer = deployed.http("GET", "/_admin/log?tail=5", token=deployed.token())
    assert answer.status_code == 200
    assert keys[0] in answer.text


def test_the_page_tells_nothing_and_the_topology_all_that_is_below(deployed: Deployed) -> None:
    token = deployed.token()
    for mount, path in (("", deployed.tree.root), (deployed.tree.mount, deployed.tree.child)):
        page = deployed.http("GET", f"{mount}/_admin/view")
        assert (page.status_code, page.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
        assert "content-security-policy" in {name.lower() for name in page.headers}
        found = deployed.http("GET", f"{mount}/_admin/topology", token=token).json()
        assert found["stack"] == path
        seated = {member for network in found["networks"] for member in network["members"]}
        assert {f"{path}/{key}" for key in deployed.tree.stacks[path]} <= seated


def test_bad_requests_get_a_clear_answer_and_change_nothing(deployed: Deployed) -> None:
    token = deployed.token()
    bodies: list[dict[str, Any]] = [
        {"data": "{", "headers": {"Content-Type": "application/json"}},
        {"data": "[" * 50_000, "headers": {"Content-Type": "application/json"}},
        {"json": ["a", "list"]},
        {"json": {"parameters": {deployed.tree.parameter: "many"}}},
        {"json": {"parameters": {"nobody": 1}}},
        {"json": {"definition": "../elsewhere.yml"}},
        {"json": {"unknown": 1}},
    ]
    for body in bodies:
        answer = deployed.http("POST", "/_admin/update", token=token, **body)
        assert 400 <= answer.status_code < 500, (body, answer.text)
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert "Traceback" not in answer.text
    assert deployed.http("GET", "/_admin/nothing", token=token).status_code == 404
    assert deployed.http("GET", "/_admin/update", token=token).status_code in (404, 405)
    assert deployed.swarm.dump() == deployed.settled


def test_from_inside_only_the_own_stack_and_declared_interfaces_can_be_reached(deployed: Deployed) -> None:
    """Every other service of the tree, every controller and gateway: by name unknown, by address closed."""
    swarm, tree = deployed.swarm, deployed.tree
    tasks = {name: swarm.tasks(name) for name in swarm.objects("service") if name.startswith(tree.prefix)}
    for service in tree.lookouts:
        own = next(path for path, keys in tree.stacks.items() for key in keys
                   if tree.engine_name(path, key) == service)  # fmt: skip
        seen = {tree.engine_name(own, key) for key in (*tree.stacks[own], "gateway")}
        near = set(addresses(tasks, seen, tree.engine_name(own, "sibling")))
        far = set(addresses(tasks, set(tasks), "")) - near
        hidden = sorted(set(tasks) - seen)
        names = [*hidden, *(f"tasks.{name}" for name in hidden), "admin", "edge", "parent"]
        names += [key for path, keys in tree.stacks.items() if path != own for key in keys]
        found = probe(
            swarm,
            service,
            names=[*names, tree.engine_name(own, "gateway")],
            addresses=[[address, port] for address in sorted(near | far) for port in PORTS],
        )
        assert set(found["known"]) == {tree.engine_name(own, "gateway")}
        assert {address for address, _ in found["open"]} & far == set()
        gateway = set(addresses(tasks, {tree.engine_name(own, "gateway")}, tree.engine_name(own, "sibling")))
        assert {(address, 80) for address in gateway} <= {tuple(each) for each in found["open"]}


def test_a_sibling_child_answers_by_its_name_and_its_controller_does_not(deployed: Deployed) -> None:
    for service, child in deployed.tree.neighbours.items():
        url = f"http://{child}"
        asked: list[Any] = [
            ["GET", f"{url}/", {}],
            *(["GET", f"{url}{path}", {}] for path in ("/_admin", "/_admin/status", "/_down/x/status")),
            ["GET", f"{url}/x/../_admin/status", {}],
            ["POST", f"{url}/_admin/register", {}],
            ["GET", f"{url}/", {"Host": "elsewhere"}],
            ["GET", f"{url}/_admin/status", {"Host": deployed.tree.root}],
        ]
        first, *others = probe(deployed.swarm, service, requests=asked)["answers"]
        assert first == 200
        assert set(others) <= {400, 404}, list(zip(asked[1:], others, strict=True))


def test_the_edge_lets_no_call_of_a_controller_through(deployed: Deployed) -> None:
    token = deployed.token()
    for path in ("/_down/x/status", "/x/_down/y", f"/_down/{deployed.tree.child.split('/')[1]}/status"):
        assert deployed.http("GET", path, token=token).status_code == 404


def test_every_network_holds_only_who_belongs_there(deployed: Deployed) -> None:
    swarm, tree = deployed.swarm, deployed.tree
    for path, keys in tree.stacks.items():
        parent = path.rpartition("/")[0]
        above = tree.engine_name(parent, "gateway") if parent else f"{tree.root}_edge"
        expected = {
            tree.engine_name(path, "sibling"): {tree.engine_name(path, key) for key in (*keys, "gateway")},
            tree.engine_name(path, "family"): {
                above,
                *(tree.engine_name(path, k) for k in ("gateway", "admin")),
            },
        }
        for network, members in expected.items():
            assert swarm.objects("network")[network]["Internal"] is True
            on = {name for name in swarm.objects("service")
                  if addresses({name: swarm.tasks(name)}, {name}, network)}  # fmt: skip
            assert on == members, network


def test_containers_hold_no_more_rights_than_they_need(deployed: Deployed) -> None:
    for service in (*deployed.tree.plain, *deployed.tree.controllers, f"{deployed.tree.root}_edge"):
        container = deployed.swarm.tasks(service)[0]["Status"]["ContainerStatus"]["ContainerID"]
        held = json.loads(deployed.swarm.docker("inspect", container))[0]["HostConfig"]
        assert held["CapDrop"] in (["ALL"], ["CAP_ALL"]), service
        assert not held["Privileged"]
        mounts = [each["Source"] for each in held.get("Mounts") or [] if each["Type"] == "bind"]
        assert mounts == ([deployed.swarm.socket] if service in deployed.tree.controllers else [])


def test_forty_seconds_later_nothing_has_been_written(deployed: Deployed) -> None:
    time.sleep(max(0.0, deployed.since + 41 - time.monotonic()))
    assert deployed.swarm.dump() == deployed.settled


def test_an_update_by_rest_is_a_new_revision_that_converges(deployed: Deployed) -> None:
    token, before, change = deployed.token(), deployed.status(), {deployed.tree.parameter: 3}
    checked = deployed.http("POST", "/_admin/update?check=true", token=token, json={"parameters": change})
    assert checked.status_code == 200, checked.text
    assert deployed.swarm.dump() == deployed.settled, "a check writes nothing"
    answer = deployed.http("POST", "/_admin/update", token=token, json={"parameters": change})
    assert answer.status_code == 202, answer.text
    assert "Location" in answer.headers
    eventually(lambda: has_scaled(deployed, 3), 60, "three replicas in the status")
    after = deployed.status()
    assert after["revision"] > before["revision"]
    assert deployed.answers()


def test_apply_brings_back_what_the_files_say(deployed: Deployed) -> None:
    report = deployed.cli("apply", "--output", "json", code=0).json()
    assert report["stacks"][deployed.tree.root]["changed"] > 0
    assert report["stacks"][deployed.tree.child]["changed"] == 0
    assert len(deployed.swarm.tasks(deployed.tree.scaled)) == 2
    deployed.cli("plan", code=0)


def test_a_killed_controller_and_a_removed_service_come_back_by_themselves(deployed: Deployed) -> None:
    swarm, tree = deployed.swarm, deployed.tree
    controller = tree.engine_name(tree.child, "admin")
    victim = tree.engine_name(tree.child, tree.stacks[tree.child][0])
    old = set(swarm.containers(f"{controller}."))
    swarm.docker("kill", *swarm.containers(f"{controller}.").values())
    swarm.docker("service", "rm", victim)
    begun = time.monotonic()
    eventually(lambda: swarm.tasks(victim), 60, f"{victim} to be made again")
    eventually(lambda: deployed.answers(), 60 - (time.monotonic() - begun), "all URLs to answer")
    left = 60 - (time.monotonic() - begun)
    eventually(
        lambda: set(swarm.containers(f"{controller}.")) - old and swarm.tasks(controller), left, controller
    )
    eventually(lambda: deployed.cli("plan").code == 0, 30, "an empty plan")


def test_secret_values_are_found_nowhere(deployed: Deployed) -> None:
    """Those of the services, read from inside, and the keys of the controllers."""
    swarm, tree = deployed.swarm, deployed.tree
    secrets = {value for service in (*tree.plain, *tree.controllers) for value in secrets_of(swarm, service)}
    assert len(secrets) > len(tree.stacks), "each controller has a key, and there is one more"
    values = {form for value in secrets for form in forms(value)}
    said = everything_said(deployed)
    assert not [where for where, text in said.items() if any(value in text for value in values)]


def test_no_container_of_ours_wrote_a_traceback(deployed: Deployed) -> None:
    for service in (
        each for each in deployed.swarm.objects("service") if each.startswith(deployed.tree.prefix)
    ):
        assert TRACEBACK not in deployed.swarm.logs(service), service


def test_shutdown_off_a_terminal_wants_to_hear_yes(deployed: Deployed) -> None:
    assert deployed.swarm.cli("shutdown", deployed.tree.root).code == 64
    assert deployed.answers()


def test_shutdown_goes_leaf_to_root_and_leaves_only_the_volume(deployed: Deployed) -> None:
    """By REST; once the edge is gone a refused connection is the expected end."""
    swarm, tree = deployed.swarm, deployed.tree
    remember(deployed, NOTE)
    token = deployed.token()
    with removals(swarm) as seen:
        answer = deployed.http("POST", "/_admin/shutdown", token=token)
        assert answer.status_code == 202, answer.text
        eventually(lambda: not deployed.left(), 120, "nothing to be left")
    check_order(tree, seen)
    assert deployed.volumes()


@only_guestbook
def test_after_another_apply_the_volume_still_holds_what_it_held(deployed: Deployed) -> None:
    deployed.cli("apply", code=0)
    assert deployed.answers()
    assert NOTE in recall(deployed)


@only_guestbook
def test_shutdown_by_the_command_line_says_when_all_is_gone(deployed: Deployed) -> None:
    deployed.swarm.cli("shutdown", deployed.tree.root, "--yes", code=0)
    assert deployed.left() == []
    assert deployed.volumes()
