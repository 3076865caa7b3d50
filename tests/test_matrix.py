"""Who can reach whom, from definitions alone: directly, through gateways, and nobody else."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from ailtire_deploy import loading
from ailtire_deploy.definition import fill_tree
from ailtire_deploy.documents import read_yaml
from ailtire_deploy.names import StackPath
from ailtire_deploy.segments import matrix
from ailtire_deploy.segments.matrix import OUTSIDE, Matrix
from ailtire_deploy.views import matrices
from tests.cli.running import lines_over

PLAYBOOKS = Path(__file__).parent.parent / "playbooks"
SHOP = StackPath(("shop",))
USES = """
services:
  web: {image: web:1, interface: {/: {port: 8080}}, egress: true}
  auth: {image: auth:1, interface: {/login: {port: 9000}, tcp:7000: {port: 7001}}}
  db: {image: db:1, interface: {tcp:5432: {port: 5432}}}
  orders:
    type: stack
    interface: {/orders: {path: /v1}}
    uses: {auth: {}, store: {service: db}}
    definition:
      services:
        api: {image: api:1, interface: {/v1: {port: 80}, /v2: {port: 81}}}
        worker: {image: worker:1}
gateway: {publish: [8090, {port: 5432, tcp: 5432}]}
"""


def made(text: str) -> Matrix:
    body = {"format": 1, "name": "shop", "context": "", "parameters": {}, "environment": {}}
    return matrix.of_tree(
        fill_tree({**body, "definition": read_yaml(text, "stack.yml").data}, SHOP, {}).values()
    )


@pytest.fixture(scope="module")
def shop() -> Matrix:
    return made(USES)


@pytest.fixture(scope="module")
def harbour() -> Matrix:
    (play,) = loading.load(PLAYBOOKS / "three-levels.yml").plays
    return matrix.of_tree(play.entries[0].stacks.values())


def near(found: Matrix, name: str) -> set[str]:
    """Whom a member reaches without a gateway."""
    one = next(each for each in found.members if each.name == name)
    return {each.name for each in found.members if each is not one and found.shared(one, each)}


def led(found: Matrix, name: str) -> dict[str, list[str]]:
    return {way.asked: [str(end) for end in way.ends] for way in found.ways[name]}


def test_every_service_of_a_tree_is_there_with_its_ports(shop: Matrix) -> None:
    assert {each.name: each.ports for each in shop.members} == {
        "shop/admin": (3000,),
        "shop/auth": (7001, 9000),
        "shop/db": (5432,),
        "shop/edge": (80, 5432),
        "shop/gateway": (80, 5432, 7000),
        "shop/web": (8080,),
        "shop/orders/admin": (3000,),
        "shop/orders/api": (80, 81),
        "shop/orders/gateway": (80, 5432, 7000),
        "shop/orders/worker": (),
    }


def test_a_plain_service_reaches_its_own_stack_and_nobody_else(harbour: Matrix) -> None:
    assert near(harbour, "harbour/office") == {"harbour/gateway"}
    assert near(harbour, "harbour/pier/crane") == {"harbour/pier/gateway"}
    assert near(harbour, "harbour/pier/gateway") == {
        "harbour/gateway",
        "harbour/pier/admin",
        "harbour/pier/crane",
        "harbour/pier/berth/admin",
        "harbour/pier/berth/gateway",
    }


def test_a_controller_meets_gateways_and_at_a_root_the_edge(harbour: Matrix) -> None:
    assert near(harbour, "harbour/admin") == {"harbour/gateway", "harbour/edge"}
    assert near(harbour, "harbour/pier/admin") == {"harbour/gateway", "harbour/pier/gateway"}


def test_to_stand_on_a_network_is_mutual(shop: Matrix, harbour: Matrix) -> None:
    for found in (shop, harbour):
        for one, other in itertools.combinations(found.members, 2):
            assert found.shared(one, other) == found.shared(other, one)


def test_a_child_is_reached_by_its_name_below_the_paths_of_its_routes(harbour: Matrix, shop: Matrix) -> None:
    ends = ["harbour/pier/berth/ship:8080", "harbour/pier/crane:8080"]
    assert led(harbour, "harbour/office") == {"http://pier/": ends}
    assert led(harbour, "harbour/pier/crane") == {"http://berth/": ends[:1]}
    assert led(harbour, "harbour/pier/berth/ship") == {}
    assert led(shop, "shop/web") == {"http://orders/v1": ["shop/orders/api:80"]}


def test_what_a_child_uses_is_reached_by_the_name_it_has_there_and_nothing_beside_it(shop: Matrix) -> None:
    found = led(shop, "shop/orders/worker")
    assert found == {
        "http://auth/": ["shop/auth:9000"],
        "http://store/": [],
        "tcp:7000": ["shop/auth:7001"],
        "tcp:5432": ["shop/db:5432"],
    }


def test_a_controller_below_may_register_and_does_not_see_routes_above(harbour: Matrix) -> None:
    above = [way for way in harbour.ways["harbour/pier/admin"] if way.gateway == "harbour/gateway"]
    assert [way.asked for way in above] == ["POST /_admin/register"]


def test_from_outside_what_is_published_is_reached_and_controllers_only_where_they_may(
    shop: Matrix, harbour: Matrix
) -> None:
    assert led(shop, OUTSIDE) == {
        ":5432": ["shop/db:5432"],
        ":8090 /": ["shop/web:8080"],
        ":8090 /login": ["shop/auth:9000"],
        ":8090 /orders": ["shop/orders/api:80"],
    }
    assert led(harbour, OUTSIDE)[":8090 /_admin"] == ["harbour/admin:3000"]


def test_only_the_edge_and_who_asked_for_it_have_a_way_out(shop: Matrix) -> None:
    assert {each.name for each in shop.members if shop.leads_outside(each)} == {"shop/edge", "shop/web"}


def test_networks_are_of_the_stack_that_their_labels_name(harbour: Matrix) -> None:
    assert {name: str(path) for name, path in harbour.owners.items()} == {
        "harbour_edge": "harbour",
        "harbour_family": "harbour",
        "harbour_sibling": "harbour",
        "harbour_pier_family": "harbour/pier",
        "harbour_pier_sibling": "harbour/pier",
        "harbour_pier_berth_family": "harbour/pier/berth",
        "harbour_pier_berth_sibling": "harbour/pier/berth",
    }


def test_as_text_it_fits_a_terminal_and_the_grid_says_what_the_lines_say(harbour: Matrix) -> None:
    shown = matrices.as_text(matrices.as_json(harbour, StackPath(("harbour",))))
    assert not lines_over(80, "\n".join(shown))
    row = next(each for each in shown if each.lstrip().startswith("4 harbour/office"))
    assert row.split()[2:] == ["·", "·", "●", "-", "·", "○", "·", "·", "·", "○"]
    at = shown.index("harbour/office")
    assert shown[at + 1].split() == ["●", "harbour/gateway:80", "pier"]
    assert shown[at + 2].split() == ["○", "harbour/pier/berth/ship:8080", "http://pier/"]


def test_below_a_root_only_the_rows_of_that_stack_are_shown(harbour: Matrix) -> None:
    found = matrices.as_json(harbour, StackPath(("harbour", "pier", "berth")))
    assert {each["from"].rpartition("/")[0] for each in found["direct"]} == {"harbour/pier/berth"}
    assert {"harbour/pier/gateway"} < {each["to"] for each in found["direct"]}
    assert [each["name"].rpartition("/")[2] for each in found["members"]] == ["admin", "gateway", "ship"]


def test_the_table_has_a_row_for_each_pair(shop: Matrix) -> None:
    lines = matrices.as_markdown(matrices.as_json(shop, SHOP))
    assert "| `shop/web` | `outside` | direct |  |" in lines
    assert "| `shop/web` | `shop/orders/api:80` | through a gateway | http://orders/v1 |" in lines
