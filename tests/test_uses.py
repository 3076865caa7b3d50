"""Upward use in definitions: who is granted what at every level, and what is wrong with a grant or a need."""

from __future__ import annotations

from typing import Any

import pytest

from ailtire_deploy import revisions
from ailtire_deploy.definition import fill, fill_tree
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.model import Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.passages import Use
from ailtire_deploy.updates import merged
from tests.definitions import SHOP, body, problems

TREE = """
services:
  auth: {image: auth, interface: {/login: {port: 8080, timeout: 5m}, /logout: {port: 8080}}}
  rpc: {image: rpc, interface: {/: {port: 50051, protocol: h2c}}}
  db: {image: postgres, interface: {tcp:5432: {port: 5433}}}
  hidden: {image: hidden}
  inn:
    type: stack
    uses: {auth: auth, calls: rpc, db: db, secret: {service: hidden, port: 9000}}
    definition:
      uses: [auth, db]
      services:
        bar: {image: bar, interface: {/: {port: 80}}}
        cellar:
          type: stack
          uses: {login: auth, db: db}
          definition: {uses: [login], services: {cask: {image: cask}}}
  mill:
    type: stack
    definition: {services: {wheel: {image: wheel}}}
"""
INN, CELLAR = SHOP / "inn", SHOP / "inn" / "cellar"


def tree(text: str = TREE) -> dict[StackPath, Stack]:
    made, source = body(text)
    return fill_tree(made, SHOP, {SHOP: source})


def test_each_level_knows_what_it_is_granted_and_no_more() -> None:
    found = tree()
    assert found[INN].uses == (
        Use("auth", timeout=300.0),
        Use("calls", h2c=True),
        Use("db", tcp=(5432,)),
        Use("secret"),
    )
    assert found[CELLAR].uses == (Use("db", tcp=(5432,)), Use("login", timeout=300.0))
    assert found[SHOP].uses == found[SHOP / "mill"].uses == ()


def test_a_parent_knows_what_its_grants_mean() -> None:
    inn = next(child for child in tree()[SHOP].children if child.key == "inn")
    assert inn.uses == (
        Use("auth", "auth", timeout=300.0),
        Use("calls", "rpc", h2c=True),
        Use("db", "db", tcp=(5432,)),
        Use("secret", "hidden", 9000),
    )


def test_a_revision_of_a_child_carries_what_it_is_granted() -> None:
    shop = tree()[SHOP]
    made = {child.key: revisions.child_body(shop, child) for child in shop.children}
    assert made["inn"]["uses"] == {
        "auth": {"timeout": 300.0},
        "calls": {"h2c": True},
        "db": {"tcp": [5432]},
        "secret": {},
    }
    assert fill(made["inn"], INN).uses == tree()[INN].uses


def test_a_child_without_a_grant_has_the_body_it_always_had() -> None:
    shop = tree()[SHOP]
    mill = next(child for child in shop.children if child.key == "mill")
    assert "uses" not in revisions.child_body(shop, mill)


def child(uses: str, needs: str = "[]", rest: str = "") -> str:
    """A stack with services of all kinds, and a child with these grants and needs, on lines 6 to 8."""
    return f"""jobs: {{once: {{image: a}}}}
services:
  auth: {{image: a, interface: {{/: 80}}}}
  many: {{image: a, interface: {{/n: {{port: 80, path: /}}, /m: {{port: 81, path: /}}, tcp:1: 1}}}}
  bare: {{image: a}}
  inn: {{type: stack, uses: {uses},
         {rest}
         definition: {{uses: {needs}, services: {{bar: {{image: b}}, foo: {{image: b}}}}}}}}
  mill: {{type: stack, interface: {{/mill: , tcp:2: }}, definition: {{services: {{w: {{image: w}}}}}}}}
"""


@pytest.mark.parametrize(
    ("uses", "said", "hint"),
    [
        ("[aut]", 'there is no service "aut"', "did you mean auth?"),
        ("[bare]", "bare offers nothing", "{bare: {service: bare, port: 8080}}"),
        ("[once]", "once is a job", "name a service"),
        ("[inn]", "does not use itself", "another service"),
        ("[many]", "many has two ports for /", "{service: many, port: 81}"),
        ("{x: {service: mill, port: 80}}", "used by its interface", "leave the port out"),
        ("{admin: auth}", "the name admin is reserved", "things of that name"),
        ("[auth, auth]", "holds something twice", ""),
        ("{x: {service: auth, host: y}}", "unknown key", "known are port, service"),
        ("{auth: {port: 0}}", "at least 1", ""),
        ("{auth: 80}", "text or a mapping", ""),
    ],
)
def test_each_mistake_in_a_grant_is_one_problem(uses: str, said: str, hint: str) -> None:
    (problem,) = problems(child(uses))
    assert said in problem.message
    assert hint in problem.hint
    assert problem.line == 6


def test_a_need_that_is_not_granted_is_told_where_it_stands() -> None:
    (problem,) = problems(child("[auth]", "[auth, mailer]"))
    assert problem.message == "mailer is not granted to shop/inn"
    assert problem.hint == "write uses: [mailer] beside its definition in shop"
    assert (problem.line, problem.path) == (8, "services.inn.definition.uses[1]")


def test_what_only_the_parent_has_cannot_be_handed_on_by_a_child() -> None:
    text = TREE.replace("uses: {login: auth, db: db}", "uses: {login: auth, db: rpc}")
    (problem,) = problems(text)
    assert problem.message == 'there is no service "rpc"'
    assert problem.path.endswith("cellar.uses.db")


def test_a_grant_taken_away_is_missed_at_every_level_below() -> None:
    found = problems(TREE.replace("auth: auth, calls", "calls"))
    assert {each.message for each in found} == {
        "auth is not granted to shop/inn",
        'there is no service "auth"',
    }


def test_a_name_of_the_child_and_a_grant_cannot_be_one() -> None:
    (problem,) = problems(child("{bar: auth}"))
    assert problem.message == "bar is also what the parent grants this stack"
    assert "uses: {NAME: bar}" in problem.hint
    assert problem.line == 8


def test_what_is_handed_on_goes_as_it_came() -> None:
    (problem,) = problems(TREE.replace("{login: auth, db", "{login: {service: auth, port: 80}, db"))
    assert problem.message == "a port is for services of this stack"


def test_two_uses_at_one_tcp_port_could_not_be_told_apart() -> None:
    inner = "cellar: {type: stack, uses: [many, own], definition: {services: {c: {image: c}}}}"
    own = "own: {image: o, interface: {tcp:1: 1}}"
    text = child("{many: {service: many, port: 80}}").replace("foo: {image: b}", f"{own}, {inner}")
    (problem,) = problems(text)
    assert problem.message == "many and own are both at port 1"


def test_a_child_s_tcp_port_cannot_be_that_of_a_use() -> None:
    inner = "cellar: {type: stack, interface: {tcp:1: }, definition: {services: {c: {image: c}}}}"
    text = child("{many: {service: many, port: 80}}").replace("foo: {image: b}", inner)
    (problem,) = problems(text)
    assert problem.message == "services here reach many of the parent at port 1"


def test_two_tcp_routes_of_one_stack_want_two_ports() -> None:
    text = child("[auth]", rest="interface: {tcp:2: {port: 3}},")
    (problem,) = problems(text)
    assert problem.message == "tcp:2 is a route of inn already"
    assert "take another" in problem.hint


def test_an_update_of_a_child_may_need_what_its_parent_grants_and_nothing_else() -> None:
    shop = tree()[SHOP]
    inn = next(each for each in shop.children if each.key == "inn")
    old = revisions.child_body(shop, inn)

    def update(needs: list[str]) -> dict[str, Any]:
        definition = {"uses": needs, "services": {"bar": {"image": "bar:2"}}}
        return merged(old, {"definition": definition}, INN)[0]

    assert update(["auth", "calls"])["uses"] == old["uses"]
    with pytest.raises(InvalidInput, match="mailer is not granted to shop/inn"):
        update(["mailer"])
    with pytest.raises(InvalidInput, match="auth is also what the parent grants"):
        merged(old, {"definition": {"services": {"auth": {"image": "x"}}}}, INN)


@pytest.mark.parametrize("given", [None, [], "auth", {"auth": None}, {"auth": []}])
def test_a_body_that_says_nothing_of_uses_grants_nothing(given: Any) -> None:
    made, source = body("services: {a: {image: a}}", uses=given)
    assert fill(made, SHOP, source).uses == ()
