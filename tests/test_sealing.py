"""From sources of secrets to names of secrets."""

from ailtire_deploy import sealing
from ailtire_deploy.names import StackPath
from tests.household import entry, plain, three_levels

SHOP = StackPath(("shop",))


def nested():
    inner = {"name": "inner", "secrets": {"pw": {"from": {"generate": {}}}}, "services": {"api": plain()}}
    return entry(three_levels(services={"web": plain(), "inner": {"type": "stack", "definition": inner}}))


def sealed(value=b"value", salt=b"salt"):
    tree = nested()
    return sealing.seal(tree.body["definition"], tree.stacks, SHOP, salt, lambda path, key, secret: value)


def test_no_definition_holds_a_source_afterwards_at_any_depth():
    made = sealed()
    assert "from" not in str(made.definition)
    names = [each.name for each in made.secrets]
    assert made.definition["secrets"]["token"]["name"] in names
    assert made.definition["services"]["inner"]["definition"]["secrets"]["pw"]["name"] in names


def test_each_secret_belongs_to_the_stack_that_uses_it():
    assert {str(each.owner) for each in sealed().secrets} == {"shop", "shop/inner"}


def test_another_value_is_another_object_and_an_equal_one_the_same():
    first, again, other = (
        [each.name for each in sealed(value).secrets] for value in (b"value", b"value", b"other")
    )
    assert first == again
    assert not set(first) & set(other)


def test_the_name_tells_nothing_without_the_salt():
    assert {each.name for each in sealed(salt=b"a").secrets}.isdisjoint(
        each.name for each in sealed(salt=b"b").secrets
    )


def test_a_value_is_in_no_text_of_a_secret():
    assert "hunter2" not in repr(sealed(b"hunter2"))


def test_a_sealed_definition_is_sealed_once():
    first = sealed()
    again = entry(first.definition)
    assert sealing.seal(again.body["definition"], again.stacks, SHOP, b"salt", None).secrets == ()
    assert sealing.unread(again.stacks) == []
