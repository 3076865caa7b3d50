"""References of images, and what of their digests is recorded, asked for and kept."""

from __future__ import annotations

import pytest

from ailtire_deploy import images, revisions
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.images import Settling
from ailtire_deploy.names import StackPath

SHOP = StackPath(("shop",))
ORDERS = SHOP / "orders"
ONE, TWO = (f"sha256:{digit * 64}" for digit in "12")


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("web", "docker.io"),
        ("shop/web:1", "docker.io"),
        ("localhost/web", "localhost"),
        ("registry.example.org/shop/web@sha256:0", "registry.example.org"),
        ("127.0.0.1:5000/web:1", "127.0.0.1:5000"),
    ],
)
def test_a_reference_names_its_registry(image: str, host: str) -> None:
    assert images.host(image) == host


@pytest.mark.parametrize(
    ("image", "named"),
    [
        ("web", f"web:latest@{ONE}"),
        ("registry:5000/web:1", f"registry:5000/web:1@{ONE}"),
        ("unknown:1", "unknown:1"),
        (f"web:1@{TWO}", f"web:1@{TWO}"),
    ],
)
def test_services_name_tag_and_digest_as_far_as_it_is_known(image: str, named: str) -> None:
    known = {"web": ONE, "registry:5000/web:1": ONE, "unknown:1": "", f"web:1@{TWO}": ""}
    assert images.pinned(image, known) == named


def test_a_body_says_what_is_recorded_for_a_stack_and_all_below() -> None:
    tree = {SHOP: {"web": ONE}, ORDERS: {"api": ""}, ORDERS / "ledger": {"book": TWO}}
    body = images.in_body(tree, SHOP)
    assert body == {
        "digests": {"web": ONE},
        "below": {"orders": {"api": ""}, "orders/ledger": {"book": TWO}},
    }
    assert images.recorded(body, SHOP) == tree
    assert images.in_body({SHOP: {}}, SHOP) == {}


@pytest.mark.parametrize(
    "wrong", [{"digests": []}, {"digests": {"web": "sha256:1"}}, {"below": {"orders": 1}}, {"below": []}]
)
def test_a_revision_with_digests_of_another_form_cannot_be_read(wrong: dict[str, object]) -> None:
    whole = {"format": 1, "definition": {}, "parameters": {}, "environment": {}}
    assert revisions.decode(revisions.encode(whole), "shop.r1") == whole
    with pytest.raises(InvalidInput):
        revisions.decode(revisions.encode(whole | wrong), "shop.r1")


def test_only_what_is_new_is_asked_for() -> None:
    settling = Settling(
        {SHOP: ("web", "new", f"own@{ONE}"), ORDERS: ("api",)}, {SHOP: {"web": ONE, "api": ""}}
    )
    assert settling.open() == {"new"}


def test_to_resolve_is_to_ask_for_all_but_what_names_its_digest() -> None:
    settling = Settling({SHOP: ("web", f"own@{ONE}")}, {SHOP: {"web": ONE}}, again=True)
    assert settling.open() == {"web"}


def test_who_has_logged_in_since_asks_again_for_what_was_taken_as_tagged() -> None:
    known = {SHOP: {"r.example/a": "", "r.example/b": ONE, "c": ""}}
    settling = Settling({SHOP: tuple(known[SHOP])}, known, fresh=frozenset({"r.example"}))
    assert settling.open() == {"r.example/a"}


def test_one_image_means_the_same_in_the_whole_tree() -> None:
    settling = Settling({SHOP: ("web",), ORDERS: ("web",)}, {SHOP: {"web": ONE}})
    assert settling.settled({}, {}) == {SHOP: {"web": ONE}, ORDERS: {"web": ONE}}


def test_without_an_answer_what_was_known_counts_then_what_older_revisions_knew_then_the_tag() -> None:
    wanted = {SHOP: ("asked", "known", "older", "unknown")}
    settling = Settling(wanted, {SHOP: {"asked": ONE, "known": ONE}}, again=True)
    found = settling.settled({"asked": TWO}, {"older": TWO, "known": TWO})
    assert found == {SHOP: {"asked": TWO, "known": ONE, "older": TWO, "unknown": ""}}


def test_the_newest_of_what_was_ever_known_counts() -> None:
    assert images.ever([{SHOP: {"a": ""}}, {SHOP: {"a": ONE}}, {SHOP: {"a": TWO, "b": TWO}}]) == {
        "a": ONE,
        "b": TWO,
    }
