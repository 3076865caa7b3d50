"""What stays of a tree that shall go, and the sentences that say why."""

from __future__ import annotations

from ailtire_deploy import remains
from ailtire_deploy.state import Key, Resource, State
from tests.test_status import SHOP, service, task


def test_a_task_that_does_not_end_is_named_with_its_node() -> None:
    web = service(SHOP, "web")
    first, *rest = remains.sentences(State.of([web], tasks=(task(web),)), SHOP)
    assert first.startswith(
        "shop/web: task 1 on node1 is still running; its program may not end when told to"
    )
    assert rest == ["still there: service shop_web"]


def test_what_was_told_to_end_and_does_not_comes_first() -> None:
    admin, web = service(SHOP, "admin"), service(SHOP, "web")
    tasks = (task(admin), task(web, desired="remove"))
    first = remains.sentences(State.of([admin, web], tasks=tasks), SHOP)[0]
    assert first.startswith("shop/web: ")


def test_a_network_without_tasks_may_be_held_by_a_container_of_somebody() -> None:
    net = Resource(Key("network", "shop_sibling"), labels=service(SHOP, "web").labels)
    found = remains.sentences(State.of([net]), SHOP)
    assert found[0].startswith("network shop_sibling is not removed although no task stands on it")


def test_of_many_things_a_few_are_named() -> None:
    many = [service(SHOP, f"s{number}") for number in range(9)]
    [found] = remains.sentences(State.of(many), SHOP)
    assert found.endswith(" and 4 more")


def test_nothing_left_is_nothing_said() -> None:
    assert remains.sentences(State(), SHOP) == ()
