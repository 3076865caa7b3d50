"""Tags are looked up once, recorded, and mean the same until somebody asks again; trees on the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ailtire_deploy import recovery, revisions
from ailtire_deploy.controller import Controller
from ailtire_deploy.names import StackPath
from ailtire_deploy.views import histories, plain
from tests.household import Household, entry
from tests.household import plain as service

SHOP = StackPath(("shop",))
BACK = SHOP / "back"
OLD, NEW = (f"sha256:{digit * 64}" for digit in "12")


def definition(web: str = "web:1", api: str = "api:1") -> dict[str, Any]:
    back = {"name": "back", "services": {"api": service(image=api)}}
    return {
        "name": "shop",
        "services": {"web": service(image=web), "back": {"type": "stack", "definition": back}},
    }


def house(folder: Path, *known: str) -> Household:
    made = Household(folder)
    made.engine.registry = dict.fromkeys(known or ("web:1", "api:1"), OLD)
    return made


def image(house: Household, name: str) -> str:
    found = next(each for each in house.engine.objects.values() if each.name == name)
    return str(found.spec["TaskTemplate"]["ContainerSpec"]["Image"])


def planned(house: Household, wish: Any, again: bool = False) -> list[str]:
    plans = house.launcher(again).plan(wish).values()
    return [f"{op.verb} {op.key.name}" for each in plans for op in each.operations]


def test_services_are_made_of_what_the_tags_stood_for(tmp_path: Path) -> None:
    there = house(tmp_path)
    assert there.apply(entry(definition())).verdict == "converged"
    assert (image(there, "shop_web"), image(there, "shop_back_api")) == (f"web:1@{OLD}", f"api:1@{OLD}")


def test_the_same_again_asks_nobody_and_changes_nothing_though_a_tag_has_moved(tmp_path: Path) -> None:
    there = house(tmp_path)
    there.apply(entry(definition()))
    there.settle(5)
    there.engine.registry["web:1"] = NEW
    there.engine.asked.clear()
    writes = len(there.engine.writes)
    assert planned(there, entry(definition())) == []
    there.apply(entry(definition()))
    there.settle(5)
    assert (there.engine.asked, len(there.engine.writes)) == ([], writes)


def test_only_an_image_that_is_new_is_asked_for(tmp_path: Path) -> None:
    there = house(tmp_path, "web:1", "api:1", "web:2")
    there.apply(entry(definition()))
    there.engine.registry["api:1"] = NEW
    there.engine.asked.clear()
    there.apply(entry(definition(web="web:2")))
    assert there.engine.asked == ["web:2"]
    assert (image(there, "shop_web"), image(there, "shop_back_api")) == (f"web:2@{OLD}", f"api:1@{OLD}")
    assert revisions.newest(there.engine.observe(SHOP), BACK).number == 1, "nothing is new for the child"


def test_to_resolve_plans_and_makes_a_rolling_update_of_what_has_moved(tmp_path: Path) -> None:
    there = house(tmp_path)
    there.apply(entry(definition()))
    there.engine.registry["api:1"] = NEW
    writes = len(there.engine.writes)
    expected = planned(there, entry(definition()), again=True)
    assert expected == ["create shop.r2", "create shop_back.r2", "update shop_back_api"]
    there.apply(entry(definition()), again=True)
    there.settle(5)
    made = [each.split() for each in there.engine.writes[writes:] if "update config" not in each]
    assert [f"{verb} {name}" for verb, _, name in made] == expected
    assert planned(there, entry(definition())) == []


def test_a_rollback_asks_nobody_and_brings_back_what_ran(tmp_path: Path) -> None:
    there = house(tmp_path)
    there.apply(entry(definition()))
    there.engine.registry.update({"web:1": NEW, "api:1": NEW})
    there.apply(entry(definition()), again=True)
    assert image(there, "shop_web") == f"web:1@{NEW}"
    there.engine.registry.clear()
    there.engine.asked.clear()
    launcher = there.launcher()
    draft, _ = launcher.plan_rollback(SHOP, 1)
    assert launcher.carry_out(SHOP, draft, lambda observed: None).verdict == "converged"
    assert (image(there, "shop_web"), image(there, "shop_back_api")) == (f"web:1@{OLD}", f"api:1@{OLD}")
    assert there.engine.asked == []


def test_without_a_registry_tags_count_and_go_on_to_count_when_there_is_one(tmp_path: Path) -> None:
    there = Household(tmp_path)
    there.apply(entry(definition()))
    assert (image(there, "shop_web"), there.engine.asked) == ("web:1", ["api:1", "web:1"])
    there.engine.registry = {"web:1": NEW, "api:1": NEW}
    there.engine.asked.clear()
    assert planned(there, entry(definition())) == []
    assert there.engine.asked == []
    assert "update shop_web" in planned(there, entry(definition()), again=True)


def test_with_the_registry_off_an_image_of_an_older_revision_is_what_it_was(tmp_path: Path) -> None:
    there = house(tmp_path, "web:1", "web:2", "api:1")
    there.apply(entry(definition()))
    there.apply(entry(definition(web="web:2")))
    there.engine.registry.clear()
    there.apply(entry(definition()))
    assert image(there, "shop_web") == f"web:1@{OLD}"
    there.apply(entry(definition()), again=True)
    assert image(there, "shop_web") == f"web:1@{OLD}", "no answer is no news"


def test_the_plan_and_what_is_done_have_one_answer(tmp_path: Path) -> None:
    there = house(tmp_path)
    launcher = there.launcher()
    launcher.plan(entry(definition()))
    there.engine.registry["web:1"] = NEW
    launcher.apply(entry(definition()), lambda observed: None)
    assert image(there, "shop_web") == f"web:1@{OLD}"
    assert there.engine.asked == ["api:1", "web:1"]


def test_the_history_tells_what_tags_stood_for(tmp_path: Path) -> None:
    there = house(tmp_path)
    there.apply(entry(definition()))
    there.engine.registry["api:1"] = NEW
    there.apply(entry(definition()), again=True)
    observed = there.engine.observe(SHOP)
    newer, older = revisions.history(observed, SHOP)
    assert histories.as_json([newer])[0]["digests"] == {"web:1": OLD, "api:1": NEW}
    lines = histories.as_text(histories.as_json([newer, older]))
    assert [each.strip() for each in lines if each.startswith("    ")] == [
        f"api:1 is {NEW}",
        f"api:1 is {OLD}",
        f"web:1 is {OLD}",
    ]
    changes = histories.difference(older, newer)
    assert [(c.path, c.before, c.after) for c in changes] == [("below.back.api:1", OLD, NEW)]
    assert histories.difference_as_text(changes) == [plain.line(f'below.back.api:1: "{OLD}" → "{NEW}"')]


def test_images_without_a_digest_are_no_news(tmp_path: Path) -> None:
    there = Household(tmp_path)
    there.apply(entry(definition()))
    there.apply(entry(definition(web="web:2")))
    newer, older = revisions.history(there.engine.observe(SHOP), SHOP)
    assert [c.path for c in histories.difference(older, newer)] == ["definition.services.web.image"]
    assert recovery.differs(newer, older)


def test_an_update_over_rest_asks_for_the_image_it_brings_and_keeps_the_others(tmp_path: Path) -> None:
    there = house(tmp_path, "web:1", "api:1", "web:2")
    there.apply(entry(definition()))
    there.engine.registry["api:1"] = NEW
    there.engine.asked.clear()
    controller = Controller(there.loops[SHOP], None)  # type: ignore[arg-type]
    asked = {"definition": definition(web="web:2")}
    controller.update(asked, "ben", check=True)
    assert controller.update(asked, "ben", check=False).revision == "shop.r2"
    there.settle(10)
    assert there.engine.asked == ["web:2", "web:2"]
    assert (image(there, "shop_web"), image(there, "shop_back_api")) == (f"web:2@{OLD}", f"api:1@{OLD}")


def test_an_update_of_a_child_over_rest_finds_what_its_parent_recorded(tmp_path: Path) -> None:
    there = house(tmp_path, "web:1", "api:1", "api:2")
    there.apply(entry(definition()))
    there.engine.asked.clear()
    child = {"name": "back", "services": {"api": service(image="api:2"), "more": service(image="api:1")}}
    Controller(there.loops[BACK], None).update({"definition": child}, "ben", check=False)  # type: ignore[arg-type]
    there.settle(10)
    assert there.engine.asked == ["api:2"]
    assert image(there, "shop_back_api") == f"api:2@{OLD}"
    assert image(there, "shop_back_more") == f"api:1@{OLD}"
