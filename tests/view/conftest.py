"""A real chromium for the tests of the page, and an eye on everything that it must not do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.swarm import run_script
from tests.view.showing import Site

# Runs in each frame before anything else; what it notes can be read by a test only.
WATCH = """
window.seen = {violations: [], run: []};
document.addEventListener("securitypolicyviolation", (event) =>
  seen.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
window.pwned = (what) => seen.run.push(String(what));
for (const name of ["alert", "confirm", "prompt", "open", "print"]) window[name] = () => pwned(name);
"""
ARGUMENTS = ["--no-sandbox", "--no-proxy-server", "--disable-dev-shm-usage", "--disable-gpu"]


@dataclass
class Watched:
    """A page, and what it asked of whom, said and did."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, site: Site, path: str = "/_admin/view", role: str = "admin") -> Page:
        """Open the page and show the stack to somebody with a role."""
        self.page.goto(f"{site.address}{path}")
        self.enter(site.token(role))
        self.page.get_by_role("treeitem").first.wait_for()
        return self.page

    def enter(self, token: str) -> None:
        self.page.get_by_label("Token", exact=True).fill(token)
        self.page.get_by_role("button", name="Show the stack").click()

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def seen(self) -> dict[str, list[str]]:
        """Violations of the policy and functions that only a script of somebody else would call."""
        found: dict[str, list[str]] = self.page.evaluate("window.seen")
        return found

    def strangers(self, site: Site) -> list[str]:
        """Requests to anybody but the site."""
        return [each for each in self.requests if not each.startswith(f"{site.address}/")]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = run_script("browser").strip()
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture
def watching(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Call it for a page of its own, with the options of a browser context."""
    contexts: list[BrowserContext] = []

    def watched(**options: Any) -> Watched:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(40_000)
        context.add_init_script(WATCH)
        contexts.append(context)
        made = Watched(context.new_page())
        context.on("request", lambda request: made.requests.append(request.url))
        context.on("dialog", lambda dialog: made.errors.append(f"dialog: {dialog.message}"))
        made.page.on("pageerror", lambda error: made.errors.append(str(error)))
        return made

    yield watched
    for each in contexts:
        each.close()


@pytest.fixture
def watched(watching: Callable[..., Watched]) -> Watched:
    return watching()
