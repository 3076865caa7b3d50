"""Names, images and log lines of somebody who means harm, in a real browser: all of it stays text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, cycle
from typing import Any

import pytest

from ailtire_deploy.errors import InvalidInput, Problem
from ailtire_deploy.ports import LogLine
from tests.proof import Proof
from tests.view import showing
from tests.view.conftest import Watched
from tests.view.showing import Showing, Site, served

TABLE = "control"
FOREIGN = "http://foreign.invalid/x"
HOSTILE = (
    "<script>pwned(1)</script>",
    f"<img src={FOREIGN} onerror=pwned(2)>",
    '"><svg onload=pwned(3)><style>*{background:url(' + FOREIGN + ")}</style>",
    "</code></td></table><iframe srcdoc='<script>parent.pwned(4)</script>'></iframe>",
    f"javascript:pwned(5)//<a href={FOREIGN}>",
    "{{constructor.constructor('pwned(6)')()}}${pwned(6)}",
    "</script><script>pwned(7)</script><!--",
    "\x1b]8;;" + FOREIGN + "\x07\x1b[2J\u202e\u2066gnp.exe\u200b\u0000\ud800",
    "__proto__",
    "constructor",
    "' onmouseover='pwned(9)' style='background:url(" + FOREIGN + ")",
    "x" * 20_000,
)
TABS = ("Overview", "Drawing", "Logs", "History", "Drift", "Actions")


def everywhere(value: Any, hostile: Iterator[str]) -> Any:
    """The same answer with every text in it replaced by the next hostile one, where that leaves its shape."""
    if isinstance(value, dict):
        kept = {"type", "kind", "verb", "path"}
        return {key: each if key in kept else everywhere(each, hostile) for key, each in value.items()}
    if isinstance(value, list):
        return [everywhere(each, hostile) for each in value]
    return next(hostile) if isinstance(value, str) else value


def controller(*texts: str) -> Showing:
    """A stack whose every text is hostile, and which refuses an update in hostile words."""
    hostile = cycle(texts)
    tree, found = (everywhere(each, hostile) for each in (showing.shop("failed"), showing.TOPOLOGY))
    names = chain([tree["name"]], hostile)
    stacks = [
        {**each, "path": next(names), "parameters": [*each["parameters"], *REAL]} for each in found["stacks"]
    ]
    return Refusing(
        tree=tree,
        lines=tuple(LogLine(each, "stderr", time, each) for each in texts for time in (NOON, each)),
        topology_={**found, "stacks": stacks},
        plan_={
            "verdict": "changes",
            "stacks": {each: everywhere(showing.PLAN["stacks"]["shop"], hostile) for each in texts},
        },
        revisions=everywhere(showing.REVISIONS, hostile),
        changes=everywhere([{**showing.CHANGE, "path": each} for each in texts], hostile),
        hostile=hostile,
    )


NOON = "2027-01-15T12:00:00Z"
REAL = [{"name": "tag", "type": "string", "value": "1", "default": "1"}]


class Refusing(Showing):
    def __init__(self, hostile: Iterator[str], **more: Any) -> None:
        super().__init__(**more)
        self.hostile = hostile

    def update(self, request: Any, author: str, check: bool, *more: Any) -> Any:
        if request["parameters"].get("tag") == "refuse":
            said = (next(self.hostile) for _ in HOSTILE)
            raise InvalidInput([Problem("request", 0, 0, each, each, each) for each in said])
        return super().update(request, author, check, *more)


def look_at_everything(watched: Watched, site: Site) -> None:
    """Open every panel, for every kind of row, and use what is in them."""
    page = watched.open(site)
    for tab in TABS:
        watched.tab(tab)
        page.wait_for_timeout(60)
    for row in page.get_by_role("treeitem").all()[:12]:
        row.click(force=True, position={"x": 60, "y": 8})
    for tab in TABS:
        watched.tab(tab)
    page.locator(".row.stack").first.click(force=True, position={"x": 60, "y": 8})
    watched.tab("Logs")
    page.locator(".line").first.wait_for()
    page.get_by_label("Search").fill("<")
    watched.tab("History")
    page.get_by_role("button", name="Compare").click()
    page.locator(".result h3").wait_for()
    page.get_by_role("button", name="Roll back to this").first.click()
    watched.tab("Actions")
    page.locator("input[type=text]").last.fill("refuse")
    page.get_by_role("button", name="Plan", exact=True).click()
    page.locator(".problems").wait_for()
    watched.tab("Drawing")
    page.locator(".drawing svg").hover()
    page.wait_for_timeout(60)


def harm(watched: Watched, site: Site) -> list[str]:
    """Everything that should not have happened."""
    seen = watched.seen()
    made = watched.page.evaluate(FORBIDDEN)
    return [*seen["violations"], *seen["run"], *watched.errors, *watched.strangers(site), *made]


# Elements and attributes that the page never makes, anywhere below the element.
FORBIDDEN = """() => {
  const root = document.querySelector("ailtire-stack").shadowRoot;
  const elements = /^(script|style|img|iframe|object|embed|link|a|base|meta|foreignobject|use|image)$/i;
  const attributes = /^on|^(src|href|style|srcdoc|action|formaction|xlink:href)$/i;
  const found = [];
  for (const each of root.querySelectorAll("*")) {
    if (elements.test(each.tagName)) found.push(each.tagName);
    for (const {name} of each.attributes) if (attributes.test(name)) found.push(`${each.tagName} ${name}`);
  }
  return found;
}"""


def rounds(watching: Callable[..., Watched], texts: Iterable[tuple[str, ...]]) -> dict[str, list[str]]:
    """What harm each round of hostile texts did."""
    done: dict[str, list[str]] = {}
    for each in texts:
        watched = watching()
        with served(controller(*each)) as site:
            look_at_everything(watched, site)
            done[each[0][:40]] = harm(watched, site)
        watched.page.close()
    return done


@pytest.mark.small
def test_nothing_that_a_stack_says_becomes_markup(
    watching: Callable[..., Watched], prove_report: Proof
) -> None:
    done = rounds(watching, [HOSTILE[at:] + HOSTILE[:at] for at in (0, 5)])
    good = sum(not found for found in done.values())
    prove_report(8, good, len(done), "rounds of hostile texts through every panel of the page")
    assert {hostile: found for hostile, found in done.items() if found} == {}


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_no_hostile_text_becomes_markup_wherever_it_stands(
    watching: Callable[..., Watched], prove_report: Proof
) -> None:
    done = rounds(watching, [(each,) for each in HOSTILE])
    good = sum(not found for found in done.values())
    prove_report(8, good, len(HOSTILE), "hostile texts, each in every place of the page")
    assert {hostile: found for hostile, found in done.items() if found} == {}


def test_what_is_hostile_is_seen_as_it_was_written(watched: Watched) -> None:
    with served(controller(HOSTILE[0])) as site:
        page = watched.open(site)
        assert page.get_by_text(HOSTILE[0]).count() > 3
        watched.tab("Logs")
        assert HOSTILE[0] in page.locator(".line .text").first.inner_text()


def test_text_that_would_turn_the_reading_is_written_out(watched: Watched) -> None:
    with served(controller(HOSTILE[7])) as site:
        shown = watched.open(site).locator(".board").inner_text()
        assert "\\u202e" in shown
        assert not set("\u202e\u2066\u200b\x1b\x07") & set(shown)


ODD = (
    None,
    [],
    "x",
    7,
    {},
    {"services": "no"},
    {"services": [None, 7, {"services": [[]]}], "tasks": {"a": 1}},
)


def test_an_answer_of_any_shape_breaks_nothing(watched: Watched) -> None:
    for odd in ODD:
        with served(Showing(tree=odd, topology_=odd, plan_=odd, revisions=odd, changes=odd)) as site:
            watched.requests.clear()
            watched.open(site)
            for tab in TABS:
                watched.tab(tab)
                watched.page.wait_for_timeout(50)
            assert harm(watched, site) == [], odd


def test_a_tree_without_end_has_an_end_on_the_page(watched: Watched) -> None:
    deep: dict[str, Any] = showing.service("x")
    for _ in range(60):
        deep = showing.stack("x", deep)
    wide = showing.stack("shop", deep, *(showing.service(f"shop/s{each}") for each in range(5000)))
    with served(Showing(tree=wide)) as site:
        watched.open(site)
        assert watched.page.get_by_role("treeitem").count() < 2100
        assert "not all of it fits" in watched.page.locator("header").inner_text()


def test_the_watch_sees_what_it_watches_for(watched: Watched) -> None:
    """Without this, a blind watch would make every other test here pass."""
    with served(Showing()) as site:
        page = watched.open(site)
        page.evaluate("""() => {
            const made = document.createElement("style");
            made.textContent = "* { color: red }";
            document.body.append(made);
            const image = document.createElement("img");
            image.src = "http://foreign.invalid/x";
            document.body.append(image);
            const attempts = [
                () => document.body.innerHTML += "<b>x</b>",
                () => document.body.setAttribute("onclick", "pwned(1)"),
                () => { document.createElement("script").textContent = "pwned(2)" },
            ];
            for (const each of attempts) try { each() } catch (error) { pwned(error.name) }
        }""")
        page.wait_for_timeout(200)
        seen = watched.seen()
        assert any("style-src" in each for each in seen["violations"])
        assert any("img-src" in each for each in seen["violations"])
        assert seen["run"] == ["TypeError"] * 3, "trusted types forbid markup and script from text"
