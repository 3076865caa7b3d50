"""Planted secret values reach the container that asked for them, and nothing else that anybody can read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.swarm import Swarm
from tests.system.looking import everything_said, forms
from tests.system.small import PORT, cleaned, service, write
from tests.system.trees import Deployed, Tree

PLANTED = "correct-horse-battery-staple-29"
CHANGED = "incorrect-mule-battery-staple-30"
IN_FILE = "tr0ub4dor-and-three-more-words"


def tree(file: Path) -> Tree:
    return Tree(
        str(file), "vault", PORT, {"vault": ("door",)}, "", "", {"/": 200}, "", "", {}, ("vault_door",), ""
    )


def test_values_from_the_environment_and_from_files_are_found_nowhere(swarm: Swarm, tmp_path: Path) -> None:
    """And a changed value rolls its user, while an equal one writes nothing."""
    (tmp_path / "combination").write_text(IN_FILE)
    sources = {"planted": {"from": {"env": "VAULT_SECRET"}}, "filed": {"from": {"file": "combination"}}}
    file = write(tmp_path, "vault", {"door": service(secrets=list(sources))}, secrets=sources)
    there = replace(swarm, extra={"VAULT_SECRET": PLANTED})
    with cleaned(swarm, "vault"):
        said = {"first apply": str(there.cli("apply", file, "-v", code=0))}
        inside, before = there.inside("vault_door"), there.dump()
        assert inside.file("/run/secrets/planted").content_string == PLANTED
        assert inside.file("/run/secrets/filed").content_string == IN_FILE
        said |= everything_said(Deployed(there, tree(file), {}))
        assert there.dump() == before
        there.cli("render", file, "-o", tmp_path / "out", code=0)
        said |= {str(each): each.read_text() for each in (tmp_path / "out").rglob("*") if each.is_file()}
        swarm.cli("apply", file, code=0, VAULT_SECRET=CHANGED)
        assert swarm.inside("vault_door").file("/run/secrets/planted").content_string == CHANGED
    values = forms(PLANTED.encode()) | forms(IN_FILE.encode())
    assert not [where for where, text in said.items() if any(value in text for value in values)]


def test_a_secret_without_its_source_is_a_named_problem_and_nothing_is_made(
    swarm: Swarm, tmp_path: Path
) -> None:
    sources = {"planted": {"from": {"env": "VAULT_SECRET"}}}
    file = write(tmp_path, "vault", {"door": service(secrets=["planted"])}, secrets=sources)
    before = swarm.dump()
    assert "VAULT_SECRET" in swarm.cli("apply", file, code=3).err
    assert swarm.dump() == before
