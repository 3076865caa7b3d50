"""Numbers about a stack, as Prometheus reads them; and the dashboard and the documentation that name them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from ailtire_deploy import metrics, proxies
from ailtire_deploy.metrics import Work
from ailtire_deploy.names import StackPath
from ailtire_deploy.ports import Calls
from ailtire_deploy.rest import exposition
from ailtire_deploy.state import Key, State
from ailtire_deploy.traffic import Counters
from tests.rest.living import Living

SHOP = StackPath(("shop",))
DOCUMENTS = Path(__file__).parent.parent / "docs"
TRAFFIC = {"web": Counters(1000, 3, 8000, 2, 3, {500: 7}), "web.81": Counters(1)}
USAGE = {("GET", "services"): Calls(40, 2), ("POST", "configs"): Calls(3)}


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    yield Living(tmp_path_factory.mktemp("living"))


def with_traffic(observed: State) -> State:
    key = Key("service", "shop_gateway")
    facts = {proxies.TRAFFIC: TRAFFIC, proxies.SERVING: ("one",)}
    gateway = replace(observed.resources[key], facts={**observed.resources[key].facts, **facts})
    return replace(observed, resources={**observed.resources, key: gateway})


@pytest.fixture(scope="module")
def everything(living: Living) -> dict[str, Metric]:
    observed = with_traffic(living.house.engine.observe(SHOP))
    work = Work(rounds=7, failed=1, seconds=1.5, ended=1_000_000.0, differing={"service": 2})
    found = metrics.families(observed, SHOP, work, USAGE, {"orders": 12.5})
    return parsed(exposition.text("shop", (*found, metrics.streams(2))).decode())


def parsed(text: str) -> dict[str, Metric]:
    return {each.name: each for each in text_string_to_metric_families(text)}


def values(metric: Metric) -> dict[tuple[str, ...], float]:
    """By the labels but the stack's, in the order of their names."""
    return {
        tuple(text for name, text in sorted(each.labels.items()) if name != "stack"): each.value
        for each in metric.samples
    }


def test_traffic_is_told_by_proxy_and_backend(everything: dict[str, Metric]) -> None:
    assert values(everything["ailtire_proxy_requests"]) == {
        ("web", "gateway"): 1000,
        ("web.81", "gateway"): 1,
    }
    assert values(everything["ailtire_proxy_errors"])["web", "gateway"] == 3
    assert values(everything["ailtire_proxy_answer_seconds"])["web", "gateway"] == 8
    assert values(everything["ailtire_proxy_slow_answers"]) == {("web", "gateway", "0.5"): 7}
    assert values(everything["ailtire_proxy_servers_up"])["web", "gateway"] == 3
    assert values(everything["ailtire_proxy_agents"]) == {("gateway",): 1}
    assert everything["ailtire_proxy_requests"].samples[0].name == "ailtire_proxy_requests_total"


def test_tasks_revision_loop_engine_and_children_are_told(everything: dict[str, Metric]) -> None:
    assert values(everything["ailtire_service_tasks_desired"])[("web",)] == 2
    assert values(everything["ailtire_service_tasks_running"])[("web",)] == 2
    assert values(everything["ailtire_revision_number"]) == {(): 1}
    assert values(everything["ailtire_revision_outcome"]) == {
        ("pending",): 0,
        ("converged",): 1,
        ("failed",): 0,
        ("superseded",): 0,
    }
    assert values(everything["ailtire_rounds"]) == {(): 7}
    assert values(everything["ailtire_rounds_failed"]) == {(): 1}
    assert values(everything["ailtire_drift_resources"])[("service",)] == 2
    assert values(everything["ailtire_drift_resources"])[("network",)] == 0
    assert values(everything["ailtire_engine_calls"]) == {("services", "GET"): 40, ("configs", "POST"): 3}
    assert values(everything["ailtire_engine_errors"])["services", "GET"] == 2
    assert values(everything["ailtire_child_heartbeat_age_seconds"]) == {("orders",): 12.5}


def test_every_number_of_ours_names_its_stack(everything: dict[str, Metric]) -> None:
    ours = [each for name, each in everything.items() if name.startswith(exposition.PREFIX)]
    assert {sample.labels["stack"] for each in ours for sample in each.samples} == {"shop"}
    assert all(each.documentation.endswith(".") for each in ours)


@pytest.mark.parametrize(
    ("way", "stack"), [("/_admin/", "shop"), ("/_admin/children/orders/", "shop/orders")]
)
def test_a_controller_tells_its_own_numbers_also_through_its_parent(
    living: Living, way: str, stack: str
) -> None:
    living.house.settle(1)
    found = living.ask("GET", f"{way}metrics", role="viewer")
    assert (found.status, found.headers["Content-Type"]) == (200, exposition.KIND)
    told = parsed(found.text)
    assert values(told["ailtire_revision_outcome"])[("converged",)] == 1
    assert {each.labels["stack"] for each in told["ailtire_service_tasks_running"].samples} == {stack}
    assert sum(values(told["ailtire_drift_resources"]).values()) == 0
    assert values(told["ailtire_rounds"])[()] >= 1
    assert values(told["ailtire_streams"]) == {(): 0}


def test_what_differs_is_counted_in_the_round_that_sees_it(living: Living) -> None:
    living.again()
    loop = living.house.loop(SHOP)
    loop.reconcile()
    del living.house.engine.objects[Key("service", "shop_web")]
    loop.reconcile()
    assert loop.work.differing == {"service": 1}
    loop.reconcile()
    assert sum(loop.work.differing.values()) == 0
    assert loop.work.rounds == 3
    living.again()


def test_no_value_of_a_secret_is_among_them(living: Living) -> None:
    secrets = [each.data for each in living.house.engine.objects.values() if each.kind == "secret"]
    text = living.ask("GET", "/_admin/metrics").body
    assert len(secrets) > 3
    assert not [each for each in secrets if each and each in text]


def names(everything: dict[str, Metric]) -> set[str]:
    return {sample.name for metric in everything.values() for sample in metric.samples}


def test_the_dashboard_asks_for_nothing_else(everything: dict[str, Metric]) -> None:
    board = json.loads((DOCUMENTS / "grafana.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    named = set(re.findall(r"\b(?:ailtire|process)_[a-z_]+", " ".join(asked)))
    assert len(named) > 10
    assert named <= names(everything)
    wanted = {label for each in asked for label in re.findall(r"by \(([a-z, ]+)\)", each)}
    known = {label for each in everything.values() for sample in each.samples for label in sample.labels}
    assert {each.strip() for several in wanted for each in several.split(",")} <= known


def test_the_documentation_names_all_of_them(everything: dict[str, Metric]) -> None:
    text = (DOCUMENTS / "operations.md").read_text()
    written = set(re.findall(r"\bailtire_[a-z_]+", text.partition("## Monitoring")[2].partition("\n## ")[0]))
    assert written == {each for each in names(everything) if each.startswith(exposition.PREFIX)}
