"""A config is edited, a secret changes: their users restart and nobody else, and what is old goes in time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ailtire_deploy.plan.removing import YOUNG
from tests.household import Household, entry, plain
from tests.proof import Proof


def tree(text: str) -> dict[str, Any]:
    """One user of a config, one of a secret, one of neither, and the same below."""
    page = {"source": "page", "target": "/page"}
    services = {"reader": plain(configs=[page]), "keeper": plain(secrets=["word"]), "other": plain()}
    things = {"configs": {"page": {"content": text}}, "secrets": {"word": {"from": {"env": "WORD"}}}}
    kid = {"name": "kid", "services": {"other": plain()}}
    children = {"kid": {"type": "stack", "definition": kid}}
    return {"name": "shop", "services": {**services, **children}, **things}


def restarted(house: Household, do: Callable[[], object]) -> set[str]:
    """Services of which tasks were started meanwhile."""
    before = dict(house.engine.started)
    do()
    house.settle(5)
    return {name for name, count in house.engine.started.items() if count != before.get(name, 0)}


def versions(house: Household, kind: str, begins: str) -> list[str]:
    return [each for each in house.names(kind) if each.startswith(begins)]


def test_only_users_of_an_edited_config_restart_and_the_old_one_is_collected(
    tmp_path: Path, prove_report: Proof
) -> None:
    house = Household(tmp_path)
    house.apply(entry(tree("one")))
    first = versions(house, "config", "shop_page-")
    for text in ("two", "three"):
        assert restarted(house, lambda t=text: house.apply(entry(tree(t)))) == {"shop_reader"}
    assert len(versions(house, "config", "shop_page-")) == 3, "somebody may still need the young"
    house.time += YOUNG + 1
    house.settle(5)
    kept = versions(house, "config", "shop_page-")
    assert len(kept) == 2, "what runs, and what the engine would roll back to"
    assert not {*first} & {*kept}
    prove_report(6, 2, 2, "config edited: its user alone restarted, the old one was collected; on the model")


def test_only_users_of_a_changed_secret_restart_and_the_old_one_is_collected(
    tmp_path: Path, prove_report: Proof
) -> None:
    house = Household(tmp_path)
    house.apply(entry(tree("one")))
    first = versions(house, "secret", "shop_word-")

    def change(value: str) -> None:
        house.values["shop/word"] = value
        assert house.apply(entry(tree("one"))).verdict == "converged"

    for value in ("second", "third"):
        assert restarted(house, lambda v=value: change(v)) == {"shop_keeper"}
    assert len(versions(house, "secret", "shop_word-")) == 3, "a revision that one may go back to needs it"
    for number in range(12):
        house.apply(entry(tree(f"text {number}")))
    house.time += YOUNG + 1
    house.settle(5)
    house.apply(entry(tree("the last")))
    kept = versions(house, "secret", "shop_word-")
    assert not {*first} & {*kept}
    prove_report(6, 2, 2, "secret changed: its user alone restarted, the old one was collected; on the model")
