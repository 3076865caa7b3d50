"""What of a stack of ``docker stack deploy`` is taken over, what moves, what stays, what cannot be done."""

from __future__ import annotations

from ailtire_deploy.adoption import adoption
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import plan
from ailtire_deploy.state import Key, Resource, State

SHOP = StackPath(("shop",))
OURS = {"ailtire.owner": "shop", "ailtire.path": "shop", "ailtire.root": "shop", "ailtire.service": "db"}
THEIRS = {"com.docker.stack.namespace": "shop"}


def service(labels, network, volume="shop_data", mode="Replicated", ports=(), name="shop_db"):
    mounts = [{"Type": "volume", "Source": volume, "Target": "/data"}]
    template = {"ContainerSpec": {"Image": "a", "Mounts": mounts}, "Networks": [{"Target": network}]}
    spec = {"TaskTemplate": template, "Mode": {mode: {}}, "EndpointSpec": {"Ports": list(ports)}}
    return Resource(Key("service", name), spec, labels)


def taken_over(old, wish):
    network = Resource(Key("network", "shop_default"), labels=THEIRS)
    state = State(foreign=frozenset({old.key, network.key}))
    return adoption([plan(State.of([wish]), state, SHOP, 0.0)], [old, network])


def test_a_service_of_the_name_gets_our_labels_and_the_rest_is_left_behind() -> None:
    old = service(THEIRS, "shop_default", ports=[{"PublishedPort": 80}])
    made = taken_over(old, service({**OURS, "ailtire.hash": "1"}, "shop_sibling"))
    assert [(each.found, each.labels) for each in made.taken] == [(old, OURS)]
    assert made.taken[0].moves[0] == "moves from shop_default to shop_sibling"
    assert "80" in made.taken[0].moves[1]
    assert [each.name for each in made.left] == ["shop_default"]
    assert made.impossible == ()


def test_a_volume_that_would_be_lost_is_impossible_and_the_sentence_says_what_it_is_called_here() -> None:
    made = taken_over(service(THEIRS, "shop_default", volume="old"), service(OURS, "shop_sibling"))
    assert "let go of the volume old; the definition's volumes are called shop_data" in made.impossible[0]


def test_another_mode_is_impossible() -> None:
    made = taken_over(service(THEIRS, "shop_default", mode="Global"), service(OURS, "shop_sibling"))
    assert "mode" in made.impossible[0]


def test_what_another_stack_owns_or_the_definition_does_not_name_is_not_taken() -> None:
    wish = service(OURS, "shop_sibling")
    assert taken_over(service({**THEIRS, "ailtire.owner": "else"}, "shop_default"), wish).taken == ()
    other = taken_over(service(THEIRS, "shop_default", name="shop_other"), wish)
    assert other.taken == ()
    assert [each.name for each in other.left] == ["shop_other", "shop_default"]


def test_without_adoption_the_plan_refuses() -> None:
    old = service(THEIRS, "shop_default")
    refused = plan(
        State.of([service(OURS, "shop_sibling")]), State(foreign=frozenset({old.key})), SHOP, 0.0
    ).operations[0]
    assert not refused.ready
    assert "is not ours" in refused.error
