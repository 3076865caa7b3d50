"""The page's files, which need no token and tell nothing, and who else may use what it uses."""

from __future__ import annotations

import pytest

from ailtire_deploy.names import StackPath
from ailtire_deploy.rest import view
from tests.definitions import problems, stack
from tests.rest.client import ORDERS, Remembering, Response, bearer, call, surface

PORTAL = "https://portal.example"
WAYS = ["/_admin/", "/orders/_admin/", "/orders/deep/_admin/", "/nobody/_admin/"]
WAYS += ["/_admin/children/orders/", "/_admin/children/nobody/children/x/"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["view", *sorted(f"view/{each}" for each in view.FILES)])
def test_the_page_is_the_same_at_every_address(way: str, name: str) -> None:
    controller = Remembering(fails=AssertionError("nobody is asked"))
    found = call(surface(controller), "GET", way + name)
    assert (found.status, found.body) == (200, call(surface(), "GET", f"/_admin/{name}").body)
    assert b"shop" not in found.body or name != "view"
    assert controller.calls == []


OTHERS = ["view/", "view/none.js", "view/index.html", "view/../view", "view/element.js/x", "view/Element.js"]
OTHERS += ["xview", "children/view", "children/a/b/view", "children/" + "a" * 64 + "/view", "view\n"]


@pytest.mark.parametrize("path", OTHERS)
def test_no_other_address_is_the_page(path: str) -> None:
    assert call(surface(), "GET", f"/_admin/{path}").status == 401
    assert call(surface(), "GET", f"/_admin/{path}", bearer()).status == 404


def test_the_shell_names_its_files_relatively_and_holds_no_script_or_style() -> None:
    text = call(surface(), "GET", "/_admin/view").text
    assert '<script type="module" src="view/page.js"></script>' in text
    assert "<style" not in text
    assert "style=" not in text
    assert "://" not in text
    assert 'src="/' not in text
    assert 'href="/' not in text


def test_the_shell_forbids_all_but_its_own() -> None:
    headers = call(surface(), "GET", "/_admin/view").headers
    policy = dict(each.split(" ", 1) for each in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[f"{kind}-src"] for kind in ("script", "style", "connect", "img")} == {"'self'"}
    assert policy["frame-ancestors"] == "'none'"
    assert policy["trusted-types"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"


def ask(method: str, path: str, origin: str, *, friends: tuple[str, ...] = (), token: str = "") -> Response:
    asked = {"Access_Control_Request_Method": "POST"} if method == "OPTIONS" else {}
    application = surface(Remembering(friends=friends))
    return call(application, method, path, token, Origin=origin, **asked)


CORS = "Access-Control-Allow-Origin"


@pytest.mark.parametrize("path", ["/_admin/view", "/_admin/view/element.js", "/_admin/status"])
@pytest.mark.parametrize("origin", [PORTAL, "null", "https://portal.example.evil", "http://portal.example"])
def test_no_other_site_reads_anything_by_default(path: str, origin: str) -> None:
    for friends in ((), (PORTAL,)):
        if origin not in friends:
            found = ask("GET", path, origin, friends=friends, token=bearer())
            assert CORS not in found.headers
            assert ask("OPTIONS", path, origin, friends=friends).status in (401, 405)


@pytest.mark.parametrize("path", ["/_admin/view/element.js", "/_admin/status", "/orders/_admin/status"])
def test_a_site_that_is_named_reads_answers_without_cookies(path: str) -> None:
    for token in (bearer(), ""):
        found = ask("GET", path, PORTAL, friends=(PORTAL,), token=token)
        assert found.headers[CORS] == PORTAL
        assert found.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in found.headers


def test_a_named_site_may_send_a_token_and_json() -> None:
    found = ask("OPTIONS", "/orders/_admin/update", PORTAL, friends=(PORTAL,))
    assert (found.status, found.body, found.headers[CORS]) == (204, b"", PORTAL)
    assert "Authorization" in found.headers["Access-Control-Allow-Headers"]
    assert "POST" in found.headers["Access-Control-Allow-Methods"]


def test_being_named_opens_nothing_without_a_token() -> None:
    assert ask("GET", "/_admin/status", PORTAL, friends=(PORTAL,)).status == 401
    assert ask("POST", "/_admin/shutdown", PORTAL, friends=(PORTAL,), token=bearer("viewer")).status == 403


def test_the_agents_of_proxies_are_nothing_for_other_sites() -> None:
    assert CORS not in ask("POST", "/_agents/gateway", PORTAL, friends=(PORTAL,)).headers


def test_a_named_site_may_frame_the_page() -> None:
    found = call(surface(Remembering(friends=(PORTAL, "http://a.example:8080"))), "GET", "/_admin/view")
    assert found.headers["Content-Security-Policy"].endswith(
        f"frame-ancestors http://a.example:8080 {PORTAL}"
    )


ORIGINS = "services: {{web: {{image: a}}}}\ngateway: {{view: {{origins: [{each}]}}}}\n"


def test_origins_come_from_the_definition() -> None:
    assert stack("services: {web: {image: a}}").gateway.origins == ()
    assert stack(ORIGINS.format(each=f'"{PORTAL}", "http://localhost:8080"')).gateway.origins == (
        PORTAL,
        "http://localhost:8080",
    )
    assert stack(ORIGINS.format(each=f'"{PORTAL}"'), StackPath(("shop", "orders"))).path == ORDERS


NO_ORIGINS = ["*", "null", "portal.example", "https://portal.example/", "https://*.example", "https://a b"]
NO_ORIGINS += ["https://Portal.example", "https://a.example; script-src *", "file://x", "https://a:b@c"]


@pytest.mark.parametrize("origin", [*NO_ORIGINS, "https://a:0"])
def test_an_origin_is_one_site_and_nothing_else(origin: str) -> None:
    found = problems(ORIGINS.format(each=f'"{origin}"'))
    assert len(found) == 1
    assert "origins" in found[0].path
