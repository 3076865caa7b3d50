"""What is done, in which order, what is held back, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ailtire_deploy.diff import Change
from ailtire_deploy.names import LABEL_HASH, LABEL_OUTCOME, LABEL_PROBE, StackPath
from ailtire_deploy.plan import Operation, Plan, plan
from ailtire_deploy.revisions import labels_of
from ailtire_deploy.state import KINDS, Key, Kind, Need, Resource, State, Task

SHOP = StackPath(("shop",))
ORDERS = SHOP / "orders"
NOW = 100_000.0


def resource(kind: Kind, name: str, spec: Mapping[str, Any] = {}, **rest: Any) -> Resource:
    labels = {**labels_of(rest.pop("owner", SHOP), rest.pop("path", SHOP)), LABEL_HASH: rest.pop("hash", "1")}
    return Resource(Key(kind, name), spec, {**labels, **rest.pop("labels", {})}, **rest)


def service(name: str = "shop_web", replicas: int = 2, **rest: Any) -> Resource:
    container = {name: rest.pop(name) for name in ("Image", "Configs", "Secrets", "Mounts") if name in rest}
    template: dict[str, Any] = {"ContainerSpec": {"Image": "web:1", **container}}
    networks = rest.pop("networks", ())
    if networks:
        template["Networks"] = [{"Target": each} for each in networks]
    spec = {"TaskTemplate": template, "Mode": rest.pop("mode", {"Replicated": {"Replicas": replicas}})}
    return resource("service", name, spec, **rest)


def found(made: Resource, **facts: Any) -> Resource:
    facts = {"wanted": 2, "update": "", **facts} if made.kind == "service" else facts
    return replace(made, version=7, facts=facts, needs=())


def task(service: str = "shop_web", state: str = "running", **rest: Any) -> Task:
    return Task(rest.pop("id", "t1"), service, "1", "node", state, rest.pop("desired", "running"), **rest)


def planned(desired: list[Resource], observed: State, owner: StackPath = SHOP, now: float = NOW) -> Plan:
    return plan(State.of(desired), observed, owner, now)


def only(made: Plan) -> Operation:
    assert len(made.operations) == 1, str(made)
    return made.operations[0]


def test_nothing_is_planned_when_all_is_as_wished() -> None:
    web = service()
    made = planned([web], State.of([found(web)]))
    assert made.empty
    assert made.unchanged_by_stack() == {"shop": 1}


def test_things_are_made_in_the_order_in_which_they_need_each_other() -> None:
    wishes = [service(), resource("config", "c"), resource("secret", "s"), resource("network", "n")]
    made = planned(wishes, State())
    assert [each.key.kind for each in made.operations] == list(KINDS)
    assert {each.verb for each in made.operations} == {"create"}
    assert all(each.ready for each in made.operations)


def test_things_are_removed_in_the_reverse_order() -> None:
    left = [found(each) for each in (service(), resource("secret", "s"), resource("network", "n"))]
    made = planned([], State.of(left))
    assert [str(each.key) for each in made.operations] == ["service shop_web", "secret s", "network n"]
    assert {each.verb for each in made.operations} == {"remove"}


def test_a_changed_template_restarts_every_task() -> None:
    operation = only(planned([service(Image="web:2", hash="2")], State.of([found(service())])))
    assert operation.verb == "update"
    assert operation.impact == "rolling (2 task restarts)"
    assert operation.cause == "the definition changed"
    assert operation.changes == (Change("TaskTemplate.ContainerSpec.Image", "web:1", "web:2"),)


def test_a_changed_scale_restarts_nothing() -> None:
    operation = only(planned([service(replicas=3, hash="2")], State.of([found(service())])))
    assert operation.impact == "none"
    assert operation.changes == (Change("Mode.Replicated.Replicas", 2, 3),)


@pytest.mark.parametrize(
    ("after", "impact"),
    [
        ([("data", "/data")], "none"),
        ([("data", "/elsewhere")], "rolling (2 task restarts)"),
        ([("data", "/data"), ("more", "/more")], "rolling (2 task restarts)"),
        ([("other", "/data")], "data at risk (it lets go of the volume data)"),
        ([("other", "/elsewhere")], "data at risk (it lets go of the volume data)"),
        ([], "data at risk (it lets go of the volume data)"),
    ],
)
def test_whoever_lets_go_of_a_volume_puts_data_at_risk(after: list[tuple[str, str]], impact: str) -> None:
    def mounting(*mounts: tuple[str, str]) -> list[dict[str, Any]]:
        return [{"Type": "volume", "Source": source, "Target": target} for source, target in mounts]

    before = found(service(Mounts=[*mounting(("data", "/data")), {"Type": "volume", "Target": "/nameless"}]))
    wish = service(Mounts=mounting(*after), hash="2", replicas=3)
    if impact == "none":
        wish = replace(before, spec={**before.spec, "Mode": {"Replicated": {"Replicas": 3}}})
    assert only(planned([wish], State.of([before]))).impact == impact


def test_drift_is_told_from_a_changed_definition() -> None:
    operation = only(planned([service()], State.of([found(service(replicas=5))])))
    assert operation.cause == "reality differs from the definition"


def test_an_update_the_engine_gave_up_goes_on_when_it_is_wished_again() -> None:
    stopped = State.of([found(service(), update="paused", updated=100.0)])
    again = only(planned([replace(service(), facts={"wished": 200.0})], stopped))
    assert (again.verb, again.impact) == ("update", "rolling (2 task restarts)")
    assert again.cause == "the engine stopped the last update; it goes on"
    assert not planned([replace(service(), facts={"wished": 50.0})], stopped).operations


def test_labels_alone_are_an_impact_of_their_own() -> None:
    operation = only(planned([service(labels={"a": "b"})], State.of([found(service())])))
    assert operation.impact == "labels"


def test_what_a_controller_says_of_its_revision_outlives_an_update_of_its_labels() -> None:
    there = found(resource("config", "shop.r1", labels={LABEL_OUTCOME: "converged"}))
    wish = resource("config", "shop.r1", labels={LABEL_OUTCOME: "pending", "ailtire.author": "me"})
    operation = only(planned([wish], State.of([there])))
    assert operation.resource.labels[LABEL_OUTCOME] == "converged"
    assert operation.resource.labels["ailtire.author"] == "me"


def test_a_name_that_a_stranger_holds_is_refused_and_nothing_is_written() -> None:
    made = planned([service()], State(foreign=frozenset({Key("service", "Shop_Web")})))
    assert made.ready == ()
    assert "not ours" in only(made).error


def test_what_another_controller_owns_is_refused() -> None:
    made = planned([service(replicas=3)], State.of([found(service(owner=StackPath()))]))
    assert only(made).error == "service shop_web belongs to -; it is left alone"
    assert not made.ready


def test_what_another_controller_owns_is_never_pruned() -> None:
    assert planned([], State.of([found(service(owner=StackPath()))])).empty


def test_what_only_its_source_knows_has_to_exist() -> None:
    wish = replace(resource("secret", "shop_pw-1"), adopt_only=True)
    assert "missing" in only(planned([wish], State())).error
    assert planned([wish], State.of([found(resource("secret", "shop_pw-1", hash="9"))])).empty


def test_what_misses_its_labels_is_counted_with_the_stack_that_wishes_it() -> None:
    wish = Resource(Key("secret", "shop_pw-1"), adopt_only=True)
    assert only(planned([wish], State())).stack == "shop"


def test_a_network_cannot_change_and_that_is_said() -> None:
    there = found(resource("network", "n", {"Driver": "overlay", "Internal": True}))
    operation = only(planned([resource("network", "n", {"Driver": "overlay"}, hash="2")], State.of([there])))
    assert (operation.impact, bool(operation.error)) == ("replace network", True)


def test_labels_of_a_network_are_never_a_reason() -> None:
    there = found(resource("network", "n", hash="1"))
    made = planned([resource("network", "n", hash="2")], State.of([there]))
    assert made.empty
    assert len(made.unchanged) == 1


@pytest.mark.parametrize("kind", ["config", "secret"])
def test_content_cannot_change_under_its_name(kind: Kind) -> None:
    there = found(resource(kind, "x", data=b"old" if kind == "config" else None))
    operation = only(planned([resource(kind, "x", data=b"new", hash="2")], State.of([there])))
    assert "another name" in operation.error


def test_a_new_config_shows_how_it_differs_from_the_one_before() -> None:
    old = found(resource("config", "shop_page-0123456789ab", data=b"a\n", created=NOW))
    new = resource("config", "shop_page-ba9876543210", data=b"b\n")
    operation = only(planned([new], State.of([old])))
    assert operation.changes == (Change("Data", "a\n", "b\n"),)
    assert operation.cause == "takes the place of shop_page-0123456789ab"


def test_another_mode_removes_the_service_and_makes_it_anew_in_a_later_round() -> None:
    wish = service(mode={"Global": {}}, hash="2")
    first = only(planned([wish], State.of([found(service())])))
    assert (first.verb, first.impact) == ("remove", "recreate")
    second = only(planned([wish], State()))
    assert (second.verb, second.waiting) == ("create", "")


def test_a_service_with_a_volume_waits_for_the_tasks_of_the_one_before() -> None:
    wish = service(Mounts=[{"Type": "volume", "Source": "data", "Target": "/data"}])
    still = State.of([], tasks=(task(desired="remove"),))
    assert only(planned([wish], still)).waiting == "1 task of the service before it to end"
    assert only(planned([service()], still)).ready


def test_a_network_waits_for_the_tasks_on_the_one_before() -> None:
    still = State.of([], tasks=(task("", networks=("n",), desired="remove"),))
    assert (
        only(planned([resource("network", "n")], still)).waiting == "1 task on the network before it to end"
    )


def test_a_dependency_holds_a_service_back_until_it_is_healthy() -> None:
    wish = service("shop_api", needs=(Need("service", "shop_db", "healthy"),))
    db = service("shop_db", 1)
    starting = State.of([found(db, wanted=1)], tasks=(task("shop_db", "starting"),))
    assert only(planned([wish, db], starting)).waiting == "service shop_db to be healthy"
    running = State.of([found(db, wanted=1)], tasks=(task("shop_db"),))
    assert only(planned([wish, db], running)).ready


def test_a_dependency_that_is_about_to_change_holds_back_as_well() -> None:
    wish = service("shop_api", needs=(Need("service", "shop_db", "healthy"),))
    running = State.of([found(service("shop_db", 1), wanted=1)], tasks=(task("shop_db"),))
    made = planned([wish, service("shop_db", 1, Image="db:2", hash="2")], running)
    assert [(each.key.name, each.ready) for each in made.operations] == [
        ("shop_api", False),
        ("shop_db", True),
    ]


def test_a_service_waits_for_what_it_names() -> None:
    assert (
        only(planned([service(networks=["shop_family"])], State())).waiting
        == "network shop_family to be there"
    )


def test_a_service_waits_for_what_could_not_be_made() -> None:
    wishes = [service(networks=["n"]), resource("network", "n")]
    made = planned(wishes, State(foreign=frozenset({Key("network", "n")})))
    assert made.operations[1].waiting == "network n to be there"


def test_a_config_waits_for_the_address_it_speaks_of() -> None:
    wish = resource("config", "faces", needs=(Need("network", "n", "addressed"),))
    network = resource("network", "n")
    held = planned([wish, network], State()).operations[1]
    assert held.waiting == "network n to be addressed"
    addressed = State.of([found(network, subnets=("10.0.1.0/24",))])
    assert only(planned([wish, network], addressed)).ready


def test_a_network_stays_while_a_service_or_a_task_is_on_it() -> None:
    network, web = resource("network", "n"), service(networks=["n"])
    on_it = State.of(
        [found(network), found(web)], tasks=(task(networks=("n",)), task(id="t2", networks=("n",)))
    )
    assert (
        planned([], on_it).operations[1].waiting == "service shop_web to let go of it; 2 tasks on it to end"
    )
    ending = State.of([found(network)], tasks=(task("", desired="remove", networks=("n",)),))
    assert only(planned([], ending)).waiting == "1 task on it to end"
    ended = State.of([found(network)], tasks=(task("", "shutdown", networks=("n",)),))
    assert only(planned([], ended)).ready


def test_a_config_stays_while_a_service_or_a_task_uses_it() -> None:
    old, web = resource("config", "c"), service(Configs=[{"ConfigName": "c", "File": {"Name": "/c"}}])
    used = State.of([found(old), found(web)])
    assert planned([service(hash="2")], used).operations[1].waiting == "service shop_web to let go of it"
    ending = State.of([found(old)], tasks=(task(desired="shutdown", files=(old.key,)),))
    assert only(planned([], ending)).waiting == "1 task with it to end"


@pytest.mark.parametrize("kind", ["config", "secret"])
def test_what_is_young_is_left_alone_unless_it_is_wished_away(kind: Kind) -> None:
    young = found(resource(kind, "x", created=NOW - 599))
    assert planned([], State.of([young])).empty
    assert only(planned([replace(young, absent=True)], State.of([young]))).verb == "remove"
    assert only(planned([], State.of([replace(young, created=NOW - 601)]))).verb == "remove"


def test_what_a_service_may_be_rolled_back_to_is_left_alone() -> None:
    web = service()
    old = resource("config", "c")
    assert planned([web], State.of([found(old), found(web, previous=frozenset({old.key}))])).empty


def test_what_is_gone_already_need_not_be_removed() -> None:
    assert planned([replace(service(), absent=True)], State()).empty


def test_a_removal_waits_for_its_needs() -> None:
    admin = service("shop_orders_admin", path=ORDERS)
    below = found(service("shop_orders_web", owner=ORDERS, path=ORDERS))
    wish = replace(admin, absent=True, needs=(Need("owner", "shop/orders", "gone"),))
    assert only(planned([wish], State.of([found(admin), below]))).waiting == "owner shop/orders to be gone"
    assert only(planned([wish], State.of([found(admin)]))).ready


def test_what_a_child_lives_by_is_not_pruned_while_anything_of_the_child_is_left() -> None:
    lives_by = [
        service("shop_orders_admin", path=ORDERS),
        resource("network", "shop_orders_family", path=ORDERS),
        resource("secret", "shop_orders.key", path=ORDERS),
    ]
    below = found(service("shop_orders_web", owner=ORDERS, path=ORDERS))
    made = planned([], State.of([*map(found, lives_by), below]))
    assert [each.waiting for each in made.operations] == ["owner shop/orders to be gone"] * 3
    assert len(planned([], State.of(map(found, lives_by))).ready) == 3


def test_old_revisions_of_a_child_go_while_it_lives() -> None:
    old = found(resource("config", "shop_orders.r1", path=ORDERS))
    below = found(service("shop_orders_web", owner=ORDERS, path=ORDERS))
    assert only(planned([], State.of([old, below]))).ready


def test_the_plan_reads_like_a_list_of_reasons() -> None:
    wishes = [
        service(Image="web:2", hash="2"),
        service("shop_api", needs=(Need("service", "shop_web", "started"),)),
    ]
    assert str(
        planned(wishes, State.of([found(service()), found(resource("network", "n"))]))
    ).splitlines() == [
        "create service shop_api: it is not there; waits for service shop_web to be started",
        "update service shop_web: the definition changed; impact rolling (2 task restarts)",
        "remove network n: it is no longer in the definition",
    ]


def probe(name: str = "shop_sibling__probe", network: str = "shop_sibling", **rest: Any) -> Resource:
    """What looks at a network for at most a minute."""
    label = {LABEL_PROBE: rest.pop("lasts", "60")}
    return replace(found(service(name, networks=[network], labels=label, **rest)), created=NOW)


def test_a_probe_is_no_resource_of_its_stack_and_is_left_alone() -> None:
    network = resource("network", "shop_sibling")
    there = State.of([found(network), probe()])
    assert [each.name for each in there] == ["shop_sibling"]
    assert planned([network], there).empty
    assert planned([network], there, now=NOW + 60).empty


@pytest.mark.parametrize("lasts", ["60", "", "soon", "-1", "9" * 5000, "²"])
def test_a_probe_that_was_left_behind_is_removed_by_who_owns_its_network(lasts: str) -> None:
    network = resource("network", "shop_sibling")
    there = State.of([found(network), probe(lasts=lasts)])
    assert only(planned([network], there, now=NOW + 4000)).key.name == "shop_sibling__probe"
    assert planned([], there, owner=ORDERS, now=NOW + 4000).empty


def test_a_probe_goes_before_the_network_it_stands_on() -> None:
    there = State.of([found(resource("network", "shop_sibling")), probe(), probe("x__probe", "x")])
    removed = planned([], there).operations
    assert [each.key.name for each in removed] == ["shop_sibling__probe", "shop_sibling"]
    assert removed[0].ready
