"""The page: what it shows, what it escapes, and that it holds behind any prefix and without script."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy.views import pages

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{ 7*7 }}\x1b[31m\u202e"
VOID = {"meta", "link", "br"}


class Reader(HTMLParser):
    """Reads a page strictly: every element closed in turn; collects elements, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, name: str) -> list[str]:
        return [found[name] or "" for _, found in self.elements if name in found]


def node(short: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "Service",
        "name": f"shop/{short}",
        "shortName": short,
        "status": "running",
        "line": None,
        "message": "",
        "revision": None,
        "since": None,
        "image": None,
        "desired": 2,
        "running": 1,
        "age": None,
        "tasks": [],
        "services": [],
        **more,
    }


def shop(**more: Any) -> dict[str, Any]:
    child = node("orders", type="Stack", revision=4, services=[node("api", line="ready", age=65)])
    return node("shop", name="shop", type="Stack", revision=7, services=[child, node("web")]) | more


def test_the_whole_tree_is_shown() -> None:
    seen = Reader(pages.page(shop())).text
    for text in ("shop", "orders", "api", "web", "running", "revision 7", "ready", "1m5s ago", "1/2"):
        assert text in seen


def test_services_stand_below_their_stack_and_in_order() -> None:
    rows = re.findall(r'class="depth-(\d)" title="([^"]*)"', pages.page(shop()))
    assert rows == [("0", "shop"), ("1", "shop/orders"), ("2", "shop/api"), ("1", "shop/web")]


@pytest.mark.parametrize(
    "field", ["name", "shortName", "status", "message", "line", "type", "revision", "image"]
)
def test_hostile_text_stays_text(field: str) -> None:
    plain, hostile = Reader(pages.page(shop())), Reader(pages.page(shop(**{field: HOSTILE})))
    assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in plain.elements} | {"span", "p"}
    assert "{{ 7*7 }}" in hostile.text or field in ("type", "image")
    assert "\x1b" not in hostile.text
    assert "\u202e" not in hostile.text


@pytest.mark.parametrize("made", [pages.page(shop()), pages.locked()])
def test_a_page_needs_no_script_no_inline_style_and_no_other_host(made: str) -> None:
    page = Reader(made)
    assert not {tag for tag, _ in page.elements} & {"script", "style", "iframe", "object", "form", "base"}
    assert not [
        name for _, found in page.elements for name in found if name.startswith("on") or name == "style"
    ]
    assert page.attributes("href") + page.attributes("src") == ["view.css"]


def test_the_style_reaches_nowhere_and_knows_every_status() -> None:
    style = pages.style()
    assert not re.search(r"url\(|@import|expression|behavior", style)
    assert all(f".{word}" in style for word in pages.WORDS - {"shutdown"})
    assert "prefers-color-scheme: dark" in style
    assert "max-width: 42rem" in style


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(node("x"))), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(values)
def test_whatever_a_controller_answers_makes_a_page(status: Any) -> None:
    assert Reader(pages.page(status)).elements


def test_a_tree_without_end_makes_a_page_with_an_end() -> None:
    deep: dict[str, Any] = node("x")
    for _ in range(5000):
        deep = node("x", services=[deep])
    wide = node("x", services=[node("y")] * 100_000)
    assert pages.page(deep).count("<tr") <= pages.DEPTH + 2
    shown = pages.page(wide)
    assert shown.count("<tr") == pages.ROWS + 1
    assert "more than fits" in shown


def test_a_long_line_is_cut() -> None:
    shown = pages.page(shop(line="x" * 100_000, message="y" * 100_000))
    assert len(shown) < 20_000
    assert "…" in shown
