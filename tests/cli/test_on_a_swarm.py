"""Commands that need a swarm, on the engine model with real controllers: what they say, and in which form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import engine as engines
from ailtire_deploy import errors, identity, loading
from ailtire_deploy.cli import entry, runs
from ailtire_deploy.cli.swarms import Swarm
from ailtire_deploy.launcher import Launcher
from ailtire_deploy.names import StackPath
from tests.household import Household

OUTER = """\
name: shop
parameters: {replicas: {type: integer, default: 2}}
services:
  web: {image: shop/web:1, interface: {/: {port: 8080}}, deploy: {replicas: "{{ replicas }}"}}
  orders: {type: stack, definition: orders.yml, interface: {/orders: {}}}
gateway: {publish: [{port: 8080}]}
"""
INNER = "name: orders\nservices:\n  api: {image: shop/api:1, interface: {/: {port: 8080}}}\n"
PLAYBOOK = "- name: The shop\n  stacks:\n    - {definition: shop.yml, state: STATE}\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Household:
    """The engine model in the place of the engine; its controllers live while the launcher waits."""
    found = Household(tmp_path)

    def launcher(swarm: Swarm) -> Launcher:
        swarm._launcher = swarm._launcher or found.launcher(swarm.resolve)
        return swarm._launcher

    monkeypatch.setattr(engines, "SwarmEngine", lambda target, logins, wakes: found.engine)
    monkeypatch.setattr(Swarm, "launcher", launcher)
    monkeypatch.setenv("AILTIRE_KEY_FILE", str(tmp_path / "keys.json"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yml").write_text(OUTER)
    (tmp_path / "orders.yml").write_text(INNER)
    for state in ("present", "absent"):
        (tmp_path / f"{state}.yml").write_text(PLAYBOOK.replace("STATE", state))
    return found


@pytest.fixture
def run(house: Household, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = entry.run(list(arguments))
        out, err = capsys.readouterr()
        assert "\x1b" not in out + err
        return code, out, err

    return call


@pytest.fixture
def deployed(run: Run, house: Household) -> Household:
    assert run("apply", "present.yml", "--progress", "quiet")[0] == 0
    return house


def documents(run: Run, *arguments: str) -> tuple[int, Any]:
    code, out, _ = run(*arguments, "--output", "json", "--progress", "quiet")
    return code, json.loads(out)


def test_tags_are_asked_for_anew_only_when_that_is_said(run: Run, deployed: Household) -> None:
    deployed.settle(5)
    deployed.engine.registry = {"shop/api:1": f"sha256:{'1' * 64}"}
    assert run("plan", "present.yml")[0] == 0
    code, out, _ = run("plan", "present.yml", "--resolve", "--save", "today.plan")
    assert code == errors.CHANGES
    assert "update service shop_orders_api (image shop/api:1 → shop/api:1@sha256:111111" in out
    assert run("apply", "--plan", "today.plan", "--resolve")[0] == errors.Usage.exit_code
    assert run("apply", "--plan", "today.plan")[0] == 0, "a saved plan knows that it was made so"
    assert run("plan", "present.yml")[0] == 0


def test_who_has_to_log_in_is_told_where(run: Run, house: Household) -> None:
    inner = Path("orders.yml")
    inner.write_text(inner.read_text().replace("shop/api:1", "r.example/api:1"))
    house.engine.denied = {"r.example/api:1"}
    said = "note: r.example/api:1: r.example wants a login: `docker login r.example`, then apply again"
    assert run("plan", "present.yml")[2].splitlines() == [said]
    house.credentials = {"r.example": {"username": "ann", "password": "hush"}}
    assert "r.example refuses the credentials" in run("plan", "present.yml")[2]
    house.engine.denied.clear()
    assert run("plan", "present.yml")[2] == ""
    assert "r.example/api:1: used as tagged" in run("plan", "present.yml", "-v")[2]


def test_a_plan_names_the_play_the_engine_and_every_write(run: Run, house: Household) -> None:
    code, out, err = run("plan", "present.yml")
    lines = out.splitlines()
    assert (code, err) == (errors.CHANGES, "")
    assert lines[0] == "PLAY [The shop] on fake:// (swarm fakecluster, engine 20.10.24, 1 node)"
    assert "changed: [shop/orders] create service shop_orders_api" in lines
    assert lines[lines.index("RECAP") + 1].startswith("shop        : ok=0 changed=")
    assert not house.engine.writes


def test_a_bare_definition_is_planned_by_its_own_name(run: Run) -> None:
    assert run("plan", "shop.yml")[1].startswith("PLAY [shop] on fake://")


def test_an_apply_tells_its_progress_beside_the_result(run: Run) -> None:
    code, out, err = run("apply", "present.yml")
    assert code == 0
    assert out.splitlines()[0].startswith("PLAY [The shop] on fake://")
    assert "shop/orders : ok=" in out
    assert "failed=0" in out
    assert any(line.endswith("shop/orders/api running") for line in err.splitlines())
    assert "PLAY" not in err


def test_a_quiet_apply_says_nothing_beside_the_result(run: Run) -> None:
    code, _, err = run("apply", "present.yml", "--progress", "quiet")
    assert (code, err) == (0, "")


def test_an_apply_in_json_is_one_document_and_the_header_stands_beside_it(run: Run) -> None:
    code, out, err = run("apply", "present.yml", "--output", "json")
    document = json.loads(out)
    assert (code, document["verdict"], document["reasons"]) == (0, "converged", [])
    assert set(document["stacks"]) == {"shop", "shop/orders"}
    assert set(document["stacks"]["shop"]) == {"ok", "changed", "waiting", "failed"}
    assert err.startswith("PLAY [The shop] on fake://")


def test_a_second_apply_changes_nothing_and_is_soon_told(run: Run, deployed: Household) -> None:
    before = list(deployed.engine.writes)
    code, out, err = run("apply", "present.yml")
    assert (code, err) == (0, "")
    assert out.count("changed=0") == 2
    assert deployed.engine.writes == before
    assert run("plan", "present.yml")[0] == run("apply", "present.yml", "--check")[0] == 0


def test_a_plan_in_json_shows_the_one_field_that_changes(run: Run, deployed: Household) -> None:
    code, document = documents(run, "plan", "present.yml", "-e", "replicas=3")
    assert (code, document["verdict"]) == (errors.CHANGES, "changes")
    service = next(each for each in document["stacks"]["shop"] if each["kind"] == "service")
    assert (service["verb"], service["name"]) == ("update", "shop_web")
    assert [(each["before"], each["after"]) for each in service["changes"]] == [(2, 3)]


def test_a_plan_with_diff_shows_the_field_and_with_v_what_stays(run: Run, deployed: Household) -> None:
    shown = run("plan", "present.yml", "-e", "replicas=3", "--diff", "-v")[1]
    assert "changed: [shop] update service shop_web (replicas 2 → 3)\n    the definition changed\n" in shown
    assert "    Mode.Replicated.Replicas: 2 → 3\n" in shown
    assert "ok: [shop/orders] service shop_orders_api\n" in shown


def test_a_plan_as_markdown_is_for_a_review(run: Run, deployed: Household) -> None:
    shown = run("plan", "present.yml", "-e", "replicas=3", "--output", "markdown")[1]
    assert shown.startswith("### shop\n")
    assert "| changed | update service `shop_web` |" in shown


def test_a_status_is_the_tree_in_each_form(run: Run, deployed: Household) -> None:
    code, document = documents(run, "status", "shop")
    assert (code, document["name"], document["status"]) == (0, "shop", "running")
    code, out, _ = run("status", "shop/orders")
    assert out.splitlines()[0].split()[:4] == ["●", "orders", "running", "3/3"]
    assert "| `shop/orders/api` |" in run("status", "shop", "--output", "markdown")[1]


def test_a_status_names_the_last_log_line(run: Run, deployed: Household) -> None:
    task = next(each for each in deployed.engine.running if each.service == "shop_web")
    deployed.engine.output[task.id] = ["first", "last"]
    web = next(each for each in documents(run, "status", "shop")[1]["services"] if each["shortName"] == "web")
    assert web["line"] == "last"


def test_logs_are_prefixed_by_path_service_and_slot(run: Run, deployed: Household) -> None:
    for task in deployed.engine.running:
        deployed.engine.output[task.id] = ["one", "two", "three \x1b[31m"]
    code, out, err = run("logs", "shop/orders", "api", "--tail", "2")
    assert (code, err) == (0, "")
    assert out == "shop/orders/api.1 | two\nshop/orders/api.1 | three \\x1b[31m\n"
    assert documents(run, "logs", "shop", "--tail", "1", "--no-recursive")[1][0]["source"] == "shop/admin.1"
    assert run("logs", "shop/orders", "api", "--tail", "1", "-t")[1].startswith("2026-01-01T00:00:00Z shop/")


def test_logs_are_searched_for_a_text_as_it_stands(run: Run, deployed: Household) -> None:
    for task in deployed.engine.running:
        deployed.engine.output[task.id] = ["one", "t.o", "three \x1b[31m"]
    assert run("logs", "shop/orders", "api", "--grep", "t.")[1] == "shop/orders/api.1 | t.o\n"
    assert run("logs", "shop/orders", "api", "--grep", "three")[1].endswith("three \\x1b[31m\n")
    assert run("logs", "shop/orders", "api", "--grep", "x" * 201)[0] == 64


@pytest.mark.parametrize("since", ["10m", "90", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00+01:00"])
def test_logs_begin_at_a_time(run: Run, deployed: Household, since: str) -> None:
    assert run("logs", "shop", "--since", since)[0] == 0


@pytest.mark.parametrize("since", ["soon", "-5", "1e3", "5w", ""])
def test_what_is_no_time_is_refused(run: Run, deployed: Household, since: str) -> None:
    assert run("logs", "shop", "--since", since)[0] == 64


def test_logs_without_those_of_a_node_that_is_away_say_so_and_are_partly_there(
    run: Run, deployed: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = next(each for each in deployed.engine.running if each.service == "shop_web")
    there = next(each for each in deployed.engine.running if each.service == "shop_orders_api")
    deployed.engine.output[there.id] = ["here"]
    read = deployed.engine.logs

    def logs(task: str, source: str, **options: Any) -> Any:
        if task == away.id:
            raise errors.Unreachable("no answer \x1b[2J")
        return read(task, source, **options)

    monkeypatch.setattr(deployed.engine, "logs", logs)
    code, out, err = run("logs", "shop")
    assert (code, out.splitlines()) == (8, ["shop/orders/api.1 | here"])
    assert "note: shop/web.1: its log cannot be read: no answer \\x1b[2J" in err
    code, out, _ = run("logs", "shop", "--output", "json")
    assert (code, {each["stream"] for each in json.loads(out)}) == (8, {"note", "stdout"})


def test_following_goes_on_until_it_is_interrupted(
    run: Run, deployed: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ailtire_deploy import log_streams

    def pause(seconds: float) -> None:
        raise KeyboardInterrupt

    task = next(each for each in deployed.engine.running if each.service == "shop_web")
    deployed.engine.output[task.id] = ["hello"]
    monkeypatch.setattr(log_streams.time, "sleep", pause)
    code, out, err = run("logs", "shop", "web", "-f", "--output", "json")
    assert (code, json.loads(out.splitlines()[0])["text"]) == (130, "hello")
    assert "interrupted" in err


def test_a_history_lists_the_revisions(run: Run, deployed: Household) -> None:
    assert run("apply", "present.yml", "-e", "replicas=3", "--progress", "quiet")[0] == 0
    document = documents(run, "history", "shop")[1]
    assert [each["number"] for each in document["revisions"]] == [2, 1]
    assert document["revisions"][0]["author"] == "anna"
    assert "converged  command line  anna" in run("history", "shop")[1]


def test_a_token_is_all_that_is_printed_and_its_key_is_good(run: Run, deployed: Household) -> None:
    code, out, err = run("token", "shop/orders", "--role", "operator", "--ttl", "10m", "--subject", "eve")
    assert (code, out.count("\n"), err.count("\n")) == (0, 1, 1)
    assert "tokens revoke" in err
    path = StackPath.parse("shop/orders")
    caller = identity.verify(out.strip(), path, deployed.key(path), path, 0)
    assert (caller.sub, caller.role, str(caller.path)) == ("eve", "operator", "shop/orders")


def test_a_token_needs_the_key_of_the_stack(run: Run) -> None:
    code, out, err = run("token", "shop")
    assert (code, out) == (4, "")
    assert "AILTIRE_KEY_FILE" in err


@pytest.mark.parametrize("verb", ["status", "logs", "history"])
def test_an_unknown_stack_is_4(run: Run, deployed: Household, verb: str) -> None:
    code, out, err = run(verb, "nobody")
    assert (code, out) == (4, "")
    assert "nobody" in err


def test_render_writes_a_folder_a_stack(run: Run, deployed: Household, tmp_path: Path) -> None:
    before = list(deployed.engine.writes)
    code, _, _ = run("render", "present.yml", "-o", "out")
    assert code == 0
    written = {str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*.*")}
    stacks = {
        f"{path}/{name}" for path in ("shop", "shop/orders") for name in ("compose.yml", "controller.env")
    }
    assert stacks | {"shop/haproxy.cfg", "shop/faces.map", "shop/edge.cfg"} <= written
    assert "shop/orders/edge.cfg" not in written
    assert "AILTIRE_STACKNAME=shop/orders" in (tmp_path / "out/shop/orders/controller.env").read_text()
    assert deployed.engine.writes == before


def test_what_is_rendered_is_what_is_deployed_digests_and_logins_too(
    run: Run, house: Household, tmp_path: Path
) -> None:
    inner = Path("orders.yml")
    inner.write_text(inner.read_text().replace("shop/api:1", "r.example/api:1"))
    house.credentials = {"r.example": {"username": "ann", "password": "hush-hush"}}
    house.engine.registry = {"r.example/api:1": f"sha256:{'1' * 64}"}
    assert run("apply", "present.yml", "--progress", "quiet")[0] == 0
    house.engine.asked.clear()
    assert run("render", "present.yml", "-o", "out")[0] == 0
    assert house.engine.asked == []
    (login,) = [name for name in house.names("secret") if ".registry." in name]
    compose = (tmp_path / "out" / "shop" / "compose.yml").read_text()
    assert f'{login}: {{"external": true' in compose
    assert f'image: "r.example/api:1@sha256:{"1" * 64}"' in Path("out/shop/orders/compose.yml").read_text()
    written = [file.read_text() for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert "hush-hush" not in "".join(written)


def test_render_into_a_place_that_is_a_file_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    assert run("render", "present.yml", "-o", "out")[0] == 64


def test_a_shutdown_ends_with_nothing(run: Run, deployed: Household) -> None:
    code, out, err = run("shutdown", "shop", "--yes")
    assert code == 0
    assert out.startswith("SHUTDOWN [shop] on fake://")
    assert "shop/orders/api gone" in err
    assert deployed.names() == []


def test_a_shutdown_may_be_said_by_file_and_again(run: Run, deployed: Household) -> None:
    assert run("shutdown", "present.yml", "--yes")[0] == 0
    code, document = documents(run, "shutdown", "present.yml", "--yes")
    assert (code, document) == (0, {"stacks": {}, "verdict": "gone", "reasons": []})


def test_a_name_that_is_none_is_not_shut_down(run: Run, deployed: Household) -> None:
    code, _, err = run("shutdown", "shopp", "--yes")
    assert (code, err) == (4, "error: there is no stack shopp on this swarm; did you mean shop?\n")


def test_a_shutdown_asks_on_a_terminal(
    run: Run, deployed: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["n", "y"])
    monkeypatch.setattr(runs, "is_interactive", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: next(answers))
    assert run("shutdown", "shop")[0] == errors.INTERRUPTED
    assert deployed.names()
    assert run("shutdown", "shop")[0] == 0
    assert deployed.names() == []


def test_a_stack_that_shall_be_absent_is_planned_and_taken_down(run: Run, deployed: Household) -> None:
    code, document = documents(run, "plan", "absent.yml")
    assert code == errors.CHANGES
    assert {each["verb"] for stack in document["stacks"].values() for each in stack} == {"remove"}
    assert run("apply", "absent.yml")[0] == 0
    assert deployed.names() == []
    assert run("plan", "absent.yml")[0] == 0


def test_services_are_taken_away_on_a_terminal_only_after_a_yes(
    run: Run, deployed: Household, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "shop.yml").write_text(OUTER.replace("  web: ", "  site: "))
    asked: list[str] = []

    def refuse(prompt: str) -> str:
        asked.append(prompt)
        return "n"

    monkeypatch.setattr(runs, "is_interactive", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", refuse)
    before = list(deployed.engine.writes)
    assert run("apply", "present.yml")[0] == errors.INTERRUPTED
    assert deployed.engine.writes == before
    assert "shop_web" in asked[0]
    assert run("apply", "present.yml", "--yes")[0] == 0
    assert "shop_site" in deployed.names("service")


def test_what_does_not_come_up_is_4_with_the_reason(run: Run, house: Household) -> None:
    house.engine.stuck.add("shop_orders_api")
    code, out, _ = run("apply", "present.yml", "--timeout", "30s")
    assert code == 4
    assert "failed: " in out
    assert "shop/orders" in out
    assert "failed=1" in out.partition("RECAP")[2]


def test_an_apply_that_does_not_wait_says_that_it_is_pending(run: Run) -> None:
    code, document = documents(run, "apply", "present.yml", "--no-wait")
    assert (code, document["verdict"]) == (0, "pending")


def test_an_apply_while_a_shutdown_is_under_way_is_6(run: Run, deployed: Household) -> None:
    loop = deployed.loops[StackPath(("shop",))]
    from ailtire_deploy import revisions

    observed = deployed.engine.observe(StackPath(("shop",)))
    told = revisions.make(
        observed, loop.path, revisions.ABSENT, cause=revisions.LOCAL, origin="", author="eve"
    )
    deployed.engine.create(told)
    code, _, err = run("apply", "present.yml")
    assert code == 6
    assert "shutting down" in err


def test_the_command_line_goes_before_the_play_in_choosing_an_engine(
    run: Run, monkeypatch: pytest.MonkeyPatch, house: Household, tmp_path: Path
) -> None:
    chosen: list[str | None] = []

    def engine(target: str | None, logins: object, wakes: object) -> Any:
        chosen.append(target)
        return house.engine

    monkeypatch.setattr(engines, "SwarmEngine", engine)
    (tmp_path / "there.yml").write_text(PLAYBOOK.replace("STATE", "present") + "  engine: {context: there}\n")
    assert loading.load(tmp_path / "there.yml").plays[0].engine is not None
    run("plan", "present.yml")
    run("plan", "there.yml")
    run("plan", "there.yml", "--engine", "here")
    assert chosen == [None, "there", "here"]


def test_doctor_finds_all_in_order_but_the_socket(
    run: Run, monkeypatch: pytest.MonkeyPatch, house: Household
) -> None:
    monkeypatch.setattr(house.engine, "image_labels", lambda name: {}, raising=False)
    code, out, _ = run("doctor")
    assert code == 0
    assert "root on the swarm" in out
    assert "unknown: virtual addresses" in out
    monkeypatch.setattr(house.engine, "image_labels", lambda name: None, raising=False)
    code, document = documents(run, "doctor")
    assert (code, document["verdict"]) == (4, "failed")
    assert "| failed | image |" in run("doctor", "--output", "markdown")[1]


CANARY = OUTER.replace("deploy:", "strategy: {type: canary, steps: [{weight: 5, pause: 1h}]}, deploy:")


def test_a_release_is_seen_promoted_and_aborted(run: Run, deployed: Household, tmp_path: Path) -> None:
    (tmp_path / "shop.yml").write_text(CANARY.replace("web:1", "web:2"))
    run("apply", "present.yml", "--progress", "quiet", "--no-wait")
    deployed.settle(20)
    code, out, _ = run("status", "shop")
    assert code == 0
    assert "canary at 5 %" in out
    code, out, _ = run("promote", "shop/web", "--output", "json")
    assert (code, json.loads(out)) == (0, {"stack": "shop", "services": ["web"], "asked": "promote"})
    deployed.settle(20)
    code, out, _ = run("abort", "shop")
    assert code == 0
    assert "shop/web: written down" in out
    deployed.settle(40)
    code, out, _ = run("history", "shop")
    assert "shop/web: canary aborted at 100 %" in out
    code, _, err = run("abort", "shop/web")
    assert code != 0
    assert "no release is on in shop/web" in err
