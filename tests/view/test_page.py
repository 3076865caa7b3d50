"""The page in a real browser: who sees what, what one can do with it, with and without a mouse, and where."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import playwright
import pytest

from ailtire_deploy.ports import LogLine
from tests.rest.client import ORDERS
from tests.view import showing
from tests.view.conftest import Watched
from tests.view.showing import Showing, served

SCRIPTS = sorted((Path(__file__).parent.parent.parent / "view").glob("*.js"))
NODE = Path(playwright.__file__).parent / "driver" / "node"
LINES = tuple(
    LogLine(f"shop/{key}.1", stream, f"2027-01-15T08:00:0{second}Z", text)
    for second, (key, stream, text) in enumerate(
        [("web", "stdout", "GET /basket"), ("web", "stderr", "slow answer"), ("mail", "stdout", "sent")]
    )
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda each: each.name)
def test_every_script_is_small_and_can_be_read(script: Path) -> None:
    assert len(script.read_text().splitlines()) <= 300
    done = subprocess.run([NODE, "--check", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_no_script_can_make_markup_or_style_of_text() -> None:
    sinks = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style")
    found = [(each.name, sink) for each in SCRIPTS for sink in sinks if sink in each.read_text()]
    assert found == []


def test_a_token_shows_the_tree_and_is_forgotten(watched: Watched) -> None:
    with served(Showing()) as site:
        page = watched.open(site)
        assert page.title() == "shop · running"
        tree = page.get_by_role("tree")
        for name in ("Interface", "Services", "Nodes", "web", "orders", "blue"):
            assert tree.get_by_role("treeitem").filter(has_text=name).count() > 0
        assert "orders/api" not in page.evaluate(
            "JSON.stringify([localStorage, sessionStorage, document.cookie])"
        )
        page.get_by_role("button", name="Forget the token").click()
        page.get_by_label("Token", exact=True).wait_for()
        assert "running" not in page.locator(".board").inner_text()


def test_what_the_last_look_at_the_networks_found_is_a_line_of_the_stack(watched: Watched) -> None:
    with served(Showing()) as site:
        page = watched.open(site)
        line = page.locator("dl.facts div").filter(has_text="Who reaches whom")
        said = line.locator("dd").inner_text()
        assert said.startswith(
            "1 surprise in 144 pairs on 8 networks, 2027-01-15T08:00:00Z; service intruder stands on"
        )
        page.get_by_role("treeitem", name="web, running").click()
        page.get_by_role("heading", name="shop/web running").wait_for()
        assert line.count() == 0


def test_another_token_is_refused_in_words(watched: Watched) -> None:
    with served(Showing()) as site:
        watched.page.goto(f"{site.address}/_admin/view")
        for token in ("nonsense", site.token(ttl=-5), site.token("viewer", ORDERS)):
            watched.enter(token)
            watched.page.get_by_role("alert").filter(has_text="not good here").wait_for()


def test_a_change_shows_by_itself_and_is_told(watched: Watched) -> None:
    controller = Showing()
    with served(controller) as site:
        page = watched.open(site)
        controller.tree = showing.shop("failed")
        page.get_by_role("treeitem", name="orders, failed").wait_for()
        said = page.locator("[aria-live=polite].visually-hidden")
        said.filter(has_text="shop is failed: shop/orders/api: no suitable node").wait_for(state="attached")
        page.get_by_role("treeitem", name="orders, failed").click()
        page.get_by_role("heading", name="shop/orders failed").wait_for()


@pytest.mark.parametrize(("role", "acts", "ends"), [("viewer", 0, 0), ("operator", 1, 0), ("admin", 1, 1)])
def test_what_a_token_may_is_offered_and_no_more(watched: Watched, role: str, acts: int, ends: int) -> None:
    with served(Showing()) as site:
        page = watched.open(site, role=role)
        assert page.get_by_role("tab", name="Actions").count() == acts
        watched.tab("History")
        page.get_by_role("button", name="Compare").wait_for()
        assert (page.get_by_role("button", name="Roll back to this").count() > 0) == bool(acts)
        if acts:
            watched.tab("Actions")
            assert page.get_by_role("button", name="Shut down").count() == ends


def test_an_update_is_planned_before_it_is_made(watched: Watched) -> None:
    controller = Showing()
    with served(controller) as site:
        page = watched.open(site)
        watched.tab("Actions")
        page.get_by_label("replicas").fill("3")
        page.get_by_role("button", name="Plan", exact=True).click()
        page.get_by_text("3 writes, 1 of them waiting").wait_for()
        assert page.get_by_text("rolling, 2 tasks").is_visible()
        updates = [each for each in controller.calls if each[0] == "update"]
        assert [(each[1]["parameters"], each[3]) for each in updates] == [({"replicas": 3}, True)]
        page.get_by_role("button", name="Update as planned").click()
        page.get_by_text("revision 7 is converged").first.wait_for()
        assert [each[3] for each in controller.calls if each[0] == "update"] == [True, False]


def test_a_shutdown_has_to_be_written_out(watched: Watched) -> None:
    controller = Showing()
    with served(controller) as site:
        page = watched.open(site)
        watched.tab("Actions")
        button = page.get_by_role("button", name="Shut down")
        for text in ("", "sho", "shop "):
            page.get_by_label("to confirm").fill(text)
            assert button.is_disabled()
        page.get_by_label("to confirm").fill("shop")
        button.click()
        page.get_by_text("accepted as").or_(page.get_by_text("revision 7 is")).first.wait_for()
        assert [each[0] for each in controller.calls].count("shutdown") == 1


def test_revisions_are_compared_and_brought_back_after_a_plan(watched: Watched) -> None:
    controller = Showing()
    with served(controller) as site:
        page = watched.open(site)
        watched.tab("History")
        page.get_by_label("From revision 4").check()
        page.get_by_role("button", name="Compare").click()
        page.get_by_role("cell", name="web:1.5").first.wait_for()
        assert ("difference", 7, 4) in controller.calls
        page.get_by_role("button", name="Roll back to this").last.click()
        page.get_by_role("button", name="Roll back", exact=True).click()
        page.get_by_text("revision 7 is").first.wait_for()
        assert [each[1:4:2] for each in controller.calls if each[0] == "rollback"] == [(4, True), (4, False)]


def test_the_log_is_live_and_searched(watched: Watched) -> None:
    with served(Showing(lines=LINES)) as site:
        page = watched.open(site)
        watched.tab("Logs")
        shown = page.locator(".line:visible .text")
        page.get_by_text("3 lines").wait_for()
        page.get_by_role("searchbox").fill("BASKET")
        assert shown.all_inner_texts() == ["GET /basket"]
        assert page.locator("mark").all_inner_texts() == ["basket"]
        page.get_by_role("searchbox").fill("")
        page.get_by_label("Stream").select_option("stderr")
        assert shown.all_inner_texts() == ["slow answer"]
        page.get_by_label("Stream").select_option("both")
        page.get_by_role("treeitem", name="mail, shutdown").click()
        page.get_by_text("1 lines").wait_for()
        assert shown.all_inner_texts() == ["sent"]


def focused(watched: Watched) -> str:
    found: str = watched.page.evaluate(
        "() => { const each = document.querySelector('ailtire-stack').shadowRoot.activeElement;"
        " return each ? each.getAttribute('aria-label') ?? each.textContent : '' }"
    )
    return found


def test_everything_is_reached_without_a_mouse(watched: Watched) -> None:
    with served(Showing()) as site:
        page = watched.open(site)
        page.get_by_role("treeitem", name="shop, running").focus()
        steps = [
            ("ArrowDown", "admin"),
            ("End", "red"),
            ("Home", "Interface"),
            ("s", "shop"),
            ("s", "shop/orders"),
        ]
        for key, expected in steps:
            page.keyboard.press(key)
            assert focused(watched).startswith(expected), key
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert focused(watched).startswith("/,")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        assert page.get_by_role("heading", name="Interface of shop/orders").is_visible()
        page.keyboard.press("Tab")
        assert focused(watched) == "Overview"
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("tab", name="Drawing", selected=True).is_visible()
        page.locator(".drawing svg").wait_for()
        page.get_by_role("button", name="web, running").press("Enter")
        assert page.get_by_role("heading", name="shop/web").is_visible()


def test_the_focus_stays_where_it_is_while_things_change(watched: Watched) -> None:
    controller = Showing()
    with served(controller) as site:
        page = watched.open(site)
        page.get_by_role("treeitem", name="web, running").focus()
        controller.tree = showing.stack(
            "shop", showing.service("shop/alpha"), *showing.shop()["services"][2:]
        )
        page.get_by_role("treeitem", name="alpha, running").wait_for()
        assert focused(watched).startswith("web")


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_can_be_read(watching: Callable[..., Watched], width: int, scheme: str) -> None:
    watched = watching(viewport={"width": width, "height": 800}, color_scheme=scheme)
    with served(Showing(lines=LINES)) as site:
        page = watched.open(site)
        for tab in ("Overview", "Drawing", "Logs", "History", "Drift", "Actions"):
            watched.tab(tab)
            page.wait_for_timeout(50)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
        ink, paper = page.evaluate(
            "() => { const style = getComputedStyle(document.querySelector('ailtire-stack'));"
            " return ['--ink', '--paper'].map((name) => style.getPropertyValue(name)) }"
        )
        assert (ink > paper) is (scheme == "dark")


PAGE = """<!doctype html><html lang="en"><head><title>Portal</title>
<script type="module" src="{shop}/_admin/view/element.js"></script></head>
<body><h1>Portal</h1><ailtire-stack src="{shop}/_admin/"></ailtire-stack></body></html>"""


@contextmanager
def portal(shop: str) -> Iterator[str]:
    """A site of somebody else, with a policy that allows the shop's script and calls and nothing else."""
    policy = f"default-src 'none'; script-src {shop}; connect-src {shop}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(PAGE.format(shop=shop).encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_another_site_embeds_it_under_a_strict_policy_when_it_is_named(watched: Watched) -> None:
    controller, page = Showing(), watched.page
    with served(controller) as site, portal(site.address) as address:
        controller.friends = (address,)
        page.goto(f"{address}/")
        page.get_by_label("Token", exact=True).wait_for()
        page.evaluate("token => { document.querySelector('ailtire-stack').token = token }", site.token())
        page.get_by_role("treeitem", name="web, running").wait_for()
        assert page.evaluate("document.querySelector('ailtire-stack').token") is None
        watched.tab("Drawing")
        page.locator(".drawing svg").wait_for()
        assert watched.seen()["violations"] == []
        page.evaluate("document.querySelector('ailtire-stack').setAttribute('src', '/elsewhere/')")
        page.get_by_label("Token", exact=True).wait_for()
        assert page.evaluate("document.querySelector('ailtire-stack').signedIn") is False


def test_a_site_that_is_not_named_gets_nothing(watched: Watched) -> None:
    with served(Showing()) as site, portal(site.address) as address:
        watched.page.goto(f"{address}/")
        watched.page.wait_for_timeout(300)
        assert watched.page.evaluate("customElements.get('ailtire-stack') === undefined")


def test_it_works_behind_the_mount_of_a_child(watched: Watched) -> None:
    controller = Showing()
    with served(controller) as site:
        page = watched.open(site, "/orders/_admin/view")
        page.get_by_role("treeitem", name="api, running").wait_for()
        assert page.title() == "shop/orders · running"
        assert ("forward", "orders", "GET", "/_admin/status") in controller.calls
