"""Planted secret values reach the container that asked for them, and nothing else that anybody can read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.proof import Proof
from tests.swarm import Swarm, eventually
from tests.system.looking import everything_said, forms, secrets_of
from tests.system.small import PORT, cleaned, service, write
from tests.system.trees import Deployed, Tree

TABLE = "control"
PLANTED = "correct-horse-battery-staple-29"
CHANGED = "incorrect-mule-battery-staple-30"
IN_FILE = "tr0ub4dor-and-three-more-words"


def tree(file: Path) -> Tree:
    return Tree(
        str(file), "vault", PORT, {"vault": ("door",)}, "", "", {"/": 200}, "", "", {}, ("vault_door",), ""
    )


def test_values_from_the_environment_and_from_files_are_found_nowhere(
    swarm: Swarm, tmp_path: Path, prove_report: Proof
) -> None:
    """Nor are those that were made, nor the keys; and a changed value rolls its user, while an equal one
    writes nothing.
    """
    (tmp_path / "combination").write_text(IN_FILE)
    sources = {
        "planted": {"from": {"env": "VAULT_SECRET"}},
        "filed": {"from": {"file": "combination"}},
        "made": {"from": {"generate": {"length": 24}}},
    }
    file = write(tmp_path, "vault", {"door": service(secrets=list(sources))}, secrets=sources)
    there = replace(swarm, extra={"VAULT_SECRET": PLANTED})
    with cleaned(swarm, "vault"):
        said = {"first apply": str(there.cli("apply", file, "-v", code=0))}
        inside, before = there.inside("vault_door"), there.dump()
        assert inside.file("/run/secrets/planted").content_string == PLANTED
        assert inside.file("/run/secrets/filed").content_string == IN_FILE
        held = {
            value
            for each in ("door", "gateway", "edge", "admin")
            for value in secrets_of(there, f"vault_{each}")
        }
        die(there, "vault_admin")
        said |= everything_said(Deployed(there, tree(file), {}))
        assert there.dump() == before
        there.cli("render", file, "-o", tmp_path / "out", code=0)
        said |= {str(each): each.read_text() for each in (tmp_path / "out").rglob("*") if each.is_file()}
        swarm.cli("apply", file, code=0, VAULT_SECRET=CHANGED)
        assert swarm.inside("vault_door").file("/run/secrets/planted").content_string == CHANGED
    assert {PLANTED.encode(), IN_FILE.encode()} < held
    assert len(held) >= 7, "three values, three keys, and the seed"
    values = {form for each in held for form in forms(each)}
    found = [where for where, text in said.items() if any(value in text for value in values)]
    what = f"places where none of {len(held)} secret values stands, as text, in hex or in base64"
    prove_report(9, len(said) - len(found), len(said), what, TABLE)
    assert found == []


def die(swarm: Swarm, service: str) -> None:
    """Let a controller end in the middle of whatever it does; what it has written stays to be read."""
    (old,) = swarm.containers(f"{service}.").values()
    swarm.docker("kill", old)
    eventually(lambda: len(swarm.containers(f"{service}.")) > 1 and swarm.tasks(service), 60, "another one")
    eventually(lambda: swarm.http("GET", "/_admin/health", port=PORT).status_code == 200, 60, "an answer")


def test_a_secret_without_its_source_is_a_named_problem_and_nothing_is_made(
    swarm: Swarm, tmp_path: Path
) -> None:
    sources = {"planted": {"from": {"env": "VAULT_SECRET"}}}
    file = write(tmp_path, "vault", {"door": service(secrets=["planted"])}, secrets=sources)
    before = swarm.dump()
    assert "VAULT_SECRET" in swarm.cli("apply", file, code=3).err
    assert swarm.dump() == before
