"""What an update over REST makes of a definition."""

import pytest

from ailtire_deploy import updates
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import State
from tests.household import entry, plain, three_levels

SHOP = StackPath(("shop",))
TOKEN = {"token": {"name": "shop_token-0123456789ab"}}


def body(**parameters):
    return dict(entry(three_levels(secrets=TOKEN), **parameters).body)


def merged(old, asked, path):
    """The whole of it, as a controller does it."""
    body, stacks = updates.merged(old, asked, path)
    return updates.sealed(body, stacks, asked, path, State())


def test_parameters_merge_by_key_and_null_removes_one():
    old = body(replicas=2, size=1)
    assert merged(old, {"parameters": {"replicas": 3}}, SHOP)[0]["parameters"] == {
        "replicas": 3,
        "size": 1,
    }
    assert merged(old, {"parameters": {"size": None}}, SHOP)[0]["parameters"] == {"replicas": 2}


def test_replace_takes_the_new_ones_only():
    asked = {"parameters": {"size": 4}, "replace": True}
    assert merged(body(replicas=2), asked, SHOP)[0]["parameters"] == {"size": 4}


def test_nothing_asked_changes_nothing():
    assert merged(body(), {}, SHOP)[0] == body()


def test_every_problem_of_the_whole_tree_is_said():
    wrong = three_levels(secrets=TOKEN)
    wrong["services"]["web"]["image"] = 5
    wrong["services"]["orders"]["definition"]["services"]["api"]["image"] = 5
    with pytest.raises(InvalidInput) as caught:
        merged(body(), {"definition": wrong}, SHOP)
    assert len(caught.value.problems) == 2


def test_a_bundle_is_taken_for_the_definition_in_it():
    other = three_levels(secrets=TOKEN, version="2")
    made = merged(body(), {"definition": {"format": 1, "definition": other}}, SHOP)[0]
    assert made["definition"]["version"] == "2"


def test_a_secret_that_was_made_before_keeps_its_object():
    made = merged(body(), {"definition": three_levels()}, SHOP)[0]
    assert made["definition"]["secrets"] == TOKEN


def test_a_source_that_no_controller_can_read_is_refused_by_name():
    other = three_levels(secrets={**TOKEN, "extra": {"from": {"env": "EXTRA"}}})
    with pytest.raises(InvalidInput, match="shop/extra: a controller cannot read the source"):
        merged(body(), {"definition": other}, SHOP)


def test_secrets_are_kept_at_every_depth():
    inner = {"name": "inner", "secrets": {"pw": {"from": {"env": "PW"}}}, "services": {"api": plain()}}
    known = {**inner, "secrets": {"pw": {"name": "shop_inner_pw-0123456789ab"}}}
    old = {"services": {"inner": {"type": "stack", "definition": known}}}
    new = {"services": {"inner": {"type": "stack", "definition": inner}}}
    assert updates.keep_names(new, old) == old


@pytest.mark.parametrize(
    "odd", [{"secrets": 5}, {"services": []}, {"services": {"a": 1}}, {"secrets": {"a": 1}}]
)
def test_what_is_not_checked_yet_is_left_to_the_check(odd):
    assert updates.keep_names(odd, {"secrets": {"b": {"name": "x"}}}) == odd
