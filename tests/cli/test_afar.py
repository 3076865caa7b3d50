"""Every verb with an address and a token, and no engine: the real controllers behind a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import errors, log_lines
from ailtire_deploy.names import StackPath
from ailtire_deploy.remote import Remote
from ailtire_deploy.rest import server
from ailtire_deploy.state import Key
from tests.cli.running import Finished, run, stack
from tests.household import three_levels
from tests.rest.living import Living


@contextmanager
def served(living: Living) -> Iterator[str]:
    """The address of the tree; it lives on for a moment with each call."""
    end, one = threading.Event(), threading.Lock()

    def application(environ: dict[str, Any], start: Any) -> Any:
        with one:
            living.house.settle(4)
            if Key("service", "shop_edge") not in living.house.engine.objects:
                start("503 Service Unavailable", [("Content-Type", "text/html")])
                return [b"<h1>nobody is there</h1>"]
            return living.surface()(environ, start)

    made = server.make(application, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=(made, end))
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.effective_port}"
    finally:
        end.set()
        thread.join()


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Living:
    return Living(tmp_path_factory.mktemp("living"))


@pytest.fixture
def url(living: Living) -> Iterator[str]:
    living.again()
    with served(living) as address:
        yield address


def afar(
    home: Path, living: Living, url: str, *arguments: str, role: str = "admin", **variables: str
) -> Finished:
    token = living.bearer(role).removeprefix("Bearer ")
    return run(home, *arguments, "--url", url, AILTIRE_TOKEN=token, **variables)


def file(folder: Path, **more: Any) -> Path:
    return stack(folder, json.dumps({**three_levels(), **more}), "shop.json")


def test_who_can_reach_whom_is_told_and_looked_at_by_the_stacks_controller(
    tmp_path: Path, living: Living, url: str
) -> None:
    shown = afar(tmp_path, living, url, "network", "matrix", "shop/orders", role="viewer")
    assert "●  shop/orders/ledger/book:8080   book" in shown.out
    (told,) = afar(tmp_path, living, url, "network", "matrix", "shop", "--output", "json").json["matrices"]
    assert {each["name"] for each in told["members"]} > {"shop/web", "shop/orders/admin"}
    looked = afar(tmp_path, living, url, "network", "verify", "shop/orders", "--output", "json")
    assert (looked.code, looked.json["verdict"], looked.json["stack"]) == (8, "partly", "shop/orders")
    below = {f"shop_orders_{each}" for each in ("family", "sibling", "ledger_family", "ledger_sibling")}
    assert (looked.json["revision"], set(looked.json["unheard"])) == ("shop_orders.r1", below)
    assert "asking on" in looked.err
    assert not living.house.engine.observe(StackPath(("shop",))).probes
    denied = afar(tmp_path, living, url, "network", "verify", "shop", role="viewer")
    assert (denied.code, "operator" in denied.err) == (errors.Refused.exit_code, True)
    wrong = afar(tmp_path, living, url, "network", "matrix", "stack.yml")
    assert (wrong.code, "is a file" in wrong.err) == (64, True)


def test_tokens_are_taken_back_by_the_roots_controller(tmp_path: Path, living: Living, url: str) -> None:
    id = f"{int(living.house.time) + 60:x}-0123456789abcdef"
    assert afar(tmp_path, living, url, "tokens", "list", "shop").out == "none is taken back\n"
    said = afar(tmp_path, living, url, "tokens", "revoke", "shop", id)
    assert (said.code, f"the token {id} of shop is taken back" in said.err) == (0, True)
    assert afar(tmp_path, living, url, "tokens", "list", "shop").out.startswith(f"{id} until ")
    assert list(afar(tmp_path, living, url, "tokens", "list", "shop", "--output", "json").json["ids"]) == [id]
    empty = afar(tmp_path, living, url, "tokens", "revoke", "shop", "-")
    assert (empty.code, "no token on standard input" in empty.err) == (64, True)
    denied = afar(tmp_path, living, url, "tokens", "revoke", "shop", "--all", role="operator")
    assert (denied.code, "admin" in denied.err) == (errors.Refused.exit_code, True)
    assert afar(tmp_path, living, url, "tokens", "revoke", "shop", "--all").code == 0
    assert afar(tmp_path, living, url, "status", "shop").code == errors.Denied.exit_code


def test_status_logs_and_history_need_no_engine(tmp_path: Path, living: Living, url: str) -> None:
    living.house.engine.output["shop_web"] = ["hello from afar"]
    tree = afar(tmp_path, living, url, "status", "shop", "--output", "json", role="viewer")
    assert (tree.code, tree.json["name"], tree.json["status"]) == (0, "shop", "running")
    child = afar(tmp_path, living, url, "status", "shop/orders")
    assert child.out.startswith("● orders")
    assert (
        afar(tmp_path, living, url, "status", "shop", "--explain").out
        == "shop: everything is as it should be\n"
    )
    lines = afar(tmp_path, living, url, "logs", "shop", "web", "--tail", "1")
    assert (lines.code, lines.out) == (0, "shop/web.2 | hello from afar\n")
    living.house.engine.output["shop_web"] = ["a \x1b[1mbold\x1b[0m line", "another"]
    asked = "logs", "shop", "web", "--since", "2020-01-01T00:00:00Z", "--grep", "bold"
    assert (
        afar(tmp_path, living, url, *asked).out.splitlines()[-1] == "shop/web.2 | a \\x1b[1mbold\\x1b[0m line"
    )
    assert "\x1b[1m" in afar(tmp_path, living, url, *asked, "--raw").out
    found = afar(tmp_path, living, url, "history", "shop/orders", "--output", "json")
    assert [each["number"] for each in found.json["revisions"]] == [1]
    assert "converged" in afar(tmp_path, living, url, "history", "shop").out


@pytest.mark.parametrize("command", [["status"], ["logs"], ["history"], ["history", "--diff", "1", "1"]])
@pytest.mark.parametrize("name", ["other", "shop/nobody"])
def test_the_address_of_another_stack_is_said_to_be_one(
    tmp_path: Path, living: Living, url: str, command: list[str], name: str
) -> None:
    verb, *options = command
    found = afar(tmp_path, living, url, verb, name, *options)
    assert (found.code, found.out) == (4, "")
    assert f"is not the address of {name}" in found.err


def test_a_definition_is_planned_and_applied_and_a_second_time_nothing_is_written(
    tmp_path: Path, living: Living, url: str
) -> None:
    target, value = str(file(tmp_path)), "value of shop/token"
    same = afar(tmp_path, living, url, "plan", target, TOKEN=value)
    assert (same.code, same.err) == (0, "")
    assert "PLAY [shop] on http://127.0.0.1" in same.out
    assert "changed=0" in same.out
    more = afar(tmp_path, living, url, "plan", target, "-e", "replicas=3", "--diff", TOKEN=value)
    assert more.code == errors.CHANGES
    assert "changed: [shop] update service shop_web (replicas 2 → 3)" in more.out
    done = afar(tmp_path, living, url, "apply", target, "-e", "replicas=3", "--output", "json", TOKEN=value)
    assert (done.code, done.json["verdict"]) == (0, "converged")
    assert done.json["stacks"]["shop"]["changed"] >= 1
    writes = list(living.house.engine.writes)
    again = afar(tmp_path, living, url, "apply", target, "-e", "replicas=3", TOKEN=value)
    assert (again.code, living.house.engine.writes) == (0, writes)
    assert "RECAP" in again.out


def test_a_changed_secret_goes_along_for_an_admin_and_stays_for_an_operator(
    tmp_path: Path, living: Living, url: str
) -> None:
    target = str(file(tmp_path))
    before = living.house.names("secret")
    assert afar(tmp_path, living, url, "apply", target, role="operator", TOKEN="hunter2hunter2").code == 0
    assert living.house.names("secret") == before
    done = afar(tmp_path, living, url, "apply", target, "--diff", "-v", TOKEN="hunter2hunter2")
    assert done.code == 0
    assert len(living.house.names("secret")) == len(before) + 1
    assert "hunter2" not in done.out + done.err


def test_an_older_revision_comes_back_and_its_difference_is_shown(
    tmp_path: Path, living: Living, url: str
) -> None:
    living.ask("POST", "/_admin/update", {"parameters": {"replicas": 5}})
    shown = afar(tmp_path, living, url, "history", "shop", "--diff", "1", "2")
    assert shown.out.splitlines()[-1] == "parameters.replicas: (none) → 5"
    assert "replicas 5 → 2" in afar(tmp_path, living, url, "rollback", "shop", "1", "--check").out
    back = afar(tmp_path, living, url, "rollback", "shop", "1")
    assert back.code == 0
    assert back.out.startswith("ROLLBACK [shop] to 1 on http://127.0.0.1")
    assert living.house.names("config")[-1:] != []


def test_what_may_not_be_is_said_with_the_codes_of_the_engine_way(
    tmp_path: Path, living: Living, url: str
) -> None:
    target = str(file(tmp_path, name="other"))
    assert afar(tmp_path, living, url, "plan", target, TOKEN="x").code == 4
    small = afar(tmp_path, living, url, "rollback", "shop", role="viewer")
    assert (small.code, "operator" in small.err) == (4, True)
    wrong = run(tmp_path, "status", "shop", "--url", url, "--token", "not.one")
    assert (wrong.code, "token" in wrong.err) == (4, True)
    assert run(tmp_path, "status", "shop", "--url", url).code == 64
    assert run(tmp_path, "status", "shop", "--url", "ftp://x", "--token", "a").code == 64
    assert run(tmp_path, "status", "shop", "--token", "a").code == 64
    assert run(tmp_path, "status", "shop", "--url", "http://127.0.0.1:9", "--token", "a").code == 8
    other = {
        **three_levels(),
        "secrets": {"token": {"from": {"env": "TOKEN"}}, "more": {"from": {"generate": {}}}},
    }
    listed = afar(tmp_path, living, url, "plan", str(file(tmp_path, **other)), TOKEN="x")
    assert (listed.code, "shop/more" in listed.err) == (3, True)


def test_a_root_is_shut_down_until_it_does_not_answer(tmp_path: Path, living: Living, url: str) -> None:
    assert afar(tmp_path, living, url, "shutdown", "shop").code == 64
    done = afar(tmp_path, living, url, "shutdown", "shop", "--yes", "--output", "json")
    assert (done.code, done.json["verdict"]) == (0, "gone")
    assert done.json["stacks"]["shop/orders/ledger"]["changed"] > 0
    assert not [each for each in living.house.names("service") if "web" in each]


def test_an_address_with_a_path_is_that_of_the_stack_itself() -> None:
    orders = StackPath(("shop", "orders", "ledger"))
    assert Remote("https://x", "t").address(orders) == "/_admin/children/orders/children/ledger"
    assert Remote("https://x/orders/ledger/", "t").address(orders) == "/orders/ledger/_admin"
    assert Remote("https://x/_admin", "t").address(orders.root) == "/_admin"


@pytest.mark.parametrize(
    "url", ["x", "file:///etc/passwd", "http://", "https://a:b@x", "http://x?y=1", "http://x#y"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(errors.Usage):
        Remote(url, "t")


def test_a_token_never_shows_and_has_to_be_one() -> None:
    assert "geheim" not in repr(Remote("https://x", "geheim"))
    for wrong in ("", " ", "a\nb", "é"):
        with pytest.raises(errors.Usage):
            Remote("https://x", wrong)


def test_a_line_comes_back_as_it_went() -> None:
    line = log_lines.LogLine("shop/web.1", "stderr", "2027-01-15T08:00:01Z", "text")
    assert log_lines.from_json(log_lines.as_json(line)) == line


@pytest.mark.parametrize("path", ["shop/orders/api", "shop/orders", "shop/web"])
def test_releases_are_promoted_and_aborted_from_afar(
    tmp_path: Path, living: Living, url: str, path: str
) -> None:
    for verb in (["promote", "--fully"], ["abort"]):
        found = afar(tmp_path, living, url, *verb, path)
        assert found.code == errors.NotFound("").exit_code, found
        assert f"no release is on in {path}" in found.err


def test_a_stack_and_a_service_are_closed_and_opened_from_afar(
    tmp_path: Path, living: Living, url: str
) -> None:
    more = ["--message", "back at noon", "--allow", "10.0.0.0/8"]
    shown = afar(tmp_path, living, url, "maintenance", "on", "shop/web", *more, "--check", role="operator")
    assert shown.code == errors.CHANGES, shown
    assert afar(tmp_path, living, url, "maintenance", "on", "shop/web", *more, role="operator").code == 0
    assert "maintenance" in afar(tmp_path, living, url, "status", "shop").out
    again = afar(tmp_path, living, url, "maintenance", "on", "shop/web", *more)
    assert again.code == 0
    assert len(afar(tmp_path, living, url, "history", "shop", "--output", "json").json["revisions"]) == 2
    assert afar(tmp_path, living, url, "maintenance", "off", "shop/web").code == 0
    assert "maintenance" not in afar(tmp_path, living, url, "status", "shop").out
    assert afar(tmp_path, living, url, "maintenance", "on", "shop/orders").code == 0
    assert afar(tmp_path, living, url, "maintenance", "on", "shop/nobody").code != 0
    assert afar(tmp_path, living, url, "maintenance", "on", "shop", role="viewer").code == 4


def test_an_operator_moves_parameters_and_no_definition(tmp_path: Path, living: Living, url: str) -> None:
    same = str(file(tmp_path))
    done = afar(tmp_path, living, url, "apply", same, "-e", "replicas=3", role="operator", TOKEN="x")
    assert done.code == 0, done
    other = str(file(tmp_path, deadline="10m"))
    refused = afar(tmp_path, living, url, "apply", other, role="operator", TOKEN="x")
    assert (refused.code, "needs the role admin" in refused.err) == (4, True), refused


def test_a_rollback_from_afar_is_allowed_as_one_with_an_engine_is(
    tmp_path: Path, living: Living, url: str
) -> None:
    few = {**three_levels(), "services": {f"s{each}": {"image": "a"} for each in range(7)}}
    many = "allow_prune=true&allow_interruption=true"
    assert living.ask("POST", f"/_admin/update?{many}", {"definition": few}).status == 202
    living.house.settle(20)
    refused = afar(tmp_path, living, url, "rollback", "shop", "1", "--yes")
    assert (refused.code, "allow_prune" in refused.err) == (3, True), refused
    assert afar(tmp_path, living, url, "rollback", "shop", "1", "--yes", "--allow-prune").code == 0
