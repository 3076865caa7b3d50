"""Numbers, wishes and what makes a parent write again."""

import json
import zlib
from dataclasses import replace

import pytest

from ailtire_deploy import names, revisions
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.names import StackPath
from ailtire_deploy.revisions import COMMAND_LINE, LOCAL, PARENT
from ailtire_deploy.state import State

SHOP = StackPath(("shop",))
ORDERS = SHOP / "orders"
BODY = {"format": 1, "name": "shop", "context": "", "parameters": {}, "environment": {}, "definition": {}}
OTHER = {**BODY, "parameters": {"replicas": 3}}


def wish(observed, body=BODY, path=SHOP, cause=COMMAND_LINE, origin=""):
    return revisions.wish(observed, path, body, cause=cause, origin=origin, author="anna")


def stored(*resources):
    return State.of(resources)


def with_outcome(resource, outcome):
    return resource.with_labels(**{names.LABEL_OUTCOME: outcome})


def test_the_first_revision_is_number_one_and_its_own_origin():
    first = wish(State())
    assert first.name == "shop.r1"
    assert first.labels[names.LABEL_ORIGIN] == "shop.r1"
    assert first.labels[names.LABEL_OUTCOME] == "pending"


def test_an_equal_wish_is_the_revision_that_is_there():
    first = wish(State())
    assert wish(stored(first)) is first


def test_another_wish_takes_the_next_number():
    first = wish(State())
    assert wish(stored(first), OTHER).name == "shop.r2"


def test_numbers_are_compared_as_numbers():
    ninth = replace(wish(State()), key=wish(State()).key._replace(name="shop.r9"))
    tenth = replace(ninth, key=ninth.key._replace(name="shop.r10"))
    assert [each.number for each in revisions.history(stored(ninth, tenth), SHOP)] == [10, 9]


def test_what_was_wished_before_last_is_a_new_revision():
    first = wish(State())
    second = wish(stored(first), OTHER)
    assert wish(stored(first, second)).name == "shop.r3"


def test_a_local_update_of_a_child_stands_until_the_roots_next_revision():
    own = wish(State(), path=ORDERS, cause=PARENT, origin="shop.r1")
    local = revisions.make(stored(own), ORDERS, OTHER, cause=LOCAL, origin="shop.r1", author="ben")
    observed = stored(own, local)
    assert wish(observed, path=ORDERS, cause=PARENT, origin="shop.r1") is own
    assert wish(observed, path=ORDERS, cause=PARENT, origin="shop.r2").name == "shop_orders.r3"


def test_a_local_update_stands_where_the_parents_own_revision_is_older_than_the_roots() -> None:
    own = wish(State(), path=ORDERS, cause=PARENT, origin="shop.r1")
    local = revisions.make(stored(own), ORDERS, OTHER, cause=LOCAL, origin="shop.r12", author="ben")
    assert wish(stored(own, local), path=ORDERS, cause=PARENT, origin="shop.r9") is own
    assert wish(stored(own, local), path=ORDERS, cause=PARENT, origin="shop.r12") is own
    assert wish(stored(own, local), path=ORDERS, cause=PARENT, origin="shop.r13").name == "shop_orders.r3"


def test_an_apply_of_the_root_undoes_a_local_update_anywhere_below():
    root = wish(State())
    own = wish(State(), path=ORDERS, cause=PARENT, origin="shop.r1")
    local = revisions.make(stored(own), ORDERS, OTHER, cause=LOCAL, origin="shop.r1", author="ben")
    assert wish(stored(root, own, local)).name == "shop.r2"


def test_a_failed_revision_is_tried_once_for_each_root_revision():
    failed = with_outcome(wish(State(), path=ORDERS, cause=PARENT, origin="shop.r1"), "failed")
    assert wish(stored(failed), path=ORDERS, cause=PARENT, origin="shop.r1") is failed
    assert wish(stored(failed), path=ORDERS, cause=PARENT, origin="shop.r2").name == "shop_orders.r2"


def test_an_apply_tries_a_failed_root_again():
    assert wish(stored(with_outcome(wish(State()), "failed"))).name == "shop.r2"


def test_a_body_survives_being_stored():
    assert revisions.Revision(SHOP, 1, wish(State())).body == BODY


@pytest.mark.parametrize("data", [b"", b"x", zlib.compress(b"[]"), zlib.compress(b'{"format": 2}')])
def test_what_is_no_revision_is_refused(data):
    with pytest.raises(InvalidInput, match=r"shop\.r1: this revision cannot be read"):
        revisions.decode(data, "shop.r1")


def test_a_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(InvalidInput):
        revisions.decode(zlib.compress(b" " * 200_000_000), "shop.r1")


def test_a_body_that_does_not_fit_is_refused():
    noise = {"format": 1, "x": [json.dumps(n * 7919**9) for n in range(60_000)]}
    with pytest.raises(InvalidInput, match="a revision holds 256"):
        revisions.encode(noise)
