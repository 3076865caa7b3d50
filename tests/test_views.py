"""How things look. Each expected text is a file in ``views/``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import names, revisions, status
from ailtire_deploy.diff import Change
from ailtire_deploy.errors import Busy, InvalidInput, OutOfSequence, Problem, Unreachable
from ailtire_deploy.names import StackPath
from ailtire_deploy.plan import Operation, Plan
from ailtire_deploy.revisions import Revision
from ailtire_deploy.state import Key, Kind, Resource, State
from ailtire_deploy.status import LogLineInfo
from ailtire_deploy.views import histories, paint, plain, plans, problems, recaps, trees
from tests.test_status import NOW, ORDERS, SHOP, healthy, revision, service, task

EXPECTED = Path(__file__).parent / "views"
EVIL = "\x1b[31mred\x1b[0m\u202e\u0085\x07"


def expect(name: str, lines: Sequence[str]) -> None:
    assert "\n".join(lines) + "\n" == (EXPECTED / name).read_text()


def resource(kind: Kind, name: str, path: StackPath = SHOP) -> Resource:
    return Resource(Key(kind, name), labels={names.LABEL_PATH: str(path), names.LABEL_OWNER: str(path)})


def update(name: str, *changes: Change, **rest: Any) -> Operation:
    found = resource("service", name)
    return Operation("update", found, found, "the definition changed", changes, **rest)


SCALE = Change("Mode.Replicated.Replicas", 2, 3)
TAG = Change("TaskTemplate.ContainerSpec.Image", "shop/web:1", "shop/web:2")
TEXT = Change("Data", "one\ntwo\n", "one\n`2`\n")
ENVIRONMENT = Change("TaskTemplate.ContainerSpec.Env[A]", None, "a=1")

PLANS = (
    Plan(
        SHOP,
        (
            Operation("create", resource("network", "shop_sibling"), cause="it is not there"),
            update("shop_web", SCALE),
            update("shop_api", TAG, ENVIRONMENT, impact="rolling (2 task restarts)"),
            Operation(
                "create",
                resource("service", "shop_late"),
                cause="it is not there",
                waiting="service shop_db to be healthy",
            ),
            Operation(
                "create",
                resource("config", "shop_motd-0123456789ab"),
                cause="takes the place of x",
                changes=(TEXT,),
            ),
        ),
        (resource("service", "shop_gateway"), resource("network", "shop_family")),
    ),
    Plan(
        ORDERS,
        (
            Operation(
                "remove", resource("service", "shop_orders_old", ORDERS), cause="nobody wishes it any more"
            ),
            Operation(
                "create",
                resource("secret", "shop_orders_x", ORDERS),
                cause="it is not there",
                error="it is gone",
            ),
        ),
    ),
)


def test_a_plan_is_a_line_an_operation() -> None:
    expect("plan.txt", plans.as_text(PLANS))


@pytest.mark.parametrize(
    ("paths", "after", "said"),
    [
        (["Mode.Replicated.Replicas"], 3, "(replicas 2 → 3)"),
        (["TaskTemplate.ContainerSpec.Healthcheck"], {"Test": ["CMD"]}, "(healthcheck)"),
        (["A.One", "A.Two", "B.Two", "Three"], 3, "(one, two, three)"),
        (["A.One", "Two", "Three", "Four", "Five"], 3, "(one, two, three and 2 more)"),
        (["A." + "x" * 90], [], f"({'x' * 39}…)"),
    ],
)
def test_a_line_says_which_fields_change_also_where_their_values_have_no_room(
    paths: list[str], after: Any, said: str
) -> None:
    operation = update("shop_web", *(Change(each, 2, after) for each in paths))
    assert plans.operation_line("shop", operation).endswith(f"update service shop_web {said}")


def test_a_plan_with_diff_shows_each_field() -> None:
    expect("plan-diff.txt", plans.as_text(PLANS, diff=True, verbose=True))


def test_a_plan_as_markdown_has_a_table_a_stack() -> None:
    expect("plan.md", plans.as_markdown(PLANS))


def test_a_plan_as_json_has_the_agreed_shape() -> None:
    document = plans.as_json(PLANS[:1])
    assert document["verdict"] == "changes"
    assert document["stacks"]["shop"][1] == {
        "verb": "update",
        "kind": "service",
        "name": "shop_web",
        "cause": "the definition changed",
        "impact": "none",
        "changes": [{"path": "Mode.Replicated.Replicas", "before": 2, "after": 3}],
    }
    assert document["stacks"]["shop"][3]["waiting"] == "service shop_db to be healthy"
    assert plans.as_json(PLANS)["stacks"]["shop/orders"][1]["error"] == "it is gone"


def test_a_plan_says_unchanged_changes_or_failed() -> None:
    assert plans.verdict([Plan(SHOP)]) == "unchanged"
    assert plans.verdict(PLANS[:1]) == "changes"
    assert plans.verdict(PLANS) == "failed"
    assert plans.as_markdown([Plan(SHOP)]) == ["Nothing to do."]


def test_a_plan_counts_what_would_happen_by_stack() -> None:
    assert plans.counts(PLANS) == {
        "shop": {"ok": 2, "changed": 4, "waiting": 1, "failed": 0},
        "shop/orders": {"ok": 0, "changed": 1, "waiting": 0, "failed": 1},
    }


def test_a_recap_has_a_line_a_stack_and_the_reasons() -> None:
    expect("recap.txt", recaps.as_text(plans.counts(PLANS), ["shop/orders/db: no such image"]))
    expect("recap.md", recaps.as_markdown(plans.counts(PLANS), "failed", ["shop/orders/db: no such image"]))
    assert recaps.as_text({}) == ["RECAP", "nothing was looked at"]
    assert recaps.as_text({"a": {}}, verdict="converged") == recaps.as_text({"a": {}})
    assert recaps.as_text({"a": {}}, verdict="rolled back")[-1].startswith(
        "rolled back: the change was undone"
    )


def test_a_recap_as_json_has_the_agreed_shape() -> None:
    assert recaps.as_json({"shop": {"ok": 1}}, "converged", ()) == {
        "stacks": {"shop": {"ok": 1, "changed": 0, "waiting": 0, "failed": 0}},
        "verdict": "converged",
        "reasons": [],
    }


def busy(**traffic: Any) -> status.Status:
    found = status.tree(healthy(service(SHOP, "web"), revision(SHOP, 3)), SHOP, {}, NOW)
    web = found["services"][0]
    given: status.TrafficStatus = {
        "requests": 12.4,
        "errors": 0.004,
        "milliseconds": 8.3,
        "age": 4,
        **traffic,
    }  # type: ignore[typeddict-item]
    found["services"] = [{**web, "traffic": given, "line": "GET /", "age": 65}]
    return found


@pytest.mark.parametrize(
    ("traffic", "shown"),
    [
        ({}, "12/s 0.4% 8ms · 1m5s ago: GET /"),
        ({"requests": 0.25, "errors": 0.0}, "0.2/s 0.0% 8ms · 1m5s ago: GET /"),
        ({"requests": 0, "errors": 0.0}, "0/s · 1m5s ago: GET /"),
        ({"requests": 1500.0, "age": 40}, "1500/s 0.4% 8ms, 40s ago · 1m5s ago: GET /"),
    ],
)
def test_traffic_stands_before_the_last_line_and_fits(traffic: dict[str, Any], shown: str) -> None:
    line = trees.as_text(busy(**traffic), width=80)[1]
    assert line.endswith(shown)
    assert len(line) <= 80
    assert shown.partition(" ·")[0] in trees.as_markdown(busy(**traffic))[-1]


def test_what_is_wrong_needs_the_room_of_the_traffic() -> None:
    found = busy()
    found["services"][0]["message"] = "it is broken"
    assert trees.as_text(found)[1].endswith("  it is broken")


def shown_tree() -> status.Status:
    db = service(ORDERS, "db", wanted=2)
    whole = [service(path, key) for path in (SHOP, ORDERS) for key in ("admin", "gateway")]
    good = healthy(*whole, service(SHOP, "web"), revision(SHOP, 3), revision(ORDERS, 1))
    lost = task(db, state="failed", age=3, error="task: non-zero exit (1)")
    observed = State.of([*good, db], tasks=(*good.tasks, lost))
    return status.tree(observed, SHOP, {"shop_web": LogLineInfo(f"GET / 200 {EVIL}", NOW - 65)}, NOW)


def test_a_status_is_an_indented_tree() -> None:
    expect("status.txt", trees.as_text(shown_tree()))
    expect("status-narrow.txt", trees.as_text(shown_tree(), width=60))


def test_a_status_as_markdown_is_a_table() -> None:
    expect("status.md", trees.as_markdown(shown_tree()))


def shown_history() -> list[Revision]:
    report = json.dumps({"reasons": ["shop/web: no such image"], "stacks": {}})
    failed = revision(SHOP, 2, "failed").with_labels(
        **{names.LABEL_REPORT: report, names.LABEL_CAUSE: "command line", names.LABEL_AUTHOR: f"eve{EVIL}"}
    )
    return list(revisions.history(State.of([revision(SHOP, 1), failed]), SHOP))


def test_a_history_is_a_line_a_revision_newest_first() -> None:
    expect("history.txt", histories.as_text(histories.as_json(shown_history())))
    expect("history.md", histories.as_markdown(histories.as_json(shown_history())))


def test_a_history_as_json_says_what_the_controller_reported() -> None:
    newest = histories.as_json(shown_history())[0]
    assert (newest["number"], newest["outcome"], newest["cause"]) == (2, "failed", "command line")
    assert newest["report"]["reasons"] == ["shop/web: no such image"]


def test_problems_are_shown_one_a_line_with_place_and_hint() -> None:
    error = InvalidInput([Problem("a.yml", 3, 5, "services.web", "unknown key 'img'", "did you mean image?")])
    assert problems.as_text(error) == ["a.yml:3:5: services.web: unknown key 'img' (did you mean image?)"]
    assert problems.as_text(Busy("somebody\nelse")) == ["error: somebody\\nelse"]


def test_problems_as_json_have_a_verdict_in_one_word() -> None:
    error = InvalidInput([Problem("a.yml", 3, 5, "x", "m", "h")])
    assert problems.as_json(error) == {
        "verdict": "invalid",
        "problems": [{"file": "a.yml", "line": 3, "column": 5, "path": "x", "message": "m", "hint": "h"}],
    }
    assert problems.as_json(Unreachable("no engine"))["verdict"] == "unreachable"
    assert problems.as_json(OutOfSequence("moved"))["verdict"] == "out of sequence"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain → text", "plain → text"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\u202eabc\u2028", "\\u202eabc\\u2028"),
        ("\U000e0041", "\\U000e0041"),
        ("\udc80", "\\udc80"),
        ("\x7f\x9b", "\\x7f\\x9b"),
    ],
)
def test_what_is_not_meant_to_be_seen_is_written_out(text: str, shown: str) -> None:
    assert plain.line(text) == shown


def test_no_view_lets_a_control_character_through() -> None:
    evil = update(f"shop_{EVIL}", Change("Env", EVIL, f"{EVIL}\n{EVIL}"), waiting=EVIL)
    nasty = [Plan(SHOP, (evil,))]
    views = [
        *plans.as_text(nasty, diff=True, verbose=True),
        *plans.as_markdown(nasty),
        *recaps.as_text({"a": {}}, [EVIL]),
        *recaps.as_markdown({"a": {}}, EVIL, [EVIL]),
        *problems.as_text(Busy(EVIL)),
        *problems.as_text(InvalidInput([Problem(EVIL, 1, 1, EVIL, EVIL, EVIL)])),
        plain.document({"a": EVIL}),
    ]
    assert not [line for line in views if set("\x1b\u202e\u0085\x07") & set(line)]


def test_markup_is_written_out_in_markdown() -> None:
    assert plain.markdown("<b>|*x*") == r"\<b\>\|\*x\*"
    assert plain.code("a`b|c") == "`` a`b\\|c ``"


def test_colours_surround_the_text_and_no_colour_leaves_it_alone() -> None:
    assert paint.ansi("failed", "x") == "\x1b[31mx\x1b[0m"
    assert paint.ansi("nothing", "x") == paint.none("failed", "x") == "x"
    assert "\x1b[33mchanged: [shop]" in "\n".join(plans.as_text(PLANS, colour=paint.ansi))
    assert trees.as_text(shown_tree(), paint.ansi)[0].startswith("\x1b[31m✗")


def test_long_text_is_cut_to_the_width() -> None:
    assert plain.shortened("abcdef", 4) == "abc…"
    assert plain.lines("a\n\tb") == ["a", "    b"]


def kept(number: int, **body: object) -> Revision:
    whole = {"format": 1, "definition": {}, "parameters": {}, "environment": {}, **body}
    made = revisions.make(State(), SHOP, whole, cause="local", origin="", author="anna")
    return Revision(SHOP, number, made)


def test_two_revisions_differ_in_fields_and_texts_line_by_line() -> None:
    older = kept(3, parameters={"a": 1, "gone": True}, environment={"TEXT": "one\ntwo\n"})
    newer = kept(5, parameters={"a": 2}, environment={"TEXT": "one\nthree\n"})
    changes = histories.difference(older, newer)
    assert [each.path for each in changes] == ["environment.TEXT", "parameters.a", "parameters.gone"]
    shown = histories.difference_as_text(changes)
    assert "-two" in shown
    assert "+three" in shown
    assert "parameters.a: 1 → 2" in shown
    assert histories.difference_as_json(older, newer)["to"] == 5
    assert histories.difference_as_text(histories.difference(older, older)) == ["no difference"]
    assert len(histories.difference_as_markdown(changes)) == 5
