"""Keys of newer engines: sent where they are known, refused by name where they are not."""

from __future__ import annotations

import pytest

from ailtire_deploy import gates, render, specs, topology
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.model import Site
from ailtire_deploy.names import LABEL_OUTCOME, LABEL_REPORT
from ailtire_deploy.state import Key
from tests.corpus import SCHEMA, resolved
from tests.definitions import stack
from tests.household import Household, entry, plain

CHECK = {"test": ["CMD", "true"], "start_interval": "2s"}


@pytest.fixture
def house(tmp_path):
    return Household(tmp_path)


def tree(**more):
    inner = {"name": "inner", "services": {"b": plain(**more)}}
    return entry(
        {"name": "shop", "services": {"a": plain(), "inner": {"type": "stack", "definition": inner}}}
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"healthcheck": CHECK}, "services.b.healthcheck.start_interval: needs an engine with API 1.44"),
        ({"oom_score_adj": 0}, "services.b.oom_score_adj: needs an engine with API 1.46"),
    ],
)
def test_an_older_engine_is_refused_by_key_and_versions_and_nothing_is_written(house, given, said):
    with pytest.raises(InvalidInput) as caught:
        house.launcher().plan(tree(**given))
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"shop/inner: {said}, and this one (20.10.24) speaks 1.41")
    with pytest.raises(InvalidInput):
        house.apply(tree(**given))
    assert house.engine.writes == []


def test_a_newer_engine_gets_them(house):
    house.engine.api, house.engine.version = "1.47", "27.3.1"
    house.apply(tree(healthcheck=CHECK, oom_score_adj=200))
    container = house.engine.objects[Key("service", "shop_inner_b")].spec["TaskTemplate"]["ContainerSpec"]
    assert container["Healthcheck"]["StartInterval"] == 2_000_000_000
    assert container["OomScoreAdj"] == 200


def test_a_controller_on_an_older_engine_calls_such_a_revision_failed(house):
    house.engine.api = "1.47"
    house.apply(tree())
    house.apply(tree(oom_score_adj=1), wait=False)
    house.engine.api = "1.45"
    house.settle()
    container = house.engine.objects[Key("service", "shop_inner_b")].spec["TaskTemplate"]["ContainerSpec"]
    assert "OomScoreAdj" not in container
    told = [each.labels for key, each in house.engine.objects.items() if key.name.startswith("shop_inner.r")]
    (report,) = (each[LABEL_REPORT] for each in told if each.get(LABEL_OUTCOME) == "failed")
    assert "oom_score_adj: needs an engine with API 1.46" in report


def test_numbers_of_versions_are_compared_and_not_their_letters():
    made = stack("services: {a: {image: a, oom_score_adj: 5}}")
    gates.refuse([made], lambda: ("1.100", "99"))
    with pytest.raises(InvalidInput):
        gates.refuse([made], lambda: ("1.9", "1"))


def test_the_engine_is_asked_only_where_there_is_such_a_key():
    def never():
        raise AssertionError("asked")

    gates.refuse([stack("services: {a: {image: a}}")], never)


def test_the_schema_and_the_table_say_the_same():
    found = {}
    for key, given in SCHEMA["$defs"]["service"]["properties"].items():
        found |= {(key,): given["since"]} if "since" in given else {}
        for inner, each in resolved(given).get("properties", {}).items():
            found |= {(key, inner): each["since"]} if "since" in each else {}
    assert found == dict(gates.SINCE)


def test_the_rendered_file_says_the_version_that_knows_them():
    for given, version in (("", "3.9"), (", oom_score_adj: 5", "3.14")):
        made = stack(f"services: {{a: {{image: a{given}}}}}")
        artifacts = render.render(made, topology.decide(made), Site("x"), {})
        assert f'version: "{version}"' in artifacts.compose
        assert specs.resources(made, artifacts, {})
