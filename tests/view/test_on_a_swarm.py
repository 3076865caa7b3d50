"""The page of a living tree, through the edge of a real swarm."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.swarm import Swarm
from tests.system.small import PORT, cleaned, service, write
from tests.view.conftest import Watched
from tests.view.showing import Site
from tests.view.test_hostile import harm


def test_a_living_tree_is_seen_and_changed_through_the_edge(
    swarm: Swarm, tmp_path: Path, watched: Watched
) -> None:
    child = {"name": "below", "services": {"api": service()}}
    web = service(deploy={"replicas": "{{ replicas }}"})
    services = {
        "web": web,
        "below": {"type": "stack", "definition": "below.yml", "interface": {"/below": {"path": "/"}}},
    }
    write(tmp_path, "below", child["services"])  # type: ignore[arg-type]
    parameters = {"replicas": {"type": "integer", "default": 1, "minimum": 1}}
    file = write(tmp_path, "glass", services, parameters=parameters)
    with cleaned(swarm, "glass"):
        swarm.cli("apply", file, "--yes", code=0, timeout=300)
        token = swarm.cli("token", "glass", "--role", "admin", code=0).out.strip()
        site = Site(f"http://{swarm.address}:{PORT}")
        page = watched.page
        page.goto(f"{site.address}/_admin/view")
        watched.enter(token)
        for name in ("glass, running", "web, running", "below, running", "api, running"):
            page.get_by_role("treeitem", name=name).wait_for()
        watched.tab("Drawing")
        ranges = page.locator(".drawing title").filter(has_text="/24")
        expect(ranges).to_have_count(5)  # of the edge, and of a family and siblings on both levels
        watched.tab("Logs")
        page.locator(".line").first.wait_for()
        watched.tab("Drift")
        page.get_by_text("No drift").wait_for()
        watched.tab("Actions")
        page.get_by_label("replicas").fill("2")
        page.get_by_role("button", name="Plan", exact=True).click()
        page.get_by_role("button", name="Update as planned").click()
        page.get_by_text("revision 2 is converged").first.wait_for(timeout=120_000)
        page.get_by_role("treeitem", name="web, running, 2/2").wait_for()
        page.goto(f"{site.address}/below/_admin/view")
        watched.enter(token)
        page.get_by_role("treeitem", name="api, running").wait_for()
        assert page.title() == "glass/below · running"
        assert harm(watched, site) == []
