"""Every attack that this project has to survive, by class, with the tests that show that it does.

A test is written as ``FILE::NAME``, or ``FILE::NAME[PART]`` for those of its cases whose id holds PART. An
attack was survived when every such case passed and there was at least one. With ``pytest --attacks``, and
with ``--prove=attacks``, which runs these tests alone, all of them are counted: one whose test failed, was
passed over or is no longer there makes its class fall short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.attacks_at_the_edge import EDGE
from tests.attacks_by_authors import AUTHORS
from tests.attacks_on_control import CONTROL

TABLE = "attacks"
CLASSES: Mapping[int, str] = {
    1: "every route with every wrong token",
    2: "from an application's container",
    3: "faces of gateways, and the keys and calls of children",
    4: "slow, endless, huge and deep requests",
    5: "smuggling, hosts, and spellings of paths",
    6: "forged forwarded headers",
    7: "YAML, JSON, JSON Schema and templates that cost or execute",
    8: "templates in values",
    9: "files that are none of the project",
    10: "routes, hosts and headers that would become structure",
    11: "keys that give the host or others away",
    12: "names that meet or mislead",
    13: "a planted secret, looked for everywhere",
    14: "terminal escapes and markup in what is shown",
    15: "defaults of a fresh install",
}
PASSED = "passed"


class Attack(NamedTuple):
    """One attack, and the tests that show that it is survived."""

    number: int
    what: str
    tests: tuple[str, ...]


ATTACKS = tuple(
    Attack(number, what, (tests,) if isinstance(tests, str) else tuple(tests))
    for part in (CONTROL, EDGE, AUTHORS)
    for number, attacks in part.items()
    for what, tests in attacks.items()
)


def split(test: str) -> tuple[str, str]:
    """Where a test stands as pytest says it, and what the id of its cases has to hold."""
    file, _, rest = test.partition("::")
    name, _, part = rest.partition("[")
    return f"tests/{file}.py::test_{name}", part.removesuffix("]")


def cases(test: str, ids: Mapping[str, str]) -> Iterator[str]:
    """The ids of the cases of a test, among those that are known."""
    place, part = split(test)
    for id in ids:
        bare, _, parameters = id.partition("[")
        if bare == place and part in parameters:
            yield id


def survived(attack: Attack, outcomes: Mapping[str, str]) -> bool:
    """Whether each of an attack's tests is there and passed in all its cases."""
    for test in attack.tests:
        found = [outcomes[id] for id in cases(test, outcomes)]
        if not found or set(found) != {PASSED}:
            return False
    return True


def counted(outcomes: Mapping[str, str]) -> Iterator[tuple[int, int, int, str]]:
    """Of each class: its number, how many attacks were survived, of how many, and which were not."""
    for number, name in CLASSES.items():
        mine = [each for each in ATTACKS if each.number == number]
        missed = [each.what for each in mine if not survived(each, outcomes)]
        said = f"{name}; NOT SURVIVED: {', '.join(missed)}" if missed else name
        yield number, len(mine) - len(missed), len(mine), said


PLACES = frozenset(split(test)[0] for each in ATTACKS for test in each.tests)
"""Where the tests of all attacks stand."""
