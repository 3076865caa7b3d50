"""The key of a living tree is rotated, and tokens of the key before work for the overlap."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.swarm import Swarm, eventually
from tests.system.small import cleaned, service, write

PORT = 8104


def test_a_living_tree_gets_another_key_and_tokens_of_the_one_before_work_on(
    swarm: Swarm, tmp_path: Path
) -> None:
    """Without a port of its own there would be nothing to interrupt; with one it has to be allowed."""
    inner = {"name": "dial", "services": {"bolt": service()}}
    child = {"type": "stack", "definition": inner, "interface": {"/dial": {"path": "/"}}}
    file = write(tmp_path, "lock", {"door": service(), "dial": child}, PORT)

    def status(token: str, mount: str = "") -> int:
        return int(swarm.http("GET", f"{mount}/_admin/status", port=PORT, token=token).status_code)

    def token() -> str:
        return swarm.cli("token", "lock", "--role", "admin", code=0).out.strip()

    with cleaned(swarm, "lock"):
        swarm.cli("apply", file, code=0)
        old = token()
        plan = swarm.cli("plan", file, "--rotate-key", code=2)
        assert "generation 2 of the keys" in plan.out
        assert "interrupts published ports" in plan.out
        before = swarm.dump()
        assert "--allow-interruption" in swarm.cli("apply", file, "--rotate-key", code=4).err
        assert swarm.dump() == before, "what was refused has written nothing"
        assert status(old) == status(old, "/dial") == 200

        end, wrong = threading.Event(), []
        asking = threading.Thread(target=ask, args=(swarm, old, end, wrong))
        asking.start()
        swarm.cli("apply", file, "--rotate-key", "--overlap", "1h", "--allow-interruption", code=0)
        end.set()
        asking.join()
        assert wrong == [], "a token was refused while keys were rotated"
        new = token()
        assert new != old
        for each in (old, new):
            eventually(lambda each=each: status(each) == status(each, "/dial") == 200, 30, "both are good")
        keys = [name for name in swarm.objects("secret") if name.startswith("lock") and "key" in name]
        assert len(keys) == 5, keys
        assert all(name.endswith(".2") for name in keys), keys
        swarm.cli("plan", file, code=0)


def ask(swarm: Swarm, token: str, end: threading.Event, wrong: list[str]) -> None:
    """Whoever is asked meanwhile is there or away for a moment; nobody says that the token is no good."""
    while not end.wait(0.5):
        try:
            answer = swarm.http("GET", "/dial/_admin/status", port=PORT, token=token, timeout=5)
        except OSError:
            continue
        if answer.status_code in (401, 403):
            wrong.append(answer.text)
