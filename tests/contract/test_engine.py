"""What both engines do: how things are made, found again, changed and removed."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from ailtire_deploy.apply import apply
from ailtire_deploy.errors import Busy, Conflict, OutOfSequence, Overtaken, Refused
from ailtire_deploy.names import LABEL_OUTCOME, StackPath
from ailtire_deploy.plan import plan
from ailtire_deploy.state import Key, Resource, State
from tests.contract import wishes
from tests.contract.conftest import ROOT, Bench

EVERYTHING = (
    wishes.network(),
    wishes.config(),
    wishes.secret(),
    wishes.service(),
    wishes.full(),
    wishes.everywhere(),
)
LATER = 10_000_000_000.0  # when everything is old enough to be removed


def make(bench: Bench, *resources: Resource) -> State:
    """Create all, and wait until what should run does."""
    for each in resources:
        bench.engine.create(each)
    services = [each.name for each in resources if each.kind == "service"]
    return bench.until(lambda state: all(state.settled(name) for name in services))


def found(bench: Bench, resource: Resource) -> Resource:
    return bench.observe().resources[resource.key]


def test_what_is_made_is_found_as_it_was_wished(bench: Bench) -> None:
    state = make(bench, *EVERYTHING)
    for each in EVERYTHING:
        assert state.resources[each.key].spec == each.spec
        assert state.resources[each.key].labels == each.labels


def test_nothing_is_to_be_done_once_it_was_done(bench: Bench) -> None:
    desired = State.of(EVERYTHING)
    first = apply(plan(desired, bench.observe(), ROOT, LATER), bench.engine)
    assert [each.outcome for each in first] == ["changed"] * len(EVERYTHING), first
    second = plan(desired, bench.observe(), ROOT, LATER)
    assert second.empty, str(second)
    assert len(second.unchanged) == len(EVERYTHING)


def test_the_content_of_a_config_is_found_and_that_of_a_secret_is_not(bench: Bench) -> None:
    state = make(bench, wishes.config(data=bytes(range(256))), wishes.secret())
    assert {each.kind: each.data for each in state} == {"config": bytes(range(256)), "secret": None}


def test_tasks_run_with_names_of_service_network_and_files(bench: Bench) -> None:
    state = make(bench, wishes.network(), wishes.config(), wishes.secret(), wishes.full())
    assert state.running("contract_full") == 2
    for task in state.tasks_of("contract_full"):
        assert task.networks == ("contract_sibling",)
        assert {key.name for key in task.files} == {
            "contract_page-0123456789ab",
            "contract_word-0123456789ab",
        }
        assert task.live
        assert task.current


def test_the_engine_hands_out_addresses(bench: Bench) -> None:
    make(bench, wishes.network())
    state = bench.until(lambda now: now.get("network", "contract_sibling").facts.get("subnets"))
    assert all("/" in subnet for subnet in state.get("network", "contract_sibling").facts["subnets"])


@pytest.mark.parametrize("each", EVERYTHING[:4], ids=lambda each: each.kind)
def test_a_name_of_ours_that_is_taken_means_somebody_was_faster(bench: Bench, each: Resource) -> None:
    make(bench, *State.of([wishes.network(), each]))
    with pytest.raises(Overtaken):
        bench.engine.create(each)


@pytest.mark.parametrize("each", EVERYTHING[:4], ids=lambda each: each.kind)
def test_a_stranger_with_our_name_is_left_alone(bench: Bench, each: Resource) -> None:
    bench.foreign(each.key)
    if each.kind == "service":
        bench.engine.create(wishes.network())
    with pytest.raises(Conflict) as refused:
        bench.engine.create(each)
    assert not isinstance(refused.value, Overtaken)
    state = bench.observe()
    assert each.key not in state.resources
    assert each.kind == "config" or each.key in state.foreign


def test_what_belongs_to_another_tree_is_a_stranger(bench: Bench) -> None:
    make(bench, wishes.network())
    state = bench.engine.observe(StackPath(("other",)))
    assert list(state) == []
    assert Key("network", "contract_sibling") in state.foreign


def test_nothing_without_our_labels_is_written(bench: Bench) -> None:
    bare = replace(wishes.config(), labels={})
    for write in (lambda: bench.engine.create(bare), lambda: bench.engine.remove(bare)):
        with pytest.raises(Conflict):
            write()
    with pytest.raises(Conflict):
        bench.engine.update(wishes.config(), bare)


def test_a_version_that_is_no_longer_the_newest_cannot_be_written_over(bench: Bench) -> None:
    make(bench, wishes.network(), wishes.service(replicas=0))
    old = found(bench, wishes.service())
    bench.engine.update(wishes.service(replicas=0, env={"A": "1"}), old)
    with pytest.raises(OutOfSequence):
        bench.engine.update(wishes.service(replicas=0, env={"A": "2"}), old)
    assert found(bench, wishes.service()).spec == wishes.service(replicas=0, env={"A": "1"}).spec
    with pytest.raises(OutOfSequence):
        bench.engine.remove(old)
    assert found(bench, wishes.service())


@pytest.mark.parametrize("each", [wishes.config(), wishes.secret()], ids=lambda each: each.kind)
def test_labels_of_configs_and_secrets_change_and_nothing_else(bench: Bench, each: Resource) -> None:
    before = make(bench, each).resources[each.key]
    bench.engine.update(each.with_labels(**{LABEL_OUTCOME: "converged"}), before)
    after = found(bench, each)
    assert after.labels == {**each.labels, LABEL_OUTCOME: "converged"}
    assert after.data == before.data
    assert after.version > before.version
    with pytest.raises(OutOfSequence):
        bench.engine.update(each, before)


def test_a_network_cannot_change(bench: Bench) -> None:
    before = make(bench, wishes.network()).resources[wishes.network().key]
    with pytest.raises(Refused):
        bench.engine.update(wishes.network(internal=False), before)


@pytest.mark.parametrize("missing", ["network", "config", "secret"])
def test_a_service_that_names_what_is_not_there_is_refused(bench: Bench, missing: str) -> None:
    needed = (wishes.network(), wishes.config(), wishes.secret())
    make(bench, *(each for each in needed if each.kind != missing))
    with pytest.raises(Refused, match=missing):
        bench.engine.create(wishes.full())


def test_what_is_in_use_stays_until_nothing_uses_it(bench: Bench) -> None:
    state = make(bench, wishes.network(), wishes.config(), wishes.secret(), wishes.full())
    for each in (each for each in state if each.kind != "service"):
        with pytest.raises(Busy):
            bench.engine.remove(each)
    bench.engine.remove(state.resources[wishes.full().key])
    gone = bench.observe()
    assert wishes.full().key not in gone.resources
    assert len(gone.tasks_on("contract_sibling")) == 2
    assert len(gone.tasks_of("contract_full")) == 2, "tasks keep the name of the service they had"
    bench.until(lambda now: not now.tasks_on("contract_sibling"))
    bench.clear()


def test_removing_what_is_gone_is_no_error(bench: Bench) -> None:
    state = make(bench, wishes.network(), wishes.config(), wishes.secret())
    for each in (*state, *state):
        bench.engine.remove(each)
    assert list(bench.until(lambda now: not list(now))) == []


def test_labels_alone_restart_nothing(bench: Bench) -> None:
    state = make(bench, wishes.network(), wishes.service(replicas=2))
    before = state.resources[wishes.service().key]
    tasks = {task.id for task in state.tasks}
    bench.engine.update(wishes.service(replicas=2).with_labels(note="x"), before)
    state = bench.until(lambda now: now.settled("contract_web"))
    assert {task.id for task in state.tasks if task.live} == tasks
    assert found(bench, wishes.service()).labels["note"] == "x"


def test_a_changed_template_replaces_all_tasks(bench: Bench) -> None:
    state = make(bench, wishes.network(), wishes.service(replicas=2))
    old = {task.id for task in state.tasks}
    bench.engine.update(wishes.service(replicas=2, env={"A": "1"}), state.resources[wishes.service().key])
    assert not bench.observe().settled("contract_web")
    state = bench.until(lambda now: now.settled("contract_web"))
    assert not {t.id for t in state.tasks if t.live and t.desired == "running"} & old
    assert state.get("service", "contract_web").facts["update"] == "completed"


def test_a_changed_scale_restarts_nothing(bench: Bench) -> None:
    state = make(bench, wishes.network(), wishes.service(replicas=2))
    old = {task.id for task in state.tasks}
    bench.engine.update(wishes.service(replicas=3), state.resources[wishes.service().key])
    state = bench.until(lambda now: now.settled("contract_web"))
    assert state.running("contract_web") == 3
    assert old < {task.id for task in state.tasks}
    bench.engine.update(wishes.service(replicas=1), state.resources[wishes.service().key])
    state = bench.until(lambda now: sum(task.live for task in now.tasks) == 1)
    assert state.settled("contract_web")


def test_a_config_that_a_service_used_before_is_told(bench: Bench) -> None:
    other = wishes.config("page-ffffffffffff", b"other")
    first = wishes.service(replicas=0, Configs=[wishes.mounted("page-0123456789ab")])
    state = make(bench, wishes.network(), wishes.config(), other, first)
    assert not state.resources[first.key].facts["previous"]
    second = wishes.service(replicas=0, Configs=[wishes.mounted("page-ffffffffffff")])
    bench.engine.update(second, state.resources[first.key])
    assert found(bench, first).facts["previous"] == {wishes.config().key}


def test_another_mode_goes_through_a_removal(bench: Bench) -> None:
    everywhere = wishes.everywhere()
    wanted = wishes.wish("service", "edge", {**everywhere.spec, "Mode": {"Replicated": {"Replicas": 1}}})
    make(bench, wishes.network(), everywhere)
    desired = State.of([wishes.network(), wanted])
    said = [
        str(apply(plan(desired, bench.observe(), ROOT, LATER), bench.engine).changed[0].verb)
        for _ in range(2)
    ]
    assert said == ["remove", "create"]
    state = bench.until(lambda now: now.settled("contract_edge"))
    assert plan(desired, state, ROOT, LATER).empty


def test_nobody_listens_to_a_task_that_is_not_there(bench: Bench) -> None:
    assert list(bench.engine.logs("nosuchtask", "contract/web.1", tail=5)) == []


def test_the_engine_says_which_swarm_it_is(bench: Bench) -> None:
    info = bench.engine.info()
    assert info.cluster
    assert info.managers == 1


def test_an_image_that_no_registry_tells_of_has_no_digest_and_is_no_error(bench: Bench) -> None:
    began = time.monotonic()
    found = bench.engine.digests([wishes.IMAGE, "127.0.0.1:1/nobody:1"])
    assert {image: (each.digest, each.denied) for image, each in found.items()} == {
        wishes.IMAGE: ("", False),
        "127.0.0.1:1/nobody:1": ("", False),
    }
    assert all(each.problem for each in found.values())
    assert bench.engine.digests([]) == {}
    assert time.monotonic() - began < 6
